//! The floor: one unhurried stream, watched by the prober of `check`. What its events take is what this machine adds.

use super::Address;
use super::target::{Script, Target};
use crate::plan::{Format, SequenceSource, StampSource};
use crate::probe::witness::Spec;
use crate::probe::{Order, Prober};
use run_record::histograms::Histograms;
use run_record::metric::Metric;
use run_record::selftest::{Floor, Tally, Times};
use run_record::time::Nanos;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use verdict::observations::{self, Probe, ServerClock};

/// Three seconds; more events than a p99 needs, and far enough apart that none waits for another.
const SCRIPT: Script = Script {
    interval: Duration::from_micros(2_500),
    events: 1_200,
};
/// The stream is over long before; one that is not is given up, so that a machine in trouble gets its answer.
const LIMIT: Nanos = Nanos::from_secs(10);

/// What was seen.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) floor: Floor,
    /// How far the wall clock stepped meanwhile.
    pub(super) clock_step: Nanos,
}

/// Watches one stream to its end; `None` when interrupted.
///
/// Errors: this machine refuses a descriptor or a thread, or a connection to itself.
pub(super) fn measure(interrupt: &AtomicBool) -> io::Result<Option<Watched>> {
    let target = Target::start(SCRIPT)?;
    let address = Address::of(target.address());
    let spec = Spec {
        format: Format::Sse,
        stamps: StampSource::Auto,
        sequence: SequenceSource::Auto,
        due_every: None,
        server_clock: ServerClock::Within(Nanos::ZERO),
    };
    let mut prober = Prober::new(address.target, address.url, spec)?;
    let number = prober.start(Order {
        request: address.request,
        noted: observations::Request::default(),
    });
    let end = prober.now().mono + LIMIT;
    while !prober.witness(number).is_over() && prober.now().mono < end {
        if interrupt.load(Ordering::Relaxed) {
            return Ok(None);
        }
        prober.turn()?;
    }
    let clock_step = prober.own().clock_step.unwrap_or_default();
    let sent = target.stop()?.sent;
    let probes = prober.into_probes();
    let probe = probes
        .first()
        .ok_or_else(|| io::Error::other("the prober has forgotten its request"))?;
    if let Some(why) = &probe.failure {
        return Err(io::Error::other(format!("no stream from itself: {why}")));
    }
    let floor = figures(probe, sent);
    Ok(Some(Watched { floor, clock_step }))
}

/// What the notes of one stream say. The kernel's stamp is that of the last byte of a read, so that only the last
/// event of each read has an arrival of its own.
fn figures(probe: &Probe, sent: u64) -> Floor {
    let mut times = Histograms::default();
    for read in &probe.reads {
        times.record(Metric::IntervalWidth, read.arrival.width());
    }
    let mut numbers: Vec<u64> = probe.events.iter().filter_map(|event| event.seq).collect();
    numbers.sort_unstable();
    let repeated = numbers.windows(2).filter(|pair| pair[0] == pair[1]).count();
    for (index, event) in probe.events.iter().enumerate() {
        let is_last = probe
            .events
            .get(index + 1)
            .is_none_or(|next| next.read != event.read);
        if let (true, Some(emitted)) = (is_last, event.emitted) {
            let arrival = probe.reads[event.read].arrival.latest;
            times.record(Metric::Transit, arrival - emitted);
        }
    }
    Floor {
        events: Tally {
            sent,
            received: probe.events.len() as u64,
            duplicated: repeated as u64,
        },
        reads: probe.reads.len() as u64,
        reads_stamped: probe.reads.iter().filter(|read| read.stamped).count() as u64,
        transit: Times::of(&times, Metric::Transit),
        interval_width: Times::of(&times, Metric::IntervalWidth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::time::{Interval, Wall};
    use verdict::observations::{Event, Read};

    fn read(earliest: u64, latest: u64, stamped: bool) -> Read {
        Read {
            arrival: Interval::new(Wall(earliest), Wall(latest)),
            stamped,
            read: Wall(latest + 1),
            body_bytes: 10,
        }
    }

    fn event(read: usize, seq: u64, emitted: u64) -> Event {
        Event {
            read,
            bytes: 10,
            end_offset: 0,
            seq: Some(seq),
            due: None,
            emitted: Some(Wall(emitted)),
            named: false,
            digest: None,
        }
    }

    #[test]
    fn an_event_that_shares_a_read_has_no_arrival_of_its_own() {
        let probe = Probe {
            reads: vec![read(900, 1_000, true), read(1_400, 2_000, false)],
            events: vec![event(0, 1, 990), event(1, 2, 1_500), event(1, 3, 1_970)],
            ..Probe::default()
        };
        let floor = figures(&probe, 3);
        let transit = floor.transit.unwrap();
        assert_eq!((transit.count, transit.max_us), (2, Nanos(30)));
        let width = floor.interval_width.unwrap();
        assert_eq!((width.count, width.max_us), (2, Nanos(600)));
        assert_eq!((floor.reads, floor.reads_stamped), (2, 1));
        assert_eq!(floor.events.miscounted(), 0);
    }

    #[test]
    fn an_event_that_came_twice_is_told() {
        let probe = Probe {
            reads: vec![read(900, 1_000, true)],
            events: vec![event(0, 1, 990), event(0, 2, 991), event(0, 1, 992)],
            ..Probe::default()
        };
        let events = figures(&probe, 2).events;
        assert_eq!((events.received, events.duplicated), (3, 1));
        assert_eq!(events.miscounted(), 1);
    }

    #[test]
    fn an_interrupt_ends_it() {
        assert!(measure(&AtomicBool::new(true)).unwrap().is_none());
    }
}
