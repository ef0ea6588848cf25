//! What the server really did, beside what loadgen says of it.

use crate::gate::{Found, us};
use crate::load::Ended;
use crate::support::truth;
use run_record::metric::Metric;
use run_record::time::{Interval, Nanos};
use std::collections::HashMap;
use target_server::{Server, StreamTruth};

const MS: u64 = 1_000_000;
/// Stamps are this exact (measuring 1.1), and a trace keeps whole microseconds.
const TOLERANCE: Nanos = Nanos(101_000);

/// What the server wrote.
pub(crate) struct Truth(StreamTruth);

/// The events of the traced streams, by how well what loadgen says of each agrees with the truth.
#[derive(Debug, Default)]
pub(crate) struct Traced {
    pub(crate) events: usize,
    /// Known only within an interval.
    pub(crate) bounded: usize,
    /// Written after the latest or, by more than the time that a write takes to arrive, before the earliest instant.
    pub(crate) beside: usize,
}

impl Truth {
    /// Of the only stream that the server has served.
    pub(crate) fn of(server: &Server) -> Truth {
        Truth(truth(server, "t1"))
    }

    /// Events written to all subscribers together.
    pub(crate) fn written(&self) -> u64 {
        let subscribers = self.0.subscribers.iter();
        subscribers.map(|subscriber| subscriber.events).sum()
    }

    /// Without what can not be told of a generator that did not run in `window`: of all that was written to a subscriber
    /// meanwhile only the last has a stamp of its own. Returns how many writes that leaves out.
    pub(crate) fn leave_out(&mut self, window: Interval) -> u64 {
        let is_within = |at: u64| window.earliest.0 <= at && at <= window.latest.0;
        let mut left_out = 0;
        for subscriber in &mut self.0.subscribers {
            let writes = subscriber.writes.as_mut().expect("no write is forgotten");
            let last = writes.iter().rposition(|(_, _, at)| is_within(*at));
            let mut index = 0;
            writes.retain(|(_, _, at)| {
                index += 1;
                !is_within(*at) || Some(index - 1) == last
            });
            left_out += subscriber.events - writes.len() as u64;
        }
        left_out
    }

    /// How far the delivery that loadgen tells lies from the truth, against criterion 1.
    pub(crate) fn delivery(&self, what: &str, ended: &Ended, q: f64) -> Found {
        let total = ended.record.total();
        let told = total.histograms.get(Metric::Delivery);
        let told = told.expect("each event is due at a time");
        let told = told.value_at_quantile(q);
        let really = self.delivered(q);
        let most = if q < 0.9 {
            (MS / 5).max(really / 200)
        } else {
            MS.max(really / 100)
        };
        let apart = told.abs_diff(really);
        let mut found = Found::at_most(what, apart, most);
        found.measured = format!("{} ({}, really {})", us(apart), us(told), us(really));
        found
    }

    /// The traced events against the log, one by one.
    pub(crate) fn traced(&self, ended: &Ended) -> Traced {
        let mut written = HashMap::new();
        for subscriber in &self.0.subscribers {
            for (seq, _, at) in subscriber.writes.as_ref().expect("no write is forgotten") {
                written.insert((subscriber.id, *seq), *at);
            }
        }
        let mut traced = Traced::default();
        for trace in ended.record.measured.traces.iter() {
            let id = trace.request_id.as_deref();
            let id = id.and_then(|id| id.rsplit('-').next()?.parse::<u64>().ok());
            let id = id.expect("target-server numbers its requests");
            for event in &trace.events {
                let seq = event.sequence.expect("each event has a number");
                let at = run_record::time::Wall(written[&(id, seq)]);
                let arrival = event.arrival();
                let is_exact = arrival.is_exact();
                // A write on a busy machine may be on its way for milliseconds; what was coalesced is wrong by a spacing.
                let slack = if is_exact { Nanos(20 * MS) } else { TOLERANCE };
                traced.events += 1;
                traced.bounded += usize::from(!is_exact);
                let too_late = at > arrival.latest + TOLERANCE;
                let too_early = at + slack < arrival.earliest;
                traced.beside += usize::from(too_late || too_early);
            }
        }
        traced
    }

    /// The time from due to written at a quantile, by nearest rank, in nanoseconds.
    pub(crate) fn delivered(&self, q: f64) -> u64 {
        let due: HashMap<u64, u64> = self
            .0
            .events
            .iter()
            .map(|event| (event.seq, event.due))
            .collect();
        let mut all: Vec<u64> = Vec::new();
        for subscriber in &self.0.subscribers {
            let writes = subscriber.writes.as_ref().expect("no write is forgotten");
            all.extend(writes.iter().map(|(seq, _, at)| at - due[seq]));
        }
        all.sort_unstable();
        let rank = (all.len() as f64 * q).ceil() as usize;
        all[rank.clamp(1, all.len()) - 1]
    }
}
