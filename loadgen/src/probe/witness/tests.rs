//! Bytes and times by hand, and the observations that they must give.

use super::*;
use proptest::prelude::*;

const MS: u64 = 1_000_000;

fn spec(format: Format) -> Spec {
    Spec {
        format,
        stamps: StampSource::Auto,
        sequence: SequenceSource::Auto,
        due_every: None,
        server_clock: ServerClock::Within(Nanos::ZERO),
    }
}

/// The notes after reads of these bytes, one a millisecond, the first at 10 ms; the socket was empty 1 ms before each.
fn noted(format: Format, reads: &[&[u8]]) -> Witness {
    let mut witness = Witness::new(Request::default(), spec(format));
    witness.requested(Wall(5 * MS));
    for (index, bytes) in reads.iter().enumerate() {
        let at = Wall((10 + index as u64) * MS);
        let earliest = Wall(at.0 - MS);
        let reading = Reading::new(earliest, Some(at), Wall(at.0 + 1_000), true);
        witness.begin_read(&reading);
        witness.take(bytes);
    }
    witness
}

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn reads_chunks_and_events_are_written_down_with_their_times() {
    let witness = noted(
        Format::Auto,
        &[
            HEAD,
            b"9\r\ndata: a\n\n\r\n",
            b"4\r\n: x\n\r\n9\r\ndata: b\n\n\r\n0\r\n\r\n",
        ],
    );
    let probe = witness.probe();
    assert_eq!(probe.head.as_ref().unwrap().arrival.latest, Wall(10 * MS));
    assert_eq!(
        probe.reads.iter().map(|r| r.body_bytes).collect::<Vec<_>>(),
        [9, 13]
    );
    assert_eq!(
        probe.chunks.iter().map(|c| c.bytes).collect::<Vec<_>>(),
        [9, 4, 9]
    );
    let events: Vec<_> = probe
        .events
        .iter()
        .map(|e| (e.read, e.bytes, e.end_offset))
        .collect();
    assert_eq!(events, [(0, 9, 9), (1, 9, 22)]);
    assert_eq!(probe.comments.len(), 1);
    assert_eq!(probe.end.kind, EndKind::LastChunk);
    assert_eq!(
        probe.reads[1].arrival,
        Interval::new(Wall(11 * MS), Wall(12 * MS))
    );
    assert!(witness.is_over());
}

#[test]
fn the_end_is_named_by_the_framing() {
    let length = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n";
    let close = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let ended = |reads: &[&[u8]], error: Option<io::ErrorKind>| {
        let mut witness = noted(Format::Auto, reads);
        witness.closed(error.map(io::Error::from).as_ref(), Wall(99 * MS));
        witness.probe().end.kind
    };
    assert_eq!(ended(&[length, b"data: a\n\n"], None), EndKind::Length);
    assert_eq!(ended(&[length, b"data"], None), EndKind::Truncated);
    assert_eq!(ended(&[close, b"data: a\n\n"], None), EndKind::Close);
    assert_eq!(
        ended(&[HEAD, b"9\r\ndata: a\n\n\r\n"], None),
        EndKind::Truncated
    );
    assert_eq!(ended(&[HEAD, b"zz\r\n"], None), EndKind::BadFraming);
    assert_eq!(
        ended(&[HEAD], Some(io::ErrorKind::ConnectionReset)),
        EndKind::Reset
    );
}

#[test]
fn what_is_no_stream_is_not_read() {
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>";
    assert!(noted(Format::Auto, &[page]).is_over());
    assert!(noted(Format::Auto, &[page]).probe().reads.is_empty());
    assert!(!noted(Format::Lines, &[page]).is_over());
    let missing = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/event-stream\r\n\r\n";
    assert!(noted(Format::Sse, &[missing]).is_over());
    let mut silent = noted(Format::Auto, &[]);
    silent.closed(None, Wall(0));
    assert!(silent.probe().failure.is_some());
}

#[test]
fn lines_and_chunks_are_events_where_the_format_says_so() {
    let plain =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    let lines = noted(Format::Auto, &[plain, b"6\r\none\ntw\r\n", b"2\r\no\n\r\n"]);
    let ends: Vec<_> = lines.probe().events.iter().map(|e| e.end_offset).collect();
    assert_eq!(ends, [4, 8]);
    let chunks = noted(
        Format::Bytes,
        &[plain, b"6\r\none\ntw\r\n", b"2\r\no\n\r\n"],
    );
    let bytes: Vec<_> = chunks.probe().events.iter().map(|e| e.bytes).collect();
    assert_eq!(bytes, [6, 2]);
}

#[test]
fn events_that_are_announced_as_lines_are_read_as_events() {
    let plain = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    let witness = noted(
        Format::Auto,
        &[plain, b"id: 1\nda", b"ta: a\n\nid: 2\ndata: b\n\n"],
    );
    let probe = witness.probe();
    let ends: Vec<_> = probe.events.iter().map(|e| e.end_offset).collect();
    assert_eq!(ends, [15, 30]);
    assert_eq!(probe.request.format, observations::Format::Sse);
}

#[test]
fn target_servers_payload_makes_the_stream_cooperating() {
    let event = b"data: {\"seq\":7,\"due\":1,\"emitted\":2,\"instance\":3}\n\n";
    let close = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let witness = noted(Format::Auto, &[close, event]);
    let noted = witness.probe().events[0];
    assert_eq!(
        (noted.seq, noted.due, noted.emitted),
        (Some(7), Some(Wall(1)), Some(Wall(2)))
    );
    assert!(witness.is_own_server());
}

#[test]
fn a_flood_of_notes_ends_the_watch() {
    let chunks = b"1\r\n:\r\n".repeat(MAX_NOTES + 1);
    let witness = noted(Format::Auto, &[HEAD, &chunks, b"1\r\n:\r\n"]);
    assert!(witness.is_over());
    assert_eq!(witness.probe().chunks.len(), MAX_NOTES);
    assert_eq!(witness.probe().end.kind, EndKind::StillOpen);
}

#[test]
fn members_of_gzip_are_all_read_and_counted() {
    use std::io::Write as _;
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n";
    let member = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let (one, two) = (member("data: a\n\n"), member("data: b\n\n"));
    let witness = noted(Format::Auto, &[head, &one, &two]);
    let reads: Vec<_> = witness
        .probe()
        .events
        .iter()
        .map(|event| event.read)
        .collect();
    assert_eq!((reads, witness.probe().gzip_members), (vec![0, 1], 2));
}

proptest! {
    /// However the bytes are split over reads, the same events and chunks are seen.
    #[test]
    fn no_split_changes_what_is_seen(cut in prop::collection::vec(1usize..40, 0..20), seed in 0u8..3) {
        let mut body = HEAD.to_vec();
        for index in 0..8u8 {
            let event = format!("{}data: {}\n\n", if index % 3 == seed { ": c\n" } else { "" }, "x".repeat(index.into()));
            body.extend(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
        }
        body.extend(b"0\r\n\r\n");
        let mut pieces = Vec::new();
        let mut rest = &body[..];
        for at in cut {
            let (piece, after) = rest.split_at(at.min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        let whole = noted(Format::Auto, &[&body]);
        let split = noted(Format::Auto, &pieces);
        let seen = |witness: &Witness| {
            let probe = witness.probe();
            let events: Vec<_> = probe.events.iter().map(|e| (e.bytes, e.end_offset)).collect();
            let chunks: Vec<_> = probe.chunks.iter().map(|c| c.bytes).collect();
            (events, chunks, probe.comments.len(), probe.end.kind, probe.reads.iter().map(|r| r.body_bytes).sum::<u64>())
        };
        prop_assert_eq!(seen(&whole), seen(&split));
    }

    /// Nothing that a server sends stops this program.
    #[test]
    fn no_bytes_are_too_bad(bytes in prop::collection::vec(any::<u8>(), 0..300), with_head in any::<bool>()) {
        let head: &[u8] = if with_head { HEAD } else { b"" };
        let mut witness = noted(Format::Auto, &[head, &bytes]);
        witness.closed(None, Wall(0));
        prop_assert!(witness.is_over());
    }
}
