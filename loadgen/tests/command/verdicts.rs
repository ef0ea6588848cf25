//! The verdict of a run against target-server: its word, and when it decides the exit code.
//!
//! A run that says itself that this machine was the limit, or that it cannot tell, does not count; it is repeated, and
//! the log says so.

use crate::invocation::{Ended, Invocation};
use run_record::self_check::CheckStatus;
use run_record::verdict::{Confidence, Reason, Verdict, Word};
use target_server::{Config, Server};

const TIMES: usize = 5;

/// Five connections for long enough to see six releases of everything that is asked for here.
fn run(server: &Server, query: &str, options: &[&str]) -> Ended {
    let url = format!(
        "http://{}/prices?interval=50ms&{query}",
        server.local_addr().unwrap()
    );
    let invocation = Invocation::of(url);
    let options = [&["-c", "5", "--for", "4s"], options].concat();
    for _ in 1..TIMES {
        let ended = invocation.run(&options);
        if !is_refused(&ended) {
            return ended;
        }
        let found = verdict(&ended);
        eprintln!(
            "this machine was too busy, once more: {:?} {}",
            found.reason, found.gloss
        );
    }
    invocation.run(&options)
}

/// Whether it refuses to tell because of this machine: by its word, by arrivals that fit no rule, or because no word came
/// of a run whose self-check warns. Too few events are the server's, whatever the machine.
fn is_refused(ended: &Ended) -> bool {
    let found = verdict(ended);
    let record = ended.record.as_ref().expect("it has a verdict");
    match (found.word, found.reason) {
        (Word::Invalid, _) | (_, Some(Reason::Irregular)) => true,
        (_, Some(Reason::FewEvents)) => false,
        (word, _) => word == Word::Inconclusive && record.self_check.status() != CheckStatus::Ok,
    }
}

fn verdict(ended: &Ended) -> &Verdict {
    let record = ended.record.as_ref().expect("the record is written");
    record.verdict.as_ref().expect("a run has a verdict")
}

#[test]
fn the_page_opens_with_the_word() {
    let server = Server::start(Config::default()).unwrap();
    let ended = run(&server, "", &[]);
    let record = ended.assert_judged(0, &["as expected"]);
    assert_eq!(record.plan.expect.as_deref(), None, "nothing was demanded");
    assert_eq!(verdict(&ended).word, Word::Live, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("LIVE   5 connections"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_stream_that_is_held_is_the_servers_unless_that_was_demanded() {
    let server = Server::start(Config::default()).unwrap();
    let ended = run(&server, "mode=lag-one", &[]);
    assert_eq!(verdict(&ended).word, Word::Batched, "{}", ended.stdout);
    ended.assert_judged(1, &["BATCHED, expected LIVE"]);
    let ended = run(&server, "mode=lag-one", &["--expect", "batched"]);
    ended.assert_judged(0, &["as expected"]);
    let ended = run(&server, "", &["--expect", "buffered"]);
    ended.assert_judged(1, &["LIVE, expected BUFFERED"]);
}

/// Arrivals alone are no proof of a word that was not demanded.
#[test]
fn what_is_not_proven_is_not_the_servers_fault() {
    let server = Server::start(Config::default()).unwrap();
    let ended = run(&server, "", &["--sent-at", "none", "--expect", "buffered"]);
    let found = verdict(&ended);
    let expected = (Word::Live, Confidence::Medium);
    assert_eq!((found.word, found.confidence), expected, "{}", ended.stdout);
    ended.assert_judged(4, &["consistent with LIVE, not proven; expected BUFFERED"]);
}

#[test]
fn too_few_events_are_no_word() {
    let server = Server::start(Config::default()).unwrap();
    let ended = run(&server, "count=2", &["--no-reconnect"]);
    assert_eq!(verdict(&ended).word, Word::Inconclusive, "{}", ended.stdout);
    ended.assert_judged(0, &["as expected"]);
    let ended = run(&server, "count=2", &["--no-reconnect", "--expect", "any"]);
    ended.assert_judged(4, &[]);
}
