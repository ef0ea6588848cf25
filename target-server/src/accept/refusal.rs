//! The answer to a request for a stream that is not served.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Transfer;
use crate::request::BadRequest;

/// A request that is not served: status, the fields that belong to it, and the text for a person.
pub(super) struct Refusal {
    status: &'static str,
    fields: &'static str,
    text: String,
}

impl Refusal {
    /// A refusal without fields of its own.
    pub(super) fn new(status: &'static str, text: impl ToString) -> Self {
        Self {
            status,
            fields: "",
            text: text.to_string(),
        }
    }
}

impl From<BadRequest> for Refusal {
    fn from(error: BadRequest) -> Self {
        Self::new("400 Bad Request", error)
    }
}

/// The method is not one of those allowed.
pub(super) fn method_not_allowed(path: &str, allowed: &str) -> Refusal {
    let fields = if allowed == "POST" {
        "Allow: POST\r\n"
    } else {
        "Allow: GET, HEAD\r\n"
    };
    Refusal {
        status: "405 Method Not Allowed",
        fields,
        text: format!("{path} takes {allowed}"),
    }
}

/// A mode is asked for where others could reach it.
pub(super) fn misbehaviour_refused() -> Refusal {
    let text = "mode is refused: this address can be reached from other machines. \
                Listen on loopback, or start the server with --allow-misbehave";
    Refusal::new("403 Forbidden", text)
}

/// How long a refused client may go on sending before the connection is closed under it.
const LINGER: Duration = Duration::from_secs(1);
/// How much it may send in that time.
const MOST_UNREAD: u64 = 1 << 20;

/// Says no, and stays until the client has heard it: closing over unread input would reset the connection.
pub(super) async fn refuse(
    mut stream: impl Transfer,
    refusal: Refusal,
    head_only: bool,
) -> io::Result<()> {
    let Refusal {
        status,
        fields,
        mut text,
    } = refusal;
    text.push('\n');
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: target-server\r\nContent-Type: text/plain; charset=utf-8\r\n{fields}\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let answer = if head_only { head } else { head + &text };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let rest = &mut stream.take(MOST_UNREAD);
    let drained = timeout(LINGER, tokio::io::copy(rest, &mut tokio::io::sink())).await;
    drained.map_or(Ok(()), |outcome| outcome.map(drop))
}
