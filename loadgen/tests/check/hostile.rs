//! Servers that break every rule: one clear word each, in bounded time and memory.

use crate::invocation::Invocation;
use crate::scripted::{STREAM, Scripted, chunk, hold};
use crate::support::{Gate, all_at_once, brief, check, plan, target_server};
use crate::transports::{secured, tls_server};
use flate2::Compression;
use flate2::write::GzEncoder;
use loadgen::plan::CheckPlan;
use run_record::verdict::Word;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// A quarter of a megabyte at a time.
const PIECE: usize = 256 * 1024;
/// What a check may hold in KiB, whatever it is sent.
const MOST_KIB: u64 = 200 * 1024;

fn endless(client: &mut TcpStream, piece: &[u8]) -> io::Result<()> {
    loop {
        client.write_all(piece)?;
    }
}

/// One word for each, and none of them `INVALID` or a panic.
fn assert_words(cases: &[(&str, CheckPlan, &[Word])]) {
    all_at_once(cases, |(name, plan, words)| {
        let outcome = check(plan);
        let word = outcome.verdict.word;
        let is_right = words.contains(&word);
        is_right
            .then_some(())
            .ok_or_else(|| format!("{name}: {}", brief(&outcome)))
    });
}

#[test]
fn a_head_that_is_none_is_no_stream() {
    let none: &[Word] = &[Word::NoStream];
    let of = |server: &Scripted| plan(server.address(), "/");
    let endless_head = Scripted::start(|_, client| {
        client.write_all(b"HTTP/1.1 200 OK\r\n")?;
        endless(client, "X-Filler: y\r\n".repeat(1_000).as_bytes())
    });
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(1 << 20));
    let long_head = Scripted::says(long);
    let garbage = Scripted::says("SSH-2.0-OpenSSH_9.2\r\nHTTP/9.9 x y z\r\n\r\n");
    let closing = Scripted::says("");
    let both = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 5\r\n\
                Content-Length: 6\r\n\r\ndata:";
    let two_lengths = Scripted::says(both);
    assert_words(&[
        ("endless head", of(&endless_head), none),
        ("head of a megabyte", of(&long_head), none),
        ("another protocol", of(&garbage), none),
        ("closed at once", of(&closing), none),
        ("two lengths", of(&two_lengths), none),
        ("nobody listens", plan(nobody(), "/"), none),
    ]);
}

/// Where nobody listens.
fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn plain_text_and_tls_do_not_understand_each_other() {
    let (_plain, plainly) = target_server();
    let (_tls, securely) = tls_server();
    let none: &[Word] = &[Word::NoStream];
    assert_words(&[
        (
            "TLS to a plain port",
            secured(plan(plainly, "/prices")),
            none,
        ),
        ("plain text to TLS", plan(securely, "/prices"), none),
    ]);
}

#[test]
fn a_body_that_breaks_its_framing_is_cut() {
    let cut: &[Word] = &[Word::Cut];
    let of = |server: &Scripted| plan(server.address(), "/");
    let no_size = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        chunk(client, "data: 1\n\n")?;
        client.write_all(b"zz top\r\ndata: 2\n\n\r\n")?;
        hold(client)
    });
    let huge_size = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        chunk(client, "data: 1\n\n")?;
        client.write_all(b"fffffffffffffffffff\r\ndata: 2\n\n")?;
        hold(client)
    });
    let endless_size = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        chunk(client, "data: 1\n\n")?;
        endless(client, "0".repeat(PIECE).as_bytes())
    });
    let no_gzip = Scripted::start(|_, client| {
        let coded = STREAM.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");
        client.write_all(coded.as_bytes())?;
        chunk(client, "data: this is not gzip\n\n")?;
        hold(client)
    });
    assert_words(&[
        ("no chunk size", of(&no_size), cut),
        ("a chunk of more than there is", of(&huge_size), cut),
        ("a chunk size without end", of(&endless_size), cut),
        ("a coding that is another", of(&no_gzip), cut),
    ]);
}

/// 64 MiB of one letter, as a few KiB.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let letters = vec![b'x'; 1 << 20];
    encoder.write_all(b"data: ").unwrap();
    for _ in 0..64 {
        encoder.write_all(&letters).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn memory_is_bounded() {
    let line = Scripted::start(|_, client| {
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: ")?;
        let piece = "x".repeat(PIECE);
        for _ in 0..400 {
            client.write_all(piece.as_bytes())?;
        }
        hold(client)
    });
    let flood = Scripted::start(|_, client| {
        client.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
        )?;
        endless(client, "data: x\n\n".repeat(PIECE / 9).as_bytes())
    });
    let bomb = bomb();
    let gzip = Scripted::start(move |_, client| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n";
        client.write_all(head.as_bytes())?;
        // Gzip members may follow each other.
        endless(client, &bomb)
    });
    let servers = [
        ("one line", &line),
        ("a flood of events", &flood),
        ("a gzip bomb", &gzip),
    ];
    all_at_once(&servers, |(name, server)| {
        let _turn = Gate::beside_others();
        let running = Invocation::of(format!("http://{}/", server.address())).start();
        let (document, kib) = running.document_and_memory();
        println!("{name}: {kib} KiB, {}", document.text());
        let is_right = kib > 0 && kib < MOST_KIB && document.verdict() != "invalid";
        is_right
            .then_some(())
            .ok_or_else(|| format!("{name}: {kib} KiB, {}", document.text()))
    });
}
