//! Takes in what a stream says, while its bytes are still in the read buffer.
//!
//! Pure; it must not keep bytes, and it allocates nothing.

use super::Spec;
use super::cadence::Cadence;
use super::end::End;
use super::payload::{self, Facts};
use super::reading::Reading;
use super::sequence::{Order, Sequence};
use super::units::{Unit, Units};
use crate::coding::ContentDecoder;
use crate::plan::SequenceSource;
use crate::session::recorder::{Event, Recorder, StreamOf};

/// The parts of a session that an event touches, during one read.
pub(super) struct Listener<'a> {
    pub(super) of: StreamOf<'a>,
    pub(super) sequence: &'a mut Sequence,
    pub(super) instance: &'a mut Option<u32>,
    pub(super) cadence: Option<&'a mut Cadence>,
    pub(super) reading: &'a mut Reading,
    pub(super) spec: &'a Spec,
    pub(super) recorder: &'a mut Recorder,
}

impl Listener<'_> {
    /// Decodes one piece of a body, through its content coding if it has one.
    #[inline]
    pub(super) fn decode(
        &mut self,
        data: &[u8],
        coding: Option<&mut ContentDecoder>,
        units: &mut Units,
    ) -> Result<(), End> {
        self.recorder.counters().bytes.body += data.len() as u64;
        let Some(coding) = coding else {
            return units
                .decode(data, |unit| self.hear(unit))
                .map_err(End::Decoder);
        };
        let mut failed = None;
        let decoded = coding.decode(data, &mut |plain| {
            self.recorder.counters().bytes.decoded += plain.len() as u64;
            if failed.is_none() {
                failed = units.decode(plain, |unit| self.hear(unit)).err();
            }
        });
        match (decoded, failed) {
            (_, Some(error)) => Err(End::Decoder(error)),
            (Err(error), None) => Err(End::Coding(error.to_string())),
            (Ok(()), None) => Ok(()),
        }
    }

    #[inline]
    fn hear(&mut self, unit: Unit<'_>) {
        self.reading.outlived = !matches!(unit, Unit::Event { .. });
        match unit {
            Unit::Event { data, id } => self.event(data, id),
            Unit::Comment => self.recorder.comment(self.reading.latest(), &self.of),
            Unit::Retry => self.recorder.counters().fields.retries += 1,
        }
    }

    fn event(&mut self, data: &[u8], id: &[u8]) {
        let mut facts = payload::facts(data, id, &self.spec.stamps, &self.spec.sequence);
        let had_time = facts.has_time();
        facts = facts.on_our_clock(self.reading.server_clock);
        let events = &mut self.recorder.counters().events;
        events.received += 1;
        events.without_clock += u64::from(had_time && !facts.has_time());
        let duplicate = facts.seq.is_some_and(|seq| self.number(seq, &facts));
        if facts.due.is_none()
            && let Some(cadence) = &mut self.cadence
        {
            facts.due = Some(cadence.due(self.reading.latest()));
        }
        let event = Event {
            facts,
            data_bytes: data.len(),
            id_bytes: id.len(),
            arrival: Default::default(),
            class: self.reading.class(false),
            stamp: self.reading.stamp(),
            read: self.reading.read(),
            duplicate,
        };
        self.reading.events += 1;
        if let Some(mut before) = self.reading.pending.replace(event) {
            // Another event came with the same read: the stamp bounds this one and does not give its instant.
            before.class = self.reading.class(false);
            before.arrival = self.reading.interval(before.class);
            let badness = self.recorder.event(&before, &self.of);
            self.of.worst = self.of.worst.max(badness);
            self.of.events += 1;
        }
        self.recorder.hear(id);
    }

    /// Counts what the number of an event says; whether it is a second copy.
    fn number(&mut self, seq: u64, facts: &Facts) -> bool {
        if facts.instance != *self.instance {
            // Another process answers now, and counts for itself.
            if self.instance.is_some() {
                let lost = self.sequence.restart();
                self.recorder.lost(lost, &self.of);
            }
            *self.instance = facts.instance;
        }
        if facts.trusted && self.spec.sequence != SequenceSource::None {
            self.sequence.trust();
        }
        let order = self.sequence.observe(seq);
        let events = &mut self.recorder.counters().events;
        match order {
            Order::Unproven | Order::InOrder | Order::Skipped { .. } => {}
            Order::Late => events.reordered += 1,
            Order::Duplicate => events.duplicated += 1,
            Order::Missed { events: missed } => events.missed_between_streams += missed,
            Order::Replayed => events.duplicated += 1,
        }
        events.sequenced += u64::from(self.sequence.is_trusted());
        matches!(order, Order::Duplicate | Order::Replayed)
    }
}
