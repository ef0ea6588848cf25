//! The same hold in two probes: what stays the same at two rates is the rule.
//!
//! Bytes that stay the same are a size, a wait or a period that stays the same is
//! a timer, a wait that follows the gap is one behind (causes 5.3, P4 and P5).

use crate::signature::{Amount, Behind, Grouped, Rule, Signature};

/// What two probes that show holds amount to; absent where they say nothing about
/// each other.
pub(super) fn holds(one: &Signature, other: &Signature) -> Option<Signature> {
    Some(match (one, other) {
        (Signature::Grouped(one), Signature::Grouped(other)) => groups(one, other),
        (Signature::Behind(behind), Signature::Grouped(timed))
        | (Signature::Grouped(timed), Signature::Behind(behind)) => behind_or_timed(behind, timed),
        (Signature::Behind(one), Signature::Behind(other)) => {
            let certain = one.tracks_next || other.tracks_next || differ(one.gap, other.gap);
            Signature::Behind(Behind {
                tracks_next: certain,
                ..*one
            })
        }
        // What was a gap at one rate is nothing at another: the path, not a hold.
        (Signature::Behind(behind), Signature::Live(_)) if !behind.tracks_next => other.clone(),
        _ => return None,
    })
}

fn groups(one: &Grouped, other: &Grouped) -> Signature {
    if one.waits_for_gap() && other.waits_for_gap() && differ(one.gap, other.gap) {
        return Signature::Behind(Behind {
            events: one.releases,
            wait: one.ms.value,
            gap: one.gap,
            tracks_next: true,
        });
    }
    Signature::Grouped(compare_groups(one, other))
}

/// Rates must differ this much for a comparison to say anything.
const OTHER_RATE: f64 = 1.25;

fn differ(one: f64, other: f64) -> bool {
    one.max(other) > OTHER_RATE * one.min(other)
}

/// The same hold at two rates: the same bytes or the same time.
fn compare_groups(one: &Grouped, other: &Grouped) -> Grouped {
    let (more, less) = if one.releases >= other.releases {
        (one, other)
    } else {
        (other, one)
    };
    let releases = more.releases;
    if !differ(per_ms(more), per_ms(less)) {
        // The same rate twice: whichever separated size from time.
        let separated = [more, less]
            .into_iter()
            .find(|g| matches!(g.rule, Rule::Size | Rule::Time));
        return Grouped {
            releases,
            ..separated.unwrap_or(more).clone()
        };
    }
    // Single events that are held whole are held by time, whatever their size; blocks that cut events are not.
    let is_alone = |grouped: &Grouped| grouped.events < 2.0 && !grouped.cuts_events;
    let any_alone = is_alone(more) || is_alone(less);
    let bytes_agree = !any_alone && agree(&more.bytes, &less.bytes, 1.01);
    // A timer that starts with the first held event keeps the wait, one that runs by
    // itself the distance of releases.
    let same_period = (more.interval / less.interval).ln().abs() <= 0.05;
    let time_agrees = agree(&more.ms, &less.ms, 1.05) || (same_period && !any_alone);
    let rule = match (bytes_agree, time_agrees) {
        (true, false) => Rule::Size,
        (false, true) => Rule::Time,
        (true, true) => more.rule,
        // By size where the stream is fast and by time where it is slow (cork).
        (false, false) if [more.rule, less.rule].contains(&Rule::Time) => Rule::Either,
        (false, false) => Rule::Irregular,
    };
    // The probe that shows the rule best also gives its figure; without a rule the figure is how long at most, which
    // the one that was held for longer shows.
    let is_shown_by_less = match rule {
        Rule::Irregular => less.ms.value > more.ms.value,
        _ => less.rule == rule && more.rule != rule,
    };
    let shown = if is_shown_by_less { less } else { more };
    Grouped {
        releases,
        rule,
        ..shown.clone()
    }
}

/// Bytes per millisecond of the stream.
fn per_ms(grouped: &Grouped) -> f64 {
    grouped.bytes.value / grouped.interval.max(f64::MIN_POSITIVE)
}

/// Whether two bounds meet, with some slack.
fn agree(one: &Amount, other: &Amount, slack: f64) -> bool {
    one.low <= other.high * slack && other.low <= one.high * slack
}

/// One behind at one rate and a constant wait at another: a constant that happens
/// to be the gap at both rates is no constant.
fn behind_or_timed(behind: &Behind, timed: &Grouped) -> Signature {
    let is_certain = behind.tracks_next || differ(timed.gap, behind.gap);
    if timed.waits_for_gap() && is_certain {
        Signature::Behind(Behind {
            tracks_next: true,
            ..*behind
        })
    } else {
        Signature::Grouped(timed.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups of so many events of 200 bytes, one after the other each `interval` milliseconds.
    fn groups_of(events: f64, interval: f64, releases: usize) -> Grouped {
        let gap = interval / events;
        let within = |value: f64, slack: f64| Amount {
            value,
            low: value - slack,
            high: value,
            is_steady: true,
        };
        Grouped {
            rule: Rule::Either,
            releases,
            events,
            bytes: within(events * 200.0, 199.0),
            ms: within(interval - gap / 2.0, gap),
            interval,
            gap,
            cuts_events: false,
            is_wait: false,
        }
    }

    /// A cork lets go after 200 ms, and earlier where many events come: measured on a busy kernel, 19 of them at three
    /// times the rate. Neither is constant, and it holds for as long as it does at the slower rate.
    #[test]
    fn without_a_rule_the_longest_hold_is_told() {
        let (slow, fast) = (groups_of(11.0, 220.0, 9), groups_of(19.0, 126.0, 16));
        for compared in [compare_groups(&slow, &fast), compare_groups(&fast, &slow)] {
            assert_eq!(compared.rule, Rule::Irregular);
            assert_eq!((compared.ms, compared.releases), (slow.ms, 16));
        }
    }
}
