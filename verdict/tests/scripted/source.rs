//! The source: when it makes events, and how large they are.

use crate::chance::Chance;

/// When a source makes events; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rhythm {
    /// One every `gap`, on a schedule that does not drift.
    Regular { gap: f64 },
    /// At random, `gap` apart on average.
    Poisson { gap: f64 },
    /// So many at once, every `gap`.
    Bursts { gap: f64, events: usize },
    /// From one gap to another, each a twentieth longer than the last.
    Slowing { from: f64, to: f64 },
    /// One event, then nothing.
    Once,
    /// One every `gap`, so many times, then nothing.
    Stops { gap: f64, after: usize },
    /// Comments only.
    Heartbeats { gap: f64 },
}

/// Something that a source made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    /// When it should have been made.
    pub due: f64,
    /// When it was made: the stamp in the payload.
    pub emitted: f64,
    pub bytes: u64,
    pub seq: u64,
    pub is_comment: bool,
}

/// What a source makes from the request on, until `until` or `count`.
pub(crate) fn make(
    rhythm: Rhythm,
    size: u64,
    count: Option<u64>,
    until: f64,
    chance: &mut Chance,
) -> Vec<Made> {
    let mut made = Vec::new();
    let mut due = match rhythm {
        // A shared ticker runs already: the first event comes at any phase.
        Rhythm::Regular { gap } | Rhythm::Bursts { gap, .. } | Rhythm::Heartbeats { gap } => {
            chance.unit() * gap
        }
        Rhythm::Poisson { gap } => chance.exponential(gap),
        Rhythm::Slowing { from, .. } => from,
        Rhythm::Once => chance.unit() * 100.0,
        Rhythm::Stops { gap, .. } => gap,
    };
    let mut gap_now = if let Rhythm::Slowing { from, .. } = rhythm {
        from
    } else {
        0.0
    };
    let mut emitted: f64 = 0.0;
    while due < until && count.is_none_or(|count| (made.len() as u64) < count) {
        let at_once = if let Rhythm::Bursts { events, .. } = rhythm {
            events
        } else {
            1
        };
        emitted = emitted.max(due + timer_lateness(chance));
        for _ in 0..at_once {
            let is_comment = matches!(rhythm, Rhythm::Heartbeats { .. });
            let seq = made.len() as u64;
            made.push(Made {
                due,
                emitted,
                bytes: if is_comment { 15 } else { size },
                seq,
                is_comment,
            });
            emitted += 0.004;
        }
        due += match rhythm {
            Rhythm::Regular { gap } | Rhythm::Bursts { gap, .. } | Rhythm::Heartbeats { gap } => {
                gap
            }
            Rhythm::Poisson { gap } => chance.exponential(gap),
            Rhythm::Slowing { to, .. } => {
                gap_now = (gap_now * 1.05).min(to);
                gap_now
            }
            Rhythm::Stops { gap, after } if made.len() < after => gap,
            Rhythm::Once | Rhythm::Stops { .. } => f64::INFINITY,
        };
    }
    made
}

/// How late a timer fires on a shared machine: p50 77 us, p99 0.5 to 3 ms, p99.9
/// 4 to 8 ms. Source: measuring 2.11.
pub(crate) fn timer_lateness(chance: &mut Chance) -> f64 {
    let usual = 0.03 + chance.exponential(0.07);
    if chance.late_once_in(1_000.0) {
        usual + chance.between(4.0, 8.0)
    } else if chance.late_once_in(100.0) {
        usual + chance.between(0.5, 3.0)
    } else {
        usual
    }
}
