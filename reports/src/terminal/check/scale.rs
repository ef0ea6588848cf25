//! Which part of a stream is drawn, and on which column an instant lies.

use run_record::time::Nanos;

/// The least marks of which it is told how regular they are.
const REGULAR: usize = 4;

/// A window of time laid over a number of columns. Times count from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    /// Where the window begins.
    pub(super) from: Nanos,
    /// How long it is, at least 1 ns.
    pub(super) span: Nanos,
    /// How many columns it takes, at least 1.
    pub(super) columns: usize,
    /// So many columns take so much time, at least 1 ns.
    pace: (u64, Nanos),
    /// How far all instants are moved to the right, less than a column, so that those of a
    /// regular stream lie in the middle of theirs.
    shift: Nanos,
}

/// Which end of a stream matters when not all of it can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// From the first event on.
    FirstEvent,
    /// Up to the end.
    End,
}

impl Scale {
    /// A window over so many columns.
    pub(super) fn new(from: Nanos, span: Nanos, columns: usize) -> Self {
        let (span, columns) = (span.max(Nanos(1)), columns.max(1));
        Self {
            from,
            span,
            columns,
            pace: (columns as u64 - 1, span),
            shift: Nanos::ZERO,
        }
    }

    /// The longest window in which single events, or groups of them, can be told apart: all that
    /// was watched, or half of it, or a quarter, ... Arrivals are in order.
    pub(super) fn fitting(
        arrivals: &[Nanos],
        watched: Nanos,
        anchor: Anchor,
        columns: usize,
    ) -> Self {
        let mut scale = Self::new(Nanos::ZERO, watched, columns);
        while !scale.shows_rhythm(arrivals) && scale.span > Nanos(1) {
            let span = Nanos(scale.span.0 / 2);
            let from = match anchor {
                // A little before it, so that its sending is seen as well.
                Anchor::FirstEvent => {
                    arrivals.first().copied().unwrap_or_default() - Nanos(span.0 / 16)
                }
                Anchor::End => watched - span,
            };
            scale = Self::new(from, span, columns);
        }
        scale.in_step(arrivals)
    }

    /// The same window a little narrower, so that a regular stream has the same number of whole
    /// columns from mark to mark: rounding would look like jitter.
    fn in_step(self, arrivals: &[Nanos]) -> Self {
        let mut begins = Vec::new();
        let mut before = None;
        for &arrival in arrivals {
            let column = self.column(arrival);
            if column.is_some() && column != before {
                begins.push(arrival);
            }
            before = column;
        }
        let gap = usual_gap(&begins);
        let step = self.whole_columns(gap);
        if begins.len() < REGULAR || step < 2 {
            return self;
        }
        let one_column = (gap.0 / step).max(1);
        let into_column = (begins[0] - self.from).0 % one_column;
        let shift = Nanos((one_column + one_column / 2 - into_column) % one_column);
        let narrower = Self {
            pace: (step, gap),
            shift,
            ..self
        };
        let columns = narrower.whole_columns(self.span + shift) as usize + 1;
        Self {
            columns: columns.min(self.columns),
            ..narrower
        }
    }

    /// How many of these instants lie on each column.
    pub(super) fn counts(&self, times: &[Nanos]) -> Vec<u64> {
        let mut counts = vec![0; self.columns];
        for column in times.iter().filter_map(|&time| self.column(time)) {
            counts[column] += 1;
        }
        counts
    }

    /// The column of an instant; `None` outside the window.
    pub(super) fn column(&self, time: Nanos) -> Option<usize> {
        let after = time.0.checked_sub(self.from.0)?;
        if after > self.span.0 {
            return None;
        }
        let column = self.whole_columns(Nanos(after) + self.shift) as usize;
        Some(column.min(self.columns - 1))
    }

    /// How many whole columns a time takes.
    fn whole_columns(&self, time: Nanos) -> u64 {
        let (columns, taken) = self.pace;
        let whole = u128::from(time.0) * u128::from(columns) / u128::from(taken.0);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// Whether marks stand apart: with a blank between two events, and with room for a count
    /// behind each group.
    fn shows_rhythm(&self, arrivals: &[Nanos]) -> bool {
        let counts = self.counts(arrivals);
        let marks = counts.iter().filter(|&&count| count > 0).count();
        let groups = counts.iter().filter(|&&count| count > 1).count();
        let room_of_a_mark = if 2 * groups > marks { 6 } else { 2 };
        marks <= 1 || marks * room_of_a_mark <= self.columns
    }
}

/// The mean of those gaps that are near the median: pauses do not count, and jitter evens out.
fn usual_gap(instants: &[Nanos]) -> Nanos {
    let mut gaps: Vec<_> = instants.windows(2).map(|two| (two[1] - two[0]).0).collect();
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    gaps.retain(|&gap| gap >= median - median / 2 && gap <= median.saturating_add(median / 2));
    let sum: u128 = gaps.iter().map(|&gap| u128::from(gap)).sum();
    // A mean is no larger than the largest gap.
    Nanos((sum / gaps.len().max(1) as u128) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn every(gap: u64, count: u64) -> Vec<Nanos> {
        (1..=count)
            .map(|number| Nanos::from_millis(number * gap))
            .collect()
    }

    fn fitting(arrivals: &[Nanos]) -> Scale {
        let watched = arrivals.last().copied().unwrap_or_default();
        Scale::fitting(arrivals, watched, Anchor::FirstEvent, 60)
    }

    #[test]
    fn few_events_are_all_shown() {
        assert_eq!(fitting(&every(500, 30)).span, Nanos::from_secs(15));
    }

    #[test]
    fn a_regular_stream_has_regular_marks() {
        for gap in [70, 97, 100, 103, 130, 333] {
            let jitter = |number: u64| Nanos::from_micros(number * 7_919 % 1_900);
            let arrivals: Vec<_> = (0..28)
                .map(|number| Nanos::from_millis(number * gap + 9) + jitter(number))
                .collect();
            let counts = fitting(&arrivals).counts(&arrivals);
            let marks: Vec<_> = (0..counts.len())
                .filter(|&column| counts[column] > 0)
                .collect();
            let step = marks[1] - marks[0];
            assert_eq!(marks.len(), 28);
            assert!(
                marks.windows(2).all(|two| two[1] - two[0] == step),
                "{gap}: {marks:?}"
            );
        }
    }

    #[test]
    fn of_many_events_so_many_are_shown_that_they_stand_apart() {
        let counts = fitting(&every(10, 300)).counts(&every(10, 300));
        assert!(counts.iter().all(|&count| count < 2), "{counts:?}");
        assert!(
            counts.windows(2).all(|two| two[0] + two[1] < 2),
            "{counts:?}"
        );
    }

    #[test]
    fn groups_leave_room_for_their_counts() {
        let releases: Vec<_> = (0..500)
            .map(|event| Nanos::from_millis(event / 10 * 200))
            .collect();
        let counts = fitting(&releases).counts(&releases);
        let occupied: Vec<_> = (0..counts.len())
            .filter(|&column| counts[column] > 0)
            .collect();
        assert!(occupied.len() > 3);
        assert!(
            occupied.windows(2).all(|two| two[1] - two[0] >= 5),
            "{occupied:?}"
        );
    }

    #[test]
    fn the_window_of_a_cut_ends_with_it() {
        let arrivals = every(10, 300);
        let end = Nanos::from_secs(3);
        let scale = Scale::fitting(&arrivals, end, Anchor::End, 60);
        assert_eq!(scale.from + scale.span, end);
        assert!(scale.span < end);
    }

    proptest! {
        #[test]
        fn no_times_break_it(
            mut times in prop::collection::vec(any::<u64>(), 0..200), watched: u64,
            columns in 0_usize..90, cut: bool,
        ) {
            times.sort_unstable();
            let times: Vec<_> = times.into_iter().map(Nanos).collect();
            let anchor = if cut { Anchor::End } else { Anchor::FirstEvent };
            let scale = Scale::fitting(&times, Nanos(watched), anchor, columns);
            prop_assert!(scale.counts(&times).len() <= columns.max(1));
        }
    }
}
