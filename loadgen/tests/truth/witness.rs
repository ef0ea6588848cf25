//! Both sides of a run: what loadgen says of each event, and what the server really did with it.

use crate::support::{plan, run_with, target, truth};
use loadgen::engine::{Instrument, Outcome};
use loadgen::session::recorder::Class;
use std::collections::HashMap;
use target_server::{Server, StreamTruth};

/// One event that both sides know, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Witnessed {
    pub(crate) due: u64,
    pub(crate) written: u64,
    /// The latest instant at which it can have arrived; the only one, if it is exact.
    pub(crate) arrival: u64,
    pub(crate) class: Class,
    pub(crate) read: u64,
}

/// A run and all its events.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    pub(crate) events: Vec<Witnessed>,
}

/// Runs until each of `connections` streams has ended, on a server of its own.
pub(crate) fn run(path: &str, connections: u32, instrument: Instrument) -> Run {
    let server = target();
    let plan = plan(server.local_addr().expect("it listens"), path, connections);
    let hold = std::time::Duration::from_secs(120);
    let plan = loadgen::plan::Plan {
        load: loadgen::plan::Load { hold, ..plan.load },
        ..plan
    };
    let tapped = Instrument {
        tap: true,
        ..instrument
    };
    let outcome = run_with(plan, tapped);
    let events = witnessed(&outcome, &server);
    Run { outcome, events }
}

/// Joins what was received with what was written, by the request id of the stream and the number of the event.
fn witnessed(outcome: &Outcome, server: &Server) -> Vec<Witnessed> {
    let truth: StreamTruth = truth(server, "t1");
    let due: HashMap<u64, u64> = truth
        .events
        .iter()
        .map(|event| (event.seq, event.due))
        .collect();
    let mut written = HashMap::new();
    let mut sent = 0;
    for subscriber in &truth.subscribers {
        sent += subscriber.events;
        for (seq, _, at) in subscriber.writes.as_ref().expect("no write is forgotten") {
            written.insert((subscriber.id, *seq), *at);
        }
    }
    let ids: HashMap<(u32, u32), u64> = outcome
        .tapped
        .streams
        .iter()
        .map(|(subscriber, stream, id)| {
            let number = id.rsplit('-').next().and_then(|id| id.parse().ok());
            (
                (*subscriber, *stream),
                number.expect("target-server numbers its requests"),
            )
        })
        .collect();
    assert_eq!(outcome.tapped.events.len() as u64, sent, "received, sent");
    let join = |event: &loadgen::session::recorder::Tapped| {
        let seq = event.seq.expect("each event has a number");
        Witnessed {
            due: due[&seq],
            written: written[&(ids[&(event.subscriber, event.stream)], seq)],
            arrival: event.arrival.latest.0,
            class: event.class,
            read: event.read.0,
        }
    };
    outcome.tapped.events.iter().map(join).collect()
}

/// The value below which a share `q` of the values lies, by nearest rank.
pub(crate) fn quantile(values: impl Iterator<Item = u64>, q: f64) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    let rank = (values.len() as f64 * q).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}
