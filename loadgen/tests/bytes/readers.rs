//! One function for each reader of bytes from outside: it must return, and what it finds must not depend on how the bytes come.
//! Shared with the fuzz targets; it must not know where its bytes come from.

use clap::Parser as _;
use loadgen::cli::{Cli, Command};
use loadgen::coding::ContentDecoder;
use loadgen::request::{Asked, HeaderLine, Table, Users};
use loadgen::session::framing::{Framing, Piece};
use loadgen::session::head::{self, Parsed};
use loadgen::setups::Description;
use run_record::record::RunRecord;

/// What a body decodes to may be this much larger than its bytes, and no more (`coding`'s own bound, with room for its floor).
const MOST_EXPANSION: usize = 2_000;
const EXPANSION_FLOOR: usize = 16 * 1024 * 1024;

/// Chunked, with a length and until the close: payload never exceeds input, and is the same byte by byte.
pub(crate) fn framing(bytes: &[u8]) {
    let length = bytes.first().copied().map_or(0, u64::from);
    for framing in [
        Framing::chunked(),
        Framing::length(length),
        Framing::until_close(),
    ] {
        let whole = payload(framing.clone(), [bytes]);
        assert!(whole.0.len() <= bytes.len());
        assert_eq!(whole, payload(framing, bytes.chunks(1)));
    }
}

/// The payload, and how it went on: the end, an error, or nothing more to read.
fn payload<'b>(
    mut framing: Framing,
    reads: impl IntoIterator<Item = &'b [u8]>,
) -> (Vec<u8>, Option<String>) {
    let mut data = Vec::new();
    // The last read is empty: a body may be over without a byte.
    for mut input in reads.into_iter().chain([&[][..]]) {
        loop {
            match framing.next(&mut input) {
                Ok(Some(Piece::Data(piece))) => data.extend_from_slice(piece),
                Ok(Some(Piece::ChunkEnd { .. })) => {}
                Ok(Some(Piece::End)) => return (data, Some("end".to_owned())),
                Ok(None) => break,
                // What was found is quoted, and more of it is at hand when more of it has come.
                Err(_) => return (data, Some("error".to_owned())),
            }
        }
    }
    (data, None)
}

/// A head, its framing and its media type; a longer input never makes an incomplete head of a complete one.
pub(crate) fn head(bytes: &[u8]) {
    let Ok(Parsed::Complete(head, used)) = head::parse(bytes) else {
        return;
    };
    assert!(used <= bytes.len());
    // Whatever they say, they must say it.
    let _ = (head.framing(), head.media_type(), head.field("retry-after"));
    assert_eq!(
        head::parse(&bytes[..used]),
        Ok(Parsed::Complete(head, used))
    );
}

/// The first byte names the codings; the rest is the body. Output is bounded by input.
pub(crate) fn coding(bytes: &[u8]) {
    const HEADERS: [&str; 6] = ["gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip"];
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let header = HEADERS[usize::from(*first) % HEADERS.len()];
    let decoder = ContentDecoder::for_header(header).expect("all of them are known");
    let mut decoder = decoder.expect("none of them is identity");
    let mut plain = 0;
    for piece in body.chunks(64) {
        if decoder
            .decode(piece, &mut |out| plain += out.len())
            .is_err()
        {
            return;
        }
        assert!(plain <= EXPANSION_FLOOR * 64 + body.len() * MOST_EXPANSION);
    }
    let _ = decoder.finish();
}

/// A record that can be read can be written, shown on a page and merged with itself.
pub(crate) fn record(bytes: &[u8]) {
    let Ok(mut record) = RunRecord::read(bytes) else {
        return;
    };
    let written = record.write().expect("what was read can be written");
    RunRecord::read(&written).expect("what was written can be read");
    let page = reports::html::page(&record);
    assert!(!page.is_empty());
    let copy = record.clone();
    record.merge(&copy);
}

/// `setup.toml`, with what is expected of the setup.
pub(crate) fn setup(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Whatever it says, it must say it.
        let _ = toml::from_str::<Description>(text);
    }
}

/// The words behind `loadgen check curl`, one a line.
pub(crate) fn curl(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    // An @ names a file to read.
    if text.contains('@') {
        return;
    }
    let words = ["loadgen", "check", "curl"].into_iter().chain(text.lines());
    if let Ok(Cli {
        command: Command::Check(check),
        ..
    }) = Cli::try_parse_from(words)
    {
        let _ = check.draft(&|_| None);
    }
}

/// A table, a path, a header and a body, with NUL between them: no value changes the shape of a request.
pub(crate) fn users(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == 0);
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (table, path, header, body) = (text(), text(), text(), text());
    let Ok(table) = Table::read(table.as_bytes(), "users.csv") else {
        return;
    };
    let url = url::Url::parse(&format!("http://h/{path}"));
    let (Ok(url), Ok(line)) = (url, HeaderLine::parse(&format!("X: {header}"), &|_| None)) else {
        return;
    };
    let asked = Asked {
        headers: vec![line],
        body: Some(body.into()),
        ..Asked::default()
    };
    let Ok(users) = Users::new(asked, &url, table) else {
        return;
    };
    for user in 0..users.count().min(8) as u32 {
        let (request, host) = users.request(user);
        let is_part = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        assert!(request.path.bytes().all(is_part), "{:?}", request.path);
        let breaks = |c: char| c.is_ascii_control() && c != '\t';
        assert!(
            request
                .headers
                .iter()
                .all(|(_, value)| !value.contains(breaks))
        );
        assert_eq!(host, "h");
    }
}
