//! Nothing comes at all: the server's own log tells a hold from a source without events, where it can be read.

use crate::scripted::{STREAM, Scripted, events, hold, stream};
use crate::support::{all_at_once, brief, briefly, check, foreign, plan, target_server};
use loadgen::check::Purpose;
use run_record::verdict::{HoldBy, Reason, Word};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use verdict::plan::Why;

#[test]
fn an_endless_hold_is_known_by_the_log_of_its_server() {
    let (_server, address) = target_server();
    all_at_once(&[false, true], |is_foreign| {
        let plan = plan(address, "/prices?interval=50ms&mode=hold-all");
        let outcome = check(&briefly(if *is_foreign { foreign(plan) } else { plan }));
        let verdict = &outcome.verdict;
        let is_by_end = verdict
            .hold
            .as_ref()
            .is_some_and(|hold| hold.by == HoldBy::End);
        let is_right = verdict.word == Word::Buffered && is_by_end;
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
}

#[test]
fn silence_without_a_log_accuses_nobody() {
    let mute = Scripted::start(|_, client| hold(client));
    let outcome = check(&briefly(plan(mute.address(), "/")));
    let verdict = &outcome.verdict;
    let told = (verdict.word, verdict.reason);
    let is_right = told == (Word::Inconclusive, Some(Reason::Silence));
    assert!(is_right, "{}", brief(&outcome));
}

#[test]
fn a_source_that_has_nothing_to_say_is_asked_for_something() {
    let (_server, address) = target_server();
    // Of a source without an event the log says nothing of a hold; of one at 200 a second it does.
    let outcome = check(&briefly(plan(address, "/prices?interval=1h&mode=hold-all")));
    assert_eq!(outcome.verdict.word, Word::Buffered, "{}", brief(&outcome));
    assert!(
        outcome
            .purposes
            .contains(&Purpose::Question(Why::MoreBytes))
    );
}

#[test]
fn a_log_that_never_ends_is_none() {
    let server = Scripted::start(|asked, client| match asked.path() {
        "/" => hold(client),
        _ => stream(client, 1, Duration::from_millis(20)),
    });
    let outcome = check(&briefly(plan(server.address(), "/")));
    assert_eq!(
        outcome.verdict.word,
        Word::Inconclusive,
        "{}",
        brief(&outcome)
    );
    assert!(server.asked().iter().any(|asked| asked.path() == "/truth"));
}

#[test]
fn a_compressor_that_holds_the_head_too_is_known_by_its_control() {
    let server = Scripted::start(|asked, client| match asked.header("Accept-Encoding") {
        Some(_) => hold(client),
        None => {
            let marks = "Vary: Accept-Encoding\r\nX-Powered-By: Express\r\n\r\n";
            client.write_all(STREAM.replacen("\r\n\r\n", "\r\n", 1).as_bytes())?;
            client.write_all(marks.as_bytes())?;
            events(client, 1, Duration::from_millis(20))
        }
    });
    let outcome = check(&briefly(plan(server.address(), "/")));
    let verdict = &outcome.verdict;
    assert_eq!(verdict.word, Word::Buffered, "{}", brief(&outcome));
    // Who holds has signed the control: the held response has no head yet.
    let cause = verdict.causes.first().map(|cause| cause.code.as_str());
    assert_eq!(cause, Some("express.compression"), "{}", brief(&outcome));
    assert!(
        outcome
            .purposes
            .contains(&Purpose::Question(Why::WithoutCompression))
    );
    assert_eq!(server.most_at_once(), 1);
}

/// A proxy that hands on what it reads of `/prices` in blocks of this size only, and all else as it comes.
fn proxy(origin: SocketAddr, block: usize) -> Scripted {
    Scripted::start(move |asked, client| {
        let mut upstream = TcpStream::connect(origin)?;
        upstream.write_all(asked.head.as_bytes())?;
        let block = if asked.path().starts_with("/prices") {
            block
        } else {
            1
        };
        let (mut held, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            match upstream.read(&mut piece)? {
                0 => return client.write_all(&held),
                bytes => held.extend_from_slice(&piece[..bytes]),
            }
            let full = held.len() - held.len() % block;
            client.write_all(&held[..full])?;
            held.drain(..full);
        }
    })
}

#[test]
fn what_a_proxy_holds_head_and_all_is_asked_for_more_and_its_origin_for_the_log() {
    // At a fifth of a kilobyte a second the first block would take more than a minute.
    all_at_once(&[Some(16_384), None], |block| {
        // Of its own: a proxy's streams are told from others by being the only ones.
        let (_server, address) = target_server();
        let proxy = proxy(address, block.unwrap_or(usize::MAX));
        let outcome = check(&briefly(plan(proxy.address(), "/prices?interval=500ms")));
        let verdict = &outcome.verdict;
        let hold = verdict.hold.as_ref();
        let is_right = match block {
            Some(block) => {
                let is_it = |bytes: u64| bytes.abs_diff(*block as u64) <= *block as u64 / 20;
                verdict.word == Word::Batched && hold.and_then(|hold| hold.bytes).is_some_and(is_it)
            }
            None => verdict.word == Word::Buffered,
        };
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
}
