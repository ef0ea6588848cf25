//! What happened when: slices of the run, aligned to the epoch.
//!
//! Slices are 1, 2, 4, ... seconds wide and begin at multiples of their width, so that the
//! slices of two shards always fit into each other. There are at most 600.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::octaves::Octaves;
use crate::time::{Interval, Nanos, Wall};
use crate::watched::Watched;

/// The most slices that are kept. A longer run gets wider slices.
pub const MAX_SLICES: usize = 600;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The widest slice is 2^33 s, wide enough to hold every time that a `Wall` can.
const WIDEST: u8 = 33;

/// What happened within one slice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Slice {
    /// Events that arrived.
    pub events: u64,
    /// Bytes that arrived from sockets.
    pub bytes: u64,
    /// Attempts to connect.
    pub attempted: u64,
    /// Attempts that became a stream.
    pub opened: u64,
    /// Streams that had their first event.
    pub streaming: u64,
    /// Streams that ended, whoever ended them.
    pub closed: u64,
    /// Attempts that did not become a stream.
    pub failed: u64,
    /// Attempts after the first one of their subscriber.
    pub reconnects: u64,
    /// Streams among `closed` that the other side ended.
    pub closed_by_server: u64,
    /// Streams among `closed` that never had an event.
    pub closed_without_event: u64,
    /// Attempts that were answered with a redirect.
    pub redirected: u64,
    /// Attempts that this tool gave up when the run ended.
    pub withdrawn: u64,
    /// Attempts among `reconnects` of subscribers whose stream the other side had ended.
    pub again_after_stream: u64,
    /// Attempts among `reconnects` of subscribers whose last attempt had failed.
    pub again_after_failure: u64,
    /// Stalls that ended here: silences longer than three times the usual gap.
    #[serde(skip_serializing_if = "is_zero")]
    pub stalls: u64,
    /// Time in which the generator itself did not run, added over its processes: the mark of a hiccup.
    #[serde(skip_serializing_if = "is_none")]
    pub stopped_us: Nanos,
    /// What the server's process used, where it was watched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Watched>,
    /// `delivery` of the events, where due times are known.
    #[serde(skip_serializing_if = "Octaves::is_empty")]
    pub delivery: Octaves,
    /// `gap` of the events, where due times are not known.
    #[serde(skip_serializing_if = "Octaves::is_empty")]
    pub gap: Octaves,
}

impl Slice {
    /// Add what happened in `other`.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            events,
            bytes,
            attempted,
            opened,
            streaming,
            closed,
            failed,
            reconnects,
            closed_by_server,
            closed_without_event,
            redirected,
            withdrawn,
            again_after_stream,
            again_after_failure,
            stalls,
            stopped_us,
            server,
            delivery,
            gap,
        } = self;
        for (count, more) in [
            (events, other.events),
            (bytes, other.bytes),
            (attempted, other.attempted),
            (opened, other.opened),
            (streaming, other.streaming),
            (closed, other.closed),
            (failed, other.failed),
            (reconnects, other.reconnects),
            (closed_by_server, other.closed_by_server),
            (closed_without_event, other.closed_without_event),
            (redirected, other.redirected),
            (withdrawn, other.withdrawn),
            (again_after_stream, other.again_after_stream),
            (again_after_failure, other.again_after_failure),
            (stalls, other.stalls),
        ] {
            *count = count.saturating_add(more);
        }
        *stopped_us = *stopped_us + other.stopped_us;
        match (server.as_mut(), &other.server) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (None, theirs) => *server = *theirs,
            (Some(_), None) => {}
        }
        delivery.merge(&other.delivery);
        gap.merge(&other.gap);
    }
}

/// At most [`MAX_SLICES`] slices without a hole between the first and the last.
///
/// How many streams were open is not kept but follows from what opened and closed
/// ([`Timeline::open_at_ends`]): a sum of changes survives merging and coarsening in any order, a
/// gauge does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "StoredTimeline", into = "StoredTimeline")]
#[schemars(with = "StoredTimeline")]
pub struct Timeline {
    /// Slices are `1 << doublings` seconds wide.
    doublings: u8,
    /// Number of the first slice: its start in seconds, divided by the width.
    first: u64,
    slices: Vec<Slice>,
}

impl Timeline {
    /// The slice that an instant falls into, to be counted in.
    ///
    /// Allocates when a new slice begins. An instant far from the others makes all slices wider.
    #[inline]
    pub fn slice_mut(&mut self, at: Wall) -> &mut Slice {
        let number = seconds(at) >> self.doublings;
        let index = number.wrapping_sub(self.first) as usize;
        if index >= self.slices.len() {
            self.make_room(seconds(at), seconds(at));
        }
        let number = seconds(at) >> self.doublings;
        &mut self.slices[(number - self.first) as usize]
    }

    /// Adds what the server's process used until an instant.
    pub fn watched(&mut self, at: Wall, used: Watched) {
        self.slice_mut(at)
            .server
            .get_or_insert_default()
            .merge(&used);
    }

    /// Adds the time in which the generator did not run to every slice that it lies in.
    pub(crate) fn mark_stopped(&mut self, window: Interval) {
        let mut from = window.earliest;
        while from < window.latest {
            let width = self.width_seconds();
            let next = (seconds(from) / width + 1).saturating_mul(width * NANOS_PER_SECOND);
            let until = window.latest.min(Wall(next));
            let slice = self.slice_mut(from);
            slice.stopped_us = slice.stopped_us + (until - from);
            from = until;
        }
    }

    /// Add what happened in `other`; the wider of the two widths is kept, or a wider one.
    pub fn merge(&mut self, other: &Self) {
        let Some((first, last)) = other.span_seconds() else {
            return;
        };
        while self.doublings < other.doublings {
            self.coarsen();
        }
        self.make_room(first, last);
        for (theirs, number) in other.slices.iter().zip(other.first..) {
            let index = (number << other.doublings >> self.doublings) - self.first;
            self.slices[index as usize].merge(theirs);
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Width of a slice in seconds: a power of two.
    pub fn width_seconds(&self) -> u64 {
        1 << self.doublings
    }

    /// The slices in order of time, each with its start. Slices without a happening are there.
    pub fn iter(&self) -> impl Iterator<Item = (Wall, &Slice)> + '_ {
        (self.first..).zip(&self.slices).map(|(number, slice)| {
            (
                Wall::from_epoch_micros((number << self.doublings) * 1_000_000),
                slice,
            )
        })
    }

    /// How many streams were open at the end of each slice.
    pub fn open_at_ends(&self) -> impl Iterator<Item = u64> + '_ {
        self.slices.iter().scan(0_i128, |open, slice| {
            *open += i128::from(slice.opened) - i128::from(slice.closed);
            Some(u64::try_from(*open).unwrap_or(0))
        })
    }

    /// Widen the slices and add empty ones until both instants, in seconds, have a slice.
    fn make_room(&mut self, first_seconds: u64, last_seconds: u64) {
        loop {
            let (mut first, mut last) = (
                first_seconds >> self.doublings,
                last_seconds >> self.doublings,
            );
            if let Some(count) = self.slices.len().checked_sub(1) {
                first = first.min(self.first);
                last = last.max(self.first + count as u64);
            }
            if last - first < MAX_SLICES as u64 {
                return self.extend(first, last);
            }
            self.coarsen();
        }
    }

    fn extend(&mut self, first: u64, last: u64) {
        if self.slices.is_empty() {
            self.first = first;
        }
        let before = (self.first - first) as usize;
        self.slices
            .splice(0..0, std::iter::repeat_with(Slice::default).take(before));
        self.first = first;
        self.slices
            .resize_with((last - first) as usize + 1, Slice::default);
    }

    /// Make each slice twice as wide.
    fn coarsen(&mut self) {
        let narrow = std::mem::take(&mut self.slices);
        let first = self.first;
        self.first >>= 1;
        self.doublings += 1;
        for (slice, number) in narrow.into_iter().zip(first..) {
            let index = ((number >> 1) - self.first) as usize;
            match self.slices.get_mut(index) {
                Some(wide) => wide.merge(&slice),
                None => self.slices.push(slice),
            }
        }
    }

    fn span_seconds(&self) -> Option<(u64, u64)> {
        let last = self.first + self.slices.len().checked_sub(1)? as u64;
        Some((self.first << self.doublings, last << self.doublings))
    }
}

fn seconds(at: Wall) -> u64 {
    at.0 / NANOS_PER_SECOND
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_none(time: &Nanos) -> bool {
    *time == Nanos::ZERO
}

/// The form in a record.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Timeline")]
struct StoredTimeline {
    /// Width of a slice: a power of two of seconds.
    width_us: u64,
    /// Start of the first slice: a multiple of the width.
    first_us: Wall,
    /// At most 600 slices, one after the other.
    slices: Vec<Slice>,
}

impl From<Timeline> for StoredTimeline {
    fn from(timeline: Timeline) -> Self {
        Self {
            width_us: timeline.width_seconds() * 1_000_000,
            first_us: Wall::from_epoch_micros((timeline.first << timeline.doublings) * 1_000_000),
            slices: timeline.slices,
        }
    }
}

/// Why a timeline of a record cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTimeline {
    /// The width is none that this format has.
    #[error("the timeline has slices of {0} us, expected 1, 2, 4, ... seconds")]
    Width(u64),
    /// The first slice does not begin at a multiple of the width.
    #[error("the timeline begins at {0} us, which is no multiple of its width")]
    Unaligned(u64),
    /// There are more slices than the format allows.
    #[error("the timeline has {0} slices, at most {MAX_SLICES} are allowed")]
    TooMany(usize),
}

impl TryFrom<StoredTimeline> for Timeline {
    type Error = BadTimeline;

    fn try_from(stored: StoredTimeline) -> Result<Self, BadTimeline> {
        let width = stored.width_us / 1_000_000;
        if !stored.width_us.is_multiple_of(1_000_000)
            || !width.is_power_of_two()
            || width.ilog2() > u32::from(WIDEST)
        {
            return Err(BadTimeline::Width(stored.width_us));
        }
        let start = stored.first_us.epoch_micros();
        if !start.is_multiple_of(stored.width_us) {
            return Err(BadTimeline::Unaligned(start));
        }
        if stored.slices.len() > MAX_SLICES {
            return Err(BadTimeline::TooMany(stored.slices.len()));
        }
        let first = start / stored.width_us;
        Ok(Self {
            doublings: width.ilog2() as u8,
            first,
            slices: stored.slices,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Instants within a run, and now and then a day or a year away.
    fn instants() -> impl Strategy<Value = Vec<u64>> {
        let second = prop_oneof![
            8 => 1_700_000_000_u64..1_700_001_000,
            1 => 1_700_000_000_u64..1_700_086_400,
            1 => 0_u64..1_800_000_000,
        ];
        prop::collection::vec(second, 0..30)
    }

    fn observed(seconds: &[u64]) -> Timeline {
        let mut timeline = Timeline::default();
        for &second in seconds {
            let slice = timeline.slice_mut(at(second));
            slice.events += 1;
            slice.delivery.record(Nanos(second));
        }
        timeline
    }

    fn at(second: u64) -> Wall {
        Wall(second * 1_000_000_000 + 7)
    }

    fn merged(one: &Timeline, other: &Timeline) -> Timeline {
        let mut sum = one.clone();
        sum.merge(other);
        sum
    }

    proptest! {
        #[test]
        fn no_order_and_no_sharding_changes_the_slices(a in instants(), b in instants(), c in instants()) {
            let whole = observed(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (observed(&a), observed(&b), observed(&c));
            prop_assert_eq!(&merged(&merged(&a, &b), &c), &whole);
            prop_assert_eq!(&merged(&c, &merged(&b, &a)), &whole);
        }

        #[test]
        fn slices_are_few_aligned_and_hold_everything(seconds in instants()) {
            let timeline = observed(&seconds);
            prop_assert!(timeline.iter().count() <= MAX_SLICES);
            prop_assert_eq!(timeline.iter().map(|(_, slice)| slice.events).sum::<u64>(), seconds.len() as u64);
            for (start, slice) in timeline.iter() {
                let width = timeline.width_seconds();
                let first = start.epoch_micros() / 1_000_000;
                prop_assert_eq!(first % width, 0);
                let inside = seconds.iter().filter(|second| (first..first + width).contains(second));
                prop_assert_eq!(slice.events, inside.count() as u64);
            }
        }

        #[test]
        fn a_record_gives_back_the_slices(seconds in instants()) {
            let timeline = observed(&seconds);
            let json = serde_json::to_string(&timeline).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
        }

        #[test]
        fn no_instant_makes_it_panic(nanos: Vec<u64>) {
            let mut timeline = Timeline::default();
            nanos.iter().for_each(|&each| timeline.slice_mut(Wall(each)).events += 1);
            let events = timeline.iter().map(|(_, slice)| slice.events).sum::<u64>();
            prop_assert_eq!(events, nanos.len() as u64);
        }
    }

    #[test]
    fn a_hiccup_marks_every_slice_that_it_lies_in() {
        let mut timeline = Timeline::default();
        let from = at(1_000) + Nanos::from_millis(700);
        timeline.mark_stopped(Interval::new(from, from + Nanos::from_millis(1_500)));
        let marks = |timeline: &Timeline| -> Vec<u64> {
            let slices = timeline.iter();
            slices.map(|(_, slice)| slice.stopped_us.0).collect()
        };
        assert_eq!(marks(&timeline), [299_999_993, 1_000_000_000, 200_000_007]);
        timeline.coarsen();
        assert_eq!(marks(&timeline), [1_299_999_993, 200_000_007]);
    }

    #[test]
    fn open_streams_follow_from_changes_at_any_width() {
        let mut timeline = Timeline::default();
        timeline.slice_mut(at(1_000)).opened = 5;
        timeline.slice_mut(at(1_001)).closed = 2;
        timeline.slice_mut(at(1_003)).opened = 1;
        assert_eq!(timeline.open_at_ends().collect::<Vec<_>>(), [5, 3, 3, 4]);
        timeline.coarsen();
        assert_eq!(timeline.open_at_ends().collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn the_wider_slices_are_kept_even_where_narrow_ones_would_do() {
        let wide = r#"{"width_us": 4000000, "first_us": 8000000, "slices": [{"events": 3}]}"#;
        let wide: Timeline = serde_json::from_str(wide).unwrap();
        let narrow = observed(&[9, 13]);
        for sum in [merged(&wide, &narrow), merged(&narrow, &wide)] {
            let events: Vec<_> = sum.iter().map(|(_, slice)| slice.events).collect();
            assert_eq!((sum.width_seconds(), events), (4, vec![4, 1]));
        }
    }

    #[test]
    fn a_timeline_that_no_version_writes_is_refused() {
        let read = |width: u64, first: u64| {
            let json = format!(r#"{{"width_us": {width}, "first_us": {first}, "slices": []}}"#);
            serde_json::from_str::<Timeline>(&json).map_err(|error| error.to_string())
        };
        assert!(read(2_000_000, 4_000_000).is_ok());
        assert!(
            read(3_000_000, 3_000_000)
                .unwrap_err()
                .contains("expected 1, 2, 4")
        );
        assert!(
            read(2_000_000, 1_000_000)
                .unwrap_err()
                .contains("no multiple")
        );
        assert!(read(0, 0).is_err());
    }
}
