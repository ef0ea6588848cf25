//! The card of a selftest: snapshots, and what holds for every card.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports`, then read the difference.

use insta::assert_snapshot;
use reports::style::Style;
use reports::terminal::selftest_card;
use run_record::end::Exit;
use run_record::environment::Environment;
use run_record::self_check::{Check, CheckStatus, SelfCheck};
use run_record::selftest::{Floor, Load, SCHEMA, SelfTest, Step, Stop, Tally, Times};
use run_record::time::Nanos;
use unicode_width::UnicodeWidthStr;

fn times(count: u64, p50_us: u64, p99_us: u64, max_us: u64) -> Option<Times> {
    Some(Times {
        count,
        p50_us: Some(Nanos::from_micros(p50_us)),
        p99_us: (count >= 1_000).then_some(Nanos::from_micros(p99_us)),
        max_us: Nanos::from_micros(max_us),
    })
}

fn step(connections: u32, events_per_s: u64, cpu_percent: f64) -> Step {
    let sent = u64::from(connections) * 8;
    Step {
        connections,
        events: Tally {
            sent,
            received: sent,
            duplicated: 0,
        },
        events_per_s,
        cpu_percent,
        generator_lag_p99_us: Nanos::from_micros(2_340),
        held: cpu_percent <= 80.0,
    }
}

fn checks(timer_lag_us: f64, missing: f64) -> SelfCheck {
    let mut checks = SelfCheck::default();
    let timer_lag = Check::at_most(timer_lag_us, 5_000.0, "us", CheckStatus::Warn);
    checks.observe("timer_lag.p99", timer_lag);
    let miscounted = Check::at_most(missing, 0.0, "", CheckStatus::Invalid);
    checks.observe("miscounted", miscounted);
    checks
}

fn fit() -> SelfTest {
    SelfTest {
        schema: SCHEMA,
        environment: Environment {
            tool: "loadgen 0.1.0".to_owned(),
            os: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            kernel: "6.18.4".to_owned(),
            cores: 2,
            ..Environment::default()
        },
        noise_us: Some(Nanos::from_micros(402)),
        timer_lateness: times(1_500, 77, 1_210, 4_100),
        floor: Some(Floor {
            events: Tally {
                sent: 1_200,
                received: 1_200,
                duplicated: 0,
            },
            reads: 1_198,
            reads_stamped: 1_198,
            transit: times(1_198, 21, 402, 1_130),
            interval_width: times(1_198, 1_020, 1_400, 3_000),
        }),
        load: Some(Load {
            steps: vec![
                step(100, 797, 1.3),
                step(500, 4_041, 4.2),
                step(1_000, 16_176, 9.0),
            ],
            stop: Stop::Top,
        }),
        clock_step_us: Nanos::from_micros(3),
        self_check: checks(1_210.0, 0.0),
        exit: Exit {
            code: 0,
            reason: "fit to measure".to_owned(),
        },
    }
}

fn unfit() -> SelfTest {
    let mut test = fit();
    let floor = test.floor.as_mut().expect("the sample has a floor");
    floor.events.received = 1_201;
    floor.events.duplicated = 2;
    floor.reads_stamped = 7;
    test.load = Some(Load {
        steps: vec![step(100, 797, 1.3), step(500, 3_000, 91.5)],
        stop: Stop::Generator(vec!["cpu".to_owned()]),
    });
    test.clock_step_us = Nanos::from_millis(34);
    test.self_check = checks(45_000.0, 3.0);
    test.exit = Exit {
        code: 5,
        reason: "not fit to measure: miscounted".to_owned(),
    };
    test
}

/// Ctrl-C in the middle of the first stream.
fn interrupted() -> SelfTest {
    SelfTest {
        noise_us: None,
        timer_lateness: times(420, 77, 0, 4_100),
        floor: None,
        load: None,
        self_check: SelfCheck::default(),
        exit: Exit {
            code: 130,
            reason: "interrupted; not all was measured".to_owned(),
        },
        ..fit()
    }
}

#[test]
fn a_machine_that_is_fit() {
    assert_snapshot!(selftest_card(&fit(), &Style::default()));
}

#[test]
fn a_machine_that_is_not() {
    assert_snapshot!(selftest_card(&unfit(), &Style::default()));
}

#[test]
fn one_that_was_interrupted() {
    assert_snapshot!(selftest_card(&interrupted(), &Style::default()));
}

#[test]
fn half_a_test_calls_no_machine_fit() {
    let mut test = fit();
    test.load = Some(Load {
        steps: vec![step(100, 797, 1.3)],
        stop: Stop::Interrupted,
    });
    let card = selftest_card(&test, &Style::default());
    assert!(!card.contains("FIT"), "{card}");
    assert!(selftest_card(&unfit(), &Style::default()).contains("NOT FIT"));
}

#[test]
fn no_line_is_wider_than_the_terminal_whatever_stopped_it() {
    let stops = [
        Stop::Top,
        Stop::Descriptors,
        Stop::Generator(vec!["cpu".to_owned(), "generator_lag.p99".to_owned()]),
        Stop::Target,
        Stop::Interrupted,
    ];
    for stop in stops {
        for mut test in [fit(), unfit()] {
            test.load.as_mut().unwrap().stop = stop.clone();
            for (width, ascii) in [(80, true), (60, false)] {
                let style = Style {
                    width,
                    ascii,
                    ..Style::default()
                };
                let card = selftest_card(&test, &style);
                assert!(card.lines().all(|line| line.width() <= width), "{card}");
                assert!(!ascii || card.is_ascii(), "{card}");
            }
        }
    }
}
