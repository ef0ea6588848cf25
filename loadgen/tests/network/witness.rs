//! One run that is watched from three sides: loadgen's record, target-server's truth log, and a packet capture.

use crate::capture::{Capture, Captured};
use crate::stream::Sighting;
use crate::support::{run_with, total, truth};
use loadgen::engine::{Instrument, Outcome};
use loadgen::plan::Plan;
use loadgen::session::recorder::Class;
use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::time::Interval;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use target_server::{Server, StreamTruth};

/// What [`Interval`]s may miss at their lower edge, and a stamp may differ by, in nanoseconds (measuring 1.1).
pub(crate) const TOLERANCE: u64 = 100_000;

/// One event, as all three tell it; times are nanoseconds of the one wall clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) client: SocketAddr,
    pub(crate) seq: u64,
    pub(crate) emitted: u64,
    pub(crate) written: u64,
    pub(crate) captured: Sighting,
    pub(crate) arrival: Interval,
    pub(crate) class: Class,
    pub(crate) read: u64,
}

impl Event {
    /// How far the capture lies outside of what loadgen said.
    pub(crate) fn outside(&self) -> u64 {
        let early = self.arrival.earliest.0.saturating_sub(self.captured.at);
        early.max(self.captured.at.saturating_sub(self.arrival.latest.0))
    }

    /// How far loadgen's latest edge is from the capture.
    pub(crate) fn apart(&self) -> u64 {
        self.arrival.latest.0.abs_diff(self.captured.at)
    }
}

/// A run with its witnesses.
pub(crate) struct Watched {
    /// The events that loadgen received, each with what the others say of it.
    pub(crate) events: Vec<Event>,
    /// How many events loadgen counted, the server wrote, and the capture saw.
    pub(crate) counts: [u64; 3],
    pub(crate) total: Group,
}

/// Runs the plan while `capture` goes on, then asks the server for the truth.
pub(crate) fn watch(plan: Plan, capture: Capture, log: impl FnOnce() -> StreamTruth) -> Watched {
    watch_slow(plan, Duration::ZERO, capture, log)
}

/// The same with an engine that wastes this much time on each read.
pub(crate) fn watch_slow(
    plan: Plan,
    work_per_read: Duration,
    capture: Capture,
    log: impl FnOnce() -> StreamTruth,
) -> Watched {
    let instrument = Instrument {
        tap: true,
        work_per_read,
        ..Instrument::default()
    };
    let outcome = run_with(plan, instrument);
    join(&outcome, &log(), &capture.end())
}

/// The log of the only stream of a server in the network namespace of this thread.
pub(crate) fn log_of(server: &Server) -> StreamTruth {
    truth(server, "t1")
}

/// Joins them by connection and event id.
fn join(outcome: &Outcome, truth: &StreamTruth, captured: &Captured) -> Watched {
    let emitted: HashMap<u64, u64> = truth.events.iter().map(|e| (e.seq, e.emitted)).collect();
    let mut written = HashMap::new();
    let mut sightings = HashMap::new();
    let mut clients = HashMap::new();
    for subscriber in &truth.subscribers {
        for (seq, _, at) in subscriber.writes.as_ref().unwrap() {
            written.insert((subscriber.id, *seq), *at);
        }
        let client: SocketAddr = subscriber.peer.parse().unwrap();
        clients.insert(subscriber.id, client);
        let stream = captured.streams.get(&client).expect("it was captured");
        for (seq, sighting) in stream.events() {
            sightings.insert((subscriber.id, seq), sighting);
        }
    }
    let streams = outcome.tapped.streams.iter();
    let ids: HashMap<(u32, u32), u64> = streams
        .map(|(subscriber, stream, request)| {
            let number = request.rsplit('-').next().unwrap();
            ((*subscriber, *stream), number.parse().unwrap())
        })
        .collect();
    let events = outcome.tapped.events.iter().map(|event| {
        let seq = event.seq.unwrap();
        let key = (ids[&(event.subscriber, event.stream)], seq);
        Event {
            client: clients[&key.0],
            seq,
            emitted: emitted[&seq],
            written: written[&key],
            captured: sightings[&key],
            arrival: event.arrival,
            class: event.class,
            read: event.read.0,
        }
    });
    let total = total(outcome);
    let sent = truth.subscribers.iter().map(|s| s.events).sum();
    Watched {
        events: events.collect(),
        counts: [total.counters.events.received, sent, sightings.len() as u64],
        total,
    }
}

impl Watched {
    /// The quiet gate (measuring 9): on a machine that is late itself the run says nothing.
    pub(crate) fn is_quiet(&self) -> Result<(), String> {
        const MOST: u64 = 5_000_000;
        let lag = self.total.histograms.get(Metric::TimerLag);
        match lag.map(|lag| lag.value_at_quantile(0.99)) {
            Some(lag) if lag < MOST => Ok(()),
            lag => Err(format!("not quiet: timer_lag.p99 {lag:?} ns")),
        }
    }

    /// All three saw the same events.
    pub(crate) fn assert_counts(&self, expected: u64) {
        assert_eq!(
            self.counts, [expected; 3],
            "received by loadgen, written by the server, captured"
        );
        assert_eq!(self.events.len() as u64, expected);
    }

    pub(crate) fn of_class(&self, class: Class) -> Vec<&Event> {
        let is = |event: &&Event| event.class == class;
        self.events.iter().filter(is).collect()
    }

    /// Share of events whose capture lies inside loadgen's interval, and the worst that does not by how much.
    pub(crate) fn inside(&self) -> (f64, u64) {
        let inside = self.events.iter().filter(|e| e.outside() <= TOLERANCE);
        let worst = self.events.iter().map(Event::outside).max();
        for e in self.events.iter().filter(|e| e.outside() > TOLERANCE) {
            println!(
                "OUT {e:?} cap-e {} k-cap {} u-cap {} cap-written {}",
                e.captured.at as i64 - e.arrival.earliest.0 as i64,
                e.arrival.latest.0 as i64 - e.captured.at as i64,
                e.read as i64 - e.captured.at as i64,
                e.captured.at - e.written
            );
        }
        let share = inside.count() as f64 / self.events.len() as f64;
        (share, worst.unwrap_or_default())
    }
}

/// The smallest of the values that at least this share of them does not exceed.
pub(crate) fn quantile(values: impl Iterator<Item = u64>, q: f64) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values[((values.len() as f64 * q).ceil() as usize).clamp(1, values.len()) - 1]
}
