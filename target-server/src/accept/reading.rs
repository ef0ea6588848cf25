//! Reads a request: its head, bounded in size, and its body, where there is one to read. The caller bounds the time.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::Transfer;
use super::refusal::Refusal;
use crate::request::head::{MAX_HEAD, RequestHead};

/// The most bytes of a body.
const MAX_BODY: usize = 1 << 20;

/// Why there is no head or no body.
pub(super) enum ReadError {
    /// The client is gone.
    Io(io::Error),
    /// The client is to be told.
    Refused(Refusal),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads until the head is complete; `input` then holds it and what came with it.
pub(super) async fn read_head(
    stream: &mut impl Transfer,
    input: &mut BytesMut,
) -> Result<RequestHead, ReadError> {
    let mut is_first = true;
    loop {
        // What came behind an earlier request on the connection may hold the next one.
        if (input.is_empty() || !is_first) && stream.read_buf(input).await? == 0 {
            return Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        is_first = false;
        match RequestHead::parse(input) {
            Ok(Some(head)) => return Ok(head),
            Ok(None) if input.len() <= MAX_HEAD => {}
            Ok(None) => {
                let text = format!("the request's head is larger than {MAX_HEAD} bytes");
                return Err(ReadError::Refused(Refusal::new(
                    "431 Request Header Fields Too Large",
                    text,
                )));
            }
            Err(error) => return Err(ReadError::Refused(Refusal::new("400 Bad Request", error))),
        }
    }
}

/// Reads the body that the head announces.
pub(super) async fn read_body(
    stream: &mut impl Transfer,
    head: &RequestHead,
    mut body: BytesMut,
) -> Result<BytesMut, ReadError> {
    if head.header("transfer-encoding").is_some() {
        let text = "send the body with Content-Length, not in chunks";
        return Err(ReadError::Refused(Refusal::new(
            "411 Length Required",
            text,
        )));
    }
    let length = match head.header("content-length").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(length)) if length <= MAX_BODY => length,
        Some(_) => {
            let text = format!("Content-Length must be a number up to {MAX_BODY}");
            return Err(ReadError::Refused(Refusal::new(
                "413 Content Too Large",
                text,
            )));
        }
    };
    if body.len() < length && head.header("expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
    body.truncate(length);
    Ok(body)
}
