//! What target-server itself says of its times: on a busy machine a server may be late too, and then it is true to say so.

use loadgen::check::Outcome;
use std::collections::HashMap;
use std::net::SocketAddr;
use target_server::{StreamTruth, SubscriberTruth};

/// A server that runs when it should writes an event this soon after it was let go, in nanoseconds.
const PROMPT: u64 = 5_000_000;
/// Fewer events in one read are chance.
const BACKLOG: usize = 4;
/// Of a head that is not ahead of the first event by more than this, it is true that they came together.
const TOGETHER: u64 = 2_000_000;

/// A server that was away for as long did not send what it was to send, in nanoseconds.
const AWAY: u64 = 20_000_000;

/// Whether the server wrote down that it was away while it served one of these streams.
pub(crate) fn was_away(outcome: &Outcome, address: SocketAddr) -> bool {
    let is_late = |truth: &StreamTruth, one: &SubscriberTruth| is_any_later(truth, one, AWAY);
    any_stream(outcome, address, is_late)
}

/// Whether a finding about lateness is what the server itself wrote down of a stream of this check.
pub(crate) fn confirms(code: &str, outcome: &Outcome, address: SocketAddr) -> bool {
    match code {
        "stall.once" => any_stream(outcome, address, was_put_aside),
        "head.late" => any_stream(outcome, address, began_with_an_event),
        _ => false,
    }
}

/// Whether it is so of one subscriber of the streams of this check.
fn any_stream(
    outcome: &Outcome,
    address: SocketAddr,
    is_so: impl Fn(&StreamTruth, &SubscriberTruth) -> bool,
) -> bool {
    let probes = outcome.observations.probes.iter();
    let mut streams: Vec<&str> = probes
        .filter_map(|probe| probe.head.as_ref()?.header("x-stream"))
        .collect();
    streams.sort_unstable();
    streams.dedup();
    streams.iter().any(|stream| {
        let truth = read(address, stream);
        truth.subscribers.iter().any(|one| is_so(&truth, one))
    })
}

/// An event was written late, apart from what a mode held; or so many at once, as a random source has it, that one
/// who does not know send times tells of a backlog.
fn was_put_aside(truth: &StreamTruth, subscriber: &SubscriberTruth) -> bool {
    let writes = subscriber.writes.as_deref().expect("no write is forgotten");
    let is_backlog = |some: &[(u64, u64, u64)]| some[BACKLOG - 1].2 - some[0].2 <= PROMPT;
    is_any_later(truth, subscriber, PROMPT) || writes.windows(BACKLOG).any(is_backlog)
}

/// Whether an event was written later than this, apart from what a mode held.
fn is_any_later(truth: &StreamTruth, subscriber: &SubscriberTruth, than: u64) -> bool {
    let events = truth.events.iter();
    let emission: HashMap<u64, u64> = events
        .map(|event| (event.seq, event.emitted - event.due))
        .collect();
    let writes = subscriber.writes.as_deref().expect("no write is forgotten");
    let mut writes = writes.iter();
    writes.any(|(seq, released, written)| emission[seq] + (written - released) > than)
}

fn began_with_an_event(_: &StreamTruth, subscriber: &SubscriberTruth) -> bool {
    let first = subscriber.writes.iter().flatten().next();
    first.is_some_and(|(_, _, written)| written - subscriber.opened <= TOGETHER)
}

fn read(address: SocketAddr, stream: &str) -> StreamTruth {
    let answer = reqwest::blocking::get(format!("http://{address}/truth/{stream}"));
    let answer = answer.unwrap().error_for_status().unwrap();
    let truth: StreamTruth = serde_json::from_slice(&answer.bytes().unwrap()).unwrap();
    assert_eq!(truth.evicted, 0, "the truth log must be whole");
    truth
}
