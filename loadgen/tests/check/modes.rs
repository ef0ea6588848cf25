//! The modes of target-server over real sockets, as a cooperating and as a foreign observer sees them.
//! What must be found stands in target-server's table of modes.

use crate::support::{all_at_once, brief, check, check_that_counts, codes, plan, target_server};
use crate::table::{Truth, assert_found, both, short, sized};
use loadgen::check::Purpose;
use run_record::verdict::{HoldBy, Reason, Word};
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use verdict::plan::Why;

fn live() -> Truth {
    Truth::is(Word::Live)
}

#[test]
fn live_streams_are_live() {
    let paces = [
        short(5),
        short(10),
        short(50),
        short(200),
        sized(10, 4096),
        sized(50, 1024),
        sized(200, 4096),
    ];
    assert_found(&both(&paces, "", &live(), &live()));
}

#[test]
fn compression_that_is_flushed_is_live() {
    let paces = [short(10), sized(100, 1024)];
    assert_found(&both(&paces, "&mode=gzip", &live(), &live()));
}

#[test]
fn blocks_are_found_with_their_size() {
    let by_size = |bytes| Truth::held(Word::Batched, HoldBy::Size).of(bytes);
    let paces = [
        short(5),
        sized(10, 200),
        sized(50, 300),
        short(200),
        sized(100, 1024),
    ];
    let truth = by_size(4096.0);
    let mut cases = both(&paces, "&mode=hold-size:4096", &truth, &truth);
    let truth = by_size(1000.0);
    cases.extend(both(
        &[sized(50, 300)],
        "&mode=hold-size:1000",
        &truth,
        &truth,
    ));
    let truth = by_size(16_384.0);
    cases.extend(both(
        &[sized(100, 1024)],
        "&mode=hold-size:16384",
        &truth,
        &truth,
    ));
    assert_found(&cases);
}

#[test]
fn timers_are_found_with_their_time() {
    let by_time = |ms| Truth::held(Word::Batched, HoldBy::Time).of(ms);
    let truth = by_time(200.0);
    let paces = [short(10), sized(20, 300), sized(50, 1024), short(200)];
    let mut cases = both(&paces, "&mode=hold-time:200ms", &truth, &truth);
    let truth = by_time(1_000.0);
    cases.extend(both(
        &[short(5), sized(50, 300)],
        "&mode=hold-time:1s",
        &truth,
        &truth,
    ));
    // Shorter than the gap, it shifts all events alike; at the rate of the larger events it is longer than that.
    let at_one_rate_only = Truth::one_of(&[Word::Live, Word::Batched]);
    cases.extend(both(
        &[short(10)],
        "&mode=hold-time:50ms",
        &by_time(50.0),
        &at_one_rate_only,
    ));
    assert_found(&cases);
}

#[test]
fn a_cork_is_a_timer_of_the_kernel() {
    let timer = Truth::held(Word::Batched, HoldBy::Time).of(200.0);
    let timer = timer.may("hold.segment");
    let paces = [short(10), short(20)];
    let mut cases = both(&paces, "&mode=cork", &timer, &timer);
    // Linux also lets go of a segment that has no room for another fragment (MAX_SKB_FRAGS, 17), which is what
    // each write becomes while the server's thread writes to other sockets in between. The check asks for up to
    // three times the rate: 28 events in 200 ms, of which 17 to 20 then come together.
    let either = timer.clone().or(HoldBy::SizeOrTime);
    cases.extend(both(&[sized(50, 200)], "&mode=cork", &either, &either));
    assert_found(&cases);
}

#[test]
fn one_behind_is_found_where_send_times_are_known() {
    let behind = Truth::held(Word::Batched, HoldBy::Event);
    let paces = [short(5), sized(10, 1024), short(50)];
    assert_found(&both(&paces, "&mode=lag-one", &behind, &live()));
}

#[test]
fn what_is_held_to_the_end_is_buffered() {
    let held = Truth::held(Word::Buffered, HoldBy::End).may("hold.size-unknown");
    let mut cases = Vec::new();
    for mode in ["hold-all", "content-length"] {
        for (pace, count) in [(short(5), 15), (sized(20, 1024), 60), (short(100), 300)] {
            let extra = format!("&count={count}&mode={mode}");
            cases.extend(both(&[pace], &extra, &held, &held));
        }
    }
    assert_found(&cases);
}

#[test]
fn a_compressor_that_is_not_flushed_holds() {
    // Its first block is some 16 KiB of compressed text: with padding of one letter it never fills.
    let held = Truth::one_of(&[Word::Buffered, Word::Batched]);
    let paces = [short(20), sized(100, 1024)];
    assert_found(&both(&paces, "&mode=gzip-unflushed", &held, &held));
}

#[test]
fn late_beginnings_are_findings() {
    let late_head = live().with("head.late");
    let paces = [short(5), short(10), sized(20, 4096)];
    let mut cases = both(&paces, "&mode=late-head", &late_head, &late_head);
    let first = Truth::held(Word::Batched, HoldBy::First)
        .of(500.0)
        .with("first.late");
    let backlog = live().may("backlog.on-connect");
    let paces = [short(20), short(50)];
    cases.extend(both(&paces, "&mode=late-first:500ms", &first, &backlog));
    assert_found(&cases);
}

#[test]
fn a_pause_is_a_finding() {
    let paces = [short(20), short(100)];
    let stalled = live().with("stall.once");
    assert_found(&both(
        &paces,
        "&mode=stall:1s@10",
        &stalled,
        &live().may("stall.once"),
    ));
}

#[test]
fn a_cut_is_found_with_its_limit() {
    let total = Truth::is(Word::Cut).with("cut.total");
    let mut cases = both(&[short(10)], "&mode=cut-after:1s", &total, &total);
    // Before thirty events: a check that has seen them says LIVE, and that it did not watch for longer.
    cases.extend(both(&[short(50)], "&mode=cut-after:400ms", &total, &total));
    // Without an event before the end nobody can tell which limit it was.
    let either = Truth::is(Word::Cut).may("cut.idle").may("cut.truncated");
    cases.extend(both(&[short(1)], "&mode=cut-idle:400ms", &either, &either));
    let broken = Truth::is(Word::Cut).with("cut.truncated");
    let paces = [sized(20, 300), short(200)];
    cases.extend(both(&paces, "&mode=truncate:3000", &broken, &broken));
    assert_found(&cases);
}

#[test]
fn a_limit_of_silence_is_found_where_the_source_falls_silent() {
    let (_server, address) = target_server();
    let done = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        // So many messages, then a silence beyond the limit; never the same number twice in a row.
        scope.spawn(|| {
            for round in [4, 9, 5, 8, 6].into_iter().cycle() {
                // Whoever comes hears something before the limit.
                while !publish(address, "prices") && !done.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(100));
                }
                for _ in 0..round {
                    publish(address, "prices");
                    std::thread::sleep(Duration::from_millis(100));
                }
                std::thread::sleep(Duration::from_millis(700));
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let outcome = check(&plan(address, "/subscribe/prices?mode=cut-idle:500ms"));
        done.store(true, Ordering::Relaxed);
        outcome
    });
    let verdict = &outcome.verdict;
    assert_eq!(verdict.word, Word::Cut, "{}", brief(&outcome));
    assert!(codes(verdict).contains(&"cut.idle"), "{}", brief(&outcome));
}

/// Whether anybody heard it.
fn publish(address: SocketAddr, topic: &str) -> bool {
    let mut server = TcpStream::connect(address).unwrap();
    let head = format!("POST /publish/{topic} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    let request = format!("{head}Content-Length: 2\r\n\r\nup");
    server.write_all(request.as_bytes()).unwrap();
    let answer = std::io::read_to_string(server).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    !answer.contains("\"subscribers\":0")
}

#[test]
fn what_is_no_stream_is_none() {
    let none = Truth::is(Word::NoStream);
    let mut cases = Vec::new();
    for mode in ["wrong-type", "status:204", "status:404", "status:503"] {
        cases.extend(both(&[short(10)], &format!("&mode={mode}"), &none, &none));
    }
    assert_found(&cases);
}

#[test]
fn a_stream_without_events_accuses_nobody() {
    let empty = Truth::undecided(Reason::Empty).may("end.clean");
    let mut cases = both(&[short(10)], "&mode=empty", &empty, &empty);
    let silent = Truth::undecided(Reason::Silence);
    cases.extend(both(&[short(10)], "&mode=comments-only", &silent, &silent));
    assert_found(&cases);
}

#[test]
fn numbers_that_do_not_follow_each_other_are_findings() {
    let mut cases = Vec::new();
    for (mode, code) in [
        ("lose:5", "loss.silent"),
        ("duplicate:5", "order.duplicate"),
        ("reorder:5", "order.reordered"),
    ] {
        let seen = live().with(code);
        let extra = format!("&mode={mode}");
        cases.extend(both(&[short(20), sized(100, 1024)], &extra, &seen, &live()));
    }
    assert_found(&cases);
}

#[test]
fn a_clean_end_is_no_cut() {
    // Once it was asked for more at another rate, that response is shown: it did not end.
    let ended = live().may("end.clean");
    let mut cases = both(&[short(5)], "&count=7", &ended, &ended);
    cases.extend(both(&[short(20)], "&count=40", &ended, &ended));
    // Seven events within 350 ms are too few by the deciding table.
    let few = Truth::one_of(&[Word::Live, Word::Inconclusive]).may("end.clean");
    cases.extend(both(&[sized(20, 1024)], "&count=7", &few, &few));
    assert_found(&cases);
}

#[test]
fn a_full_segment_goes_at_once_from_a_corked_socket_and_not_from_a_timer() {
    let (_server, address) = target_server();
    all_at_once(
        &[("cork", true), ("hold-time:200ms", false)],
        |(mode, is_cork)| {
            let plan = plan(address, &format!("/prices?interval=100ms&mode={mode}"));
            let outcome = check_that_counts(&plan);
            let asked = Purpose::Question(Why::SmallSegments);
            let is_told = codes(&outcome.verdict).contains(&"hold.segment");
            let is_right = outcome.purposes.contains(&asked) && is_told == *is_cork;
            is_right
                .then_some(())
                .ok_or_else(|| format!("{mode}: {}", brief(&outcome)))
        },
    );
}
