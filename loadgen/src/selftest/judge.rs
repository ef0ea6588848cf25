//! What the figures of a selftest mean: whether the machine is fit, and where its load ended.
//!
//! Pure: numbers in, checks out.

use super::Findings;
use crate::self_check::{clock_step, stamp_coverage, two_limits};
use crate::session::reading::RESOLUTION;
use run_record::self_check::{Check, CheckStatus, SelfCheck};
use run_record::selftest::{Stop, Times};
use run_record::time::Nanos;

/// Later than this 1 time in 100 is a busy machine: the gate of the accuracy tests (measuring section 4).
const LATE: Nanos = Nanos::from_millis(5);
/// Later than this the arrival of an event is uncertain by more than a run allows (`wide_intervals`).
const TOO_LATE: Nanos = Nanos::from_millis(20);
/// A machine that cannot hold so many subscribers cannot measure a server's.
const FEWEST_CONNECTIONS: f64 = 100.0;
/// Checks of a run that are the engine's own limits, even where they only warn.
const OWN_LIMITS: [&str; 2] = ["cpu", "generator_lag.p99"];

/// What is known of one step of the ramp.
#[derive(Debug)]
pub(super) struct Held<'a> {
    /// The engine's self-check.
    pub(super) checks: &'a SelfCheck,
    /// Events that all streams have together.
    pub(super) expected: u64,
    /// Events that the target wrote.
    pub(super) sent: u64,
    /// Every stream came to its own end.
    pub(super) all_ended: bool,
    /// How late the target wrote its last event.
    pub(super) behind: Nanos,
    /// Time between two events.
    pub(super) interval: Nanos,
}

/// Whether the machine is fit to measure. Only what was measured is checked.
pub(super) fn check(findings: &Findings) -> SelfCheck {
    let mut checks = SelfCheck::default();
    let floor = findings.floor.as_ref();
    let times = [
        ("timer_lag.p99", findings.timer_lateness),
        ("transit.p99", floor.and_then(|floor| floor.transit)),
        (
            "interval_width.p99",
            floor.and_then(|floor| floor.interval_width),
        ),
    ];
    for (name, times) in times {
        if let Some(p99) = times.and_then(|times: Times| times.p99_us) {
            let us = Nanos::as_micros_f64;
            let check = two_limits(us(p99), us(LATE), us(TOO_LATE), "us");
            checks.observe(name, check);
        }
    }
    if let Some(floor) = floor {
        let coverage = stamp_coverage(floor.reads_stamped, floor.reads);
        checks.observe("stamp_coverage", coverage);
        checks.observe("miscounted", miscounted(floor.events.miscounted()));
    }
    if let Some(load) = &findings.load {
        for step in load.steps.iter().filter(|step| step.held) {
            checks.observe("miscounted", miscounted(step.events.miscounted()));
        }
        let is_told = load.stop != Stop::Interrupted || load.held().is_some();
        if is_told {
            let held = load.held().map_or(0.0, |step| step.connections.into());
            let enough = Check::at_least(held, FEWEST_CONNECTIONS, "", CheckStatus::Invalid);
            checks.observe("connections_held", enough);
        }
    }
    checks.observe("clock_step", clock_step(findings.clock_step));
    checks
}

/// Two times that differ by less are the same: what the machine itself adds to 1 event in 100, and never less than
/// arrivals are known to.
///
/// On a quiet machine it adds 15 to 55 us, another figure each time (measured): no difference as small as that is one.
pub(super) fn noise(findings: &Findings) -> Option<Nanos> {
    let added = findings.floor?.transit?.p99_us?;
    Some(added.max(RESOLUTION))
}

/// The limit that a step went beyond; `None` for a step that was held.
///
/// loadgen is looked at before its target: where both are late, they share the reason, and a person asks for loadgen.
pub(super) fn beyond(held: &Held<'_>) -> Option<Stop> {
    let is_limit = |name: &str, check: &Check| match check.status {
        CheckStatus::Ok => false,
        CheckStatus::Warn => OWN_LIMITS.contains(&name),
        CheckStatus::Invalid => true,
    };
    let beyond: Vec<String> = held
        .checks
        .by_status()
        .into_iter()
        .filter(|(name, check)| is_limit(name, check))
        .map(|(name, _)| name.to_owned())
        .collect();
    if !beyond.is_empty() {
        return Some(Stop::Generator(beyond));
    }
    let kept_pace = held.all_ended && held.sent == held.expected && held.behind <= held.interval;
    (!kept_pace).then_some(Stop::Target)
}

fn miscounted(events: u64) -> Check {
    Check::at_most(events as f64, 0.0, "", CheckStatus::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use run_record::selftest::{Floor, Load, Step, Tally};

    fn times(p99: Nanos) -> Option<Times> {
        Some(Times {
            count: 1_500,
            p50_us: Some(Nanos::from_micros(70)),
            p99_us: Some(p99),
            max_us: p99 + p99,
        })
    }

    fn step(connections: u32, held: bool) -> Step {
        let events = u64::from(connections) * 8;
        Step {
            connections,
            events: Tally {
                sent: events,
                received: events,
                duplicated: 0,
            },
            events_per_s: events,
            cpu_percent: 7.0,
            generator_lag_p99_us: Nanos::from_millis(1),
            held,
        }
    }

    fn quiet() -> Findings {
        let ms = Nanos::from_millis(1);
        Findings {
            timer_lateness: times(ms),
            floor: Some(Floor {
                events: Tally {
                    sent: 1_200,
                    received: 1_200,
                    duplicated: 0,
                },
                reads: 1_200,
                reads_stamped: 1_200,
                transit: times(Nanos::from_micros(400)),
                interval_width: times(ms),
            }),
            load: Some(Load {
                steps: vec![step(100, true), step(500, true)],
                stop: Stop::Top,
            }),
            clock_step: Nanos::ZERO,
        }
    }

    /// The status of the whole, and the checks that are not well.
    fn judged(findings: &Findings) -> (CheckStatus, Vec<String>) {
        let checks = check(findings);
        let bad = checks.by_status().into_iter();
        let bad = bad.filter(|(_, check)| check.status != CheckStatus::Ok);
        (
            checks.status(),
            bad.map(|(name, _)| name.to_owned()).collect(),
        )
    }

    #[test]
    fn a_quiet_machine_is_fit_and_its_floor_is_its_noise() {
        assert_eq!(judged(&quiet()), (CheckStatus::Ok, vec![]));
        assert_eq!(noise(&quiet()), Some(Nanos::from_micros(400)));
        let mut quieter = quiet();
        if let Some(floor) = &mut quieter.floor {
            floor.transit = times(Nanos::from_micros(30));
        }
        assert_eq!(noise(&quieter), Some(RESOLUTION));
    }

    #[test]
    fn each_figure_can_make_it_unfit() {
        type Bend = (&'static str, fn(&mut Findings, &mut Floor));
        let bends: [Bend; 7] = [
            ("timer_lag.p99", |all, _| {
                all.timer_lateness = times(Nanos::from_millis(21))
            }),
            ("transit.p99", |_, floor| {
                floor.transit = times(Nanos::from_millis(21))
            }),
            ("interval_width.p99", |_, floor| {
                floor.interval_width = times(Nanos::from_millis(21))
            }),
            ("stamp_coverage", |_, floor| floor.reads_stamped = 1_000),
            ("miscounted", |_, floor| floor.events.received = 1_199),
            ("connections_held", |all, _| {
                all.load = Some(Load {
                    steps: vec![step(100, false)],
                    stop: Stop::Target,
                })
            }),
            ("clock_step", |all, _| {
                all.clock_step = Nanos::from_millis(2)
            }),
        ];
        for (name, bend) in bends {
            let mut findings = quiet();
            let mut floor = findings.floor.unwrap();
            bend(&mut findings, &mut floor);
            findings.floor = Some(floor);
            let expected = (CheckStatus::Invalid, vec![name.to_owned()]);
            assert_eq!(judged(&findings), expected);
        }
    }

    #[test]
    fn a_busy_machine_is_fit_with_a_warning() {
        let mut findings = quiet();
        findings.timer_lateness = times(Nanos::from_millis(6));
        assert_eq!(
            judged(&findings),
            (CheckStatus::Warn, vec!["timer_lag.p99".to_owned()])
        );
    }

    #[test]
    fn an_event_lost_under_load_is_seen() {
        let mut findings = quiet();
        let load = findings.load.as_mut().unwrap();
        load.steps[1].events.received -= 1;
        assert_eq!(judged(&findings).1, ["miscounted"]);
    }

    #[test]
    fn what_was_not_measured_is_no_fault() {
        let nothing = Findings::default();
        assert_eq!(judged(&nothing), (CheckStatus::Ok, vec![]));
        assert_eq!(noise(&nothing), None);
        let mut interrupted = quiet();
        interrupted.load = Some(Load {
            steps: vec![],
            stop: Stop::Interrupted,
        });
        assert_eq!(judged(&interrupted).0, CheckStatus::Ok);
    }

    fn held(checks: &SelfCheck) -> Held<'_> {
        Held {
            checks,
            expected: 800,
            sent: 800,
            all_ended: true,
            behind: Nanos::from_millis(1),
            interval: Nanos::from_millis(50),
        }
    }

    #[test]
    fn a_step_ends_at_the_first_limit_and_names_it() {
        let of = |name: &str, status| {
            let mut checks = SelfCheck::default();
            checks.observe(name, Check::at_most(2.0, 1.0, "%", status));
            checks
        };
        let none = SelfCheck::default();
        assert_eq!(beyond(&held(&none)), None);
        let busy = of("cpu", CheckStatus::Warn);
        assert_eq!(
            beyond(&held(&busy)),
            Some(Stop::Generator(vec!["cpu".to_owned()]))
        );
        assert_eq!(beyond(&held(&of("timer_lag.p99", CheckStatus::Warn))), None);
        assert!(beyond(&held(&of("schedule_lag.p99", CheckStatus::Invalid))).is_some());
        let late = Held {
            behind: Nanos::from_millis(51),
            ..held(&none)
        };
        assert_eq!(beyond(&late), Some(Stop::Target));
        let short = Held {
            sent: 799,
            ..held(&none)
        };
        assert_eq!(beyond(&short), Some(Stop::Target));
        let cut = Held {
            all_ended: false,
            ..held(&none)
        };
        assert_eq!(beyond(&cut), Some(Stop::Target));
    }
}
