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

/// Whether a finding about lateness is what the server itself wrote down of a stream of this check.
pub(crate) fn confirms(code: &str, outcome: &Outcome, address: SocketAddr) -> bool {
    let is_so: fn(&StreamTruth, &SubscriberTruth) -> bool = match code {
        "stall.once" => was_put_aside,
        "head.late" => began_with_an_event,
        _ => return false,
    };
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
    let events = truth.events.iter();
    let emission: HashMap<u64, u64> = events
        .map(|event| (event.seq, event.emitted - event.due))
        .collect();
    let writes = subscriber.writes.as_deref().expect("no write is forgotten");
    let is_late =
        |(seq, released, written): &(u64, u64, u64)| emission[seq] + (written - released) > PROMPT;
    let is_backlog = |some: &[(u64, u64, u64)]| some[BACKLOG - 1].2 - some[0].2 <= PROMPT;
    writes.iter().any(is_late) || writes.windows(BACKLOG).any(is_backlog)
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
