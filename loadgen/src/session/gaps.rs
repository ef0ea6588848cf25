//! The silences between the events of one stream: which of them are samples, and which are stalls.
//!
//! It must not know what the events say.

use super::reading::RESOLUTION;
use super::recorder::Recorder;
use run_record::time::{Interval, Nanos};

/// A silence counts as a stall from this many times the usual gap on.
const STALL_FACTOR: u64 = 3;
/// Gaps that a stream must have shown before one of them can be a stall.
const STALL_AFTER_GAPS: u32 = 8;
/// A long gap is a sample if it is known within this part of itself.
const GAP_PRECISION: u64 = 100;

/// The silences of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    /// When the latest event arrived.
    last: Option<Interval>,
    /// Running mean, stalls left out.
    usual: Nanos,
    count: u32,
    stalled: bool,
}

/// What an arrival has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The wait for the first event.
    Beginning,
    /// A silence that is known well: within the resolution, or a long one within a hundredth of itself.
    Gap(Nanos),
    /// A silence that is not.
    Something,
}

impl Gaps {
    /// Takes in the events of one read, which have no gap between them: when the first of them arrived, and the last.
    /// Books a stall; the gap is the caller's to book.
    pub(super) fn end(
        &mut self,
        first: Interval,
        last: Interval,
        recorder: &mut Recorder,
    ) -> Ended {
        let Some(before) = self.last.replace(last) else {
            return Ended::Beginning;
        };
        let gap = last.latest - before.latest;
        self.judge(gap, before, first, recorder);
        let uncertain = Nanos(before.width().0 + first.width().0);
        if uncertain <= RESOLUTION.max(Nanos(gap.0 / GAP_PRECISION)) {
            Ended::Gap(gap)
        } else {
            Ended::Something
        }
    }

    fn judge(&mut self, gap: Nanos, before: Interval, first: Interval, recorder: &mut Recorder) {
        let limit = Nanos(self.usual.0.saturating_mul(STALL_FACTOR));
        if self.count >= STALL_AFTER_GAPS && gap > limit {
            // What is certain of the silence: what can have been this machine's own is not the server's.
            let (silence, _) = first.since(before);
            if silence > limit {
                recorder.stall(silence, first.latest);
                recorder.counters().stalls.stalled_streams += u64::from(!self.stalled);
                self.stalled = true;
            }
            return;
        }
        self.count = self.count.saturating_add(1);
        recorder.counters().stalls.judged_streams += u64::from(self.count == STALL_AFTER_GAPS);
        let weight = u64::from(self.count.min(8));
        let sum = self
            .usual
            .0
            .saturating_mul(weight - 1)
            .saturating_add(gap.0);
        self.usual = Nanos(sum / weight);
    }
}
