//! Nothing comes at all: the server's own log tells a hold from a source without events, where it can be read.

use crate::scripted::{Scripted, hold, stream};
use crate::support::{all_at_once, brief, briefly, check, foreign, plan, target_server};
use run_record::verdict::{HoldBy, Reason, Word};
use std::time::Duration;

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
    let (_server, address) = target_server();
    // The log of a source without an event says nothing of a hold.
    let idle = plan(address, "/prices?interval=1h&mode=hold-all");
    all_at_once(&[plan(mute.address(), "/"), idle], |plan| {
        let outcome = check(&briefly(plan.clone()));
        let verdict = &outcome.verdict;
        let is_right =
            verdict.word == Word::Inconclusive && verdict.reason == Some(Reason::Silence);
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
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
