//! Ends: broken messages, limits, clean ends; and silence, which is none.

use run_record::verdict::{HoldBy, Reason, Word};
use verdict::diagnose;
use verdict::observations::{Count, Observations, Request};

use crate::check::{Checked, Scene};
use crate::server::Mode;
use crate::source::Rhythm;

const SEEDS: u64 = 30;

fn check(mode: Mode, rate: f64, seed: u64, foreign: bool) -> Checked {
    let scene = Scene::cooperating(mode, rate, 300, seed);
    if foreign { scene.foreign() } else { scene }.check()
}

#[test]
fn a_broken_message_is_cut_in_both_roles() {
    let modes = [
        Mode::Truncate { bytes: 4_000 },
        Mode::CutAfter {
            ms: 2_600.0,
            clean: false,
        },
    ];
    for mode in modes {
        for seed in 0..SEEDS {
            for (rate, foreign) in [(5.0, false), (20.0, true), (200.0, false), (100.0, true)] {
                let checked = check(mode, rate, seed, foreign);
                assert_eq!(
                    checked.verdict.word,
                    Word::Cut,
                    "{mode:?} {rate}/s {:#?}",
                    checked.verdict
                );
            }
        }
    }
}

#[test]
fn a_limit_is_named_once_a_second_probe_confirms_it() {
    let modes = [
        (
            Mode::CutAfter {
                ms: 2_600.0,
                clean: false,
            },
            "cut.total",
        ),
        (Mode::Truncate { bytes: 4_000 }, "cut.truncated"),
    ];
    for (mode, code) in modes {
        let mut unnamed = 0;
        for seed in 0..SEEDS {
            for rate in [5.0, 100.0] {
                let checked = check(mode, rate, seed, false);
                assert!(
                    checked.has_finding(code),
                    "{mode:?} {rate}/s {:#?}",
                    checked.verdict
                );
            }
            unnamed += usize::from(!check(mode, 20.0, seed, true).has_finding(code));
        }
        // A foreign stream cannot be asked for another rate: both may end at one point of it.
        assert!(unnamed * 5 <= SEEDS as usize, "{mode:?}: {unnamed}");
    }
    let idle = Mode::CutIdle {
        ms: 700.0,
        clean: false,
    };
    for seed in 0..SEEDS {
        // Events a second apart are cut after the first one, at any phase.
        let checked = check(idle, 1.0, seed, true);
        assert_eq!(checked.verdict.word, Word::Cut);
        let got_events = checked
            .observations
            .probes
            .iter()
            .all(|probe| !probe.events.is_empty());
        let ages: Vec<_> = checked
            .observations
            .probes
            .iter()
            .map(|probe| probe.end.at)
            .collect();
        let differ = ages[0].signed_since(ages[1]).abs() > 50_000_000;
        assert!(
            !(got_events && differ) || checked.has_finding("cut.idle"),
            "{:#?}",
            checked.verdict
        );
    }
}

#[test]
fn a_clean_end_is_cut_where_more_was_asked_for() {
    for seed in 0..SEEDS {
        let mode = Mode::CutAfter {
            ms: 2_600.0,
            clean: true,
        };
        let cooperating = check(mode, 20.0, seed, false);
        assert_eq!(
            cooperating.verdict.word,
            Word::Cut,
            "{:#?}",
            cooperating.verdict
        );
        // A foreign stream may simply be that long.
        let foreign = check(mode, 20.0, seed, true);
        assert_eq!(foreign.verdict.word, Word::Live, "{:#?}", foreign.verdict);
        assert!(foreign.has_finding("end.clean"), "{:#?}", foreign.verdict);
    }
}

#[test]
fn five_events_and_a_clean_end_are_live() {
    for seed in 0..SEEDS {
        for foreign in [false, true] {
            let five = Scene {
                count: Some(5),
                ..Scene::cooperating(Mode::Live, 1.0, 300, seed)
            };
            let five = if foreign { five.foreign() } else { five };
            let checked = five.check();
            assert_eq!(
                checked.verdict.word,
                Word::Live,
                "foreign {foreign}: {:#?}",
                checked.verdict
            );
            assert!(checked.has_finding("end.clean"));
        }
    }
}

/// Two foreign probes of the same stream, at two rates or two ages.
fn two_probes(one: &Scene, other: &Scene) -> Checked {
    let probe = |scene: &Scene, round| {
        let request = Request {
            round,
            accept_encoding: Some("gzip".into()),
            ..Request::default()
        };
        scene.observe(request, 10_000.0)
    };
    let observations = Observations {
        probes: vec![probe(one, 0), probe(other, 1)],
        ..Observations::default()
    };
    Checked {
        verdict: diagnose(&observations),
        observations,
    }
}

#[test]
fn a_limit_that_shows_twice_is_named() {
    for seed in 0..SEEDS {
        let total = |rate| {
            Scene::cooperating(
                Mode::CutAfter {
                    ms: 6_000.0,
                    clean: true,
                },
                rate,
                300,
                seed,
            )
            .foreign()
        };
        let checked = two_probes(&total(5.0), &total(20.0));
        assert_eq!(checked.verdict.word, Word::Cut, "{:#?}", checked.verdict);
        assert!(checked.has_finding("cut.total"));

        let idle = |after| Scene {
            rhythm: Rhythm::Stops { gap: 200.0, after },
            ..Scene::cooperating(
                Mode::CutIdle {
                    ms: 2_000.0,
                    clean: true,
                },
                5.0,
                300,
                seed,
            )
            .foreign()
        };
        let checked = two_probes(&idle(10), &idle(20));
        assert_eq!(checked.verdict.word, Word::Cut, "{:#?}", checked.verdict);
        assert!(checked.has_finding("cut.idle"));
    }
}

#[test]
fn an_endless_hold_is_silence_without_the_log_and_buffered_with_it() {
    for rate in [2.0, 10.0, 50.0, 200.0] {
        for size in [60, 1024, 4096] {
            for seed in 0..10 {
                for foreign in [false, true] {
                    let scene = Scene::cooperating(Mode::HoldAll, rate, size, seed);
                    let scene = if foreign { scene.foreign() } else { scene };
                    let verdict = scene.check().verdict;
                    assert_eq!(
                        (verdict.word, verdict.reason),
                        (Word::Inconclusive, Some(Reason::Silence))
                    );
                    let logged = Scene {
                        truth: true,
                        ..scene
                    }
                    .check()
                    .verdict;
                    assert_eq!(logged.word, Word::Buffered, "{logged:#?}");
                    assert_eq!(logged.hold.map(|hold| hold.by), Some(HoldBy::End));
                }
            }
        }
    }
}

#[test]
fn silence_says_what_may_still_be_hidden() {
    let silent = Scene::cooperating(Mode::HoldAll, 2.0, 60, 1)
        .foreign()
        .check();
    let hidden = silent
        .verdict
        .findings
        .iter()
        .find(|finding| finding.code == "run.next");
    assert_eq!(
        hidden.map(|finding| finding.text.as_str()),
        Some("a 4,096-byte buffer at 120 bytes a second opens after 34.1 s")
    );
}

#[test]
fn only_the_first_event_is_cut_where_more_was_asked_for() {
    let scene = Scene {
        rhythm: Rhythm::Once,
        ..Scene::cooperating(
            Mode::CutIdle {
                ms: 1_000.0,
                clean: true,
            },
            1.0,
            300,
            2,
        )
    };
    let request = Request {
        accept_encoding: Some("gzip".into()),
        asked: verdict::observations::Asked {
            count: Some(Count::Events(20)),
            ..Default::default()
        },
        ..Request::default()
    };
    let probe = scene.observe(request, 10_000.0);
    assert_eq!(probe.events.len(), 1);
    let verdict = diagnose(&Observations {
        probes: vec![probe],
        ..Observations::default()
    });
    assert_eq!(verdict.word, Word::Cut, "{verdict:#?}");
}

/// Three events and then silence, broken off after two seconds of it.
fn fell_silent(rhythm: Rhythm) -> Scene {
    Scene {
        rhythm,
        ..Scene::cooperating(
            Mode::CutIdle {
                ms: 2_000.0,
                clean: false,
            },
            5.0,
            300,
            1,
        )
        .foreign()
    }
}

#[test]
fn the_same_cut_twice_in_a_silence_of_the_same_age_does_not_tell_by_what() {
    let stops = Rhythm::Stops {
        gap: 200.0,
        after: 3,
    };
    let checked = two_probes(&fell_silent(stops), &fell_silent(stops));
    assert_eq!(checked.verdict.word, Word::Cut, "{:#?}", checked.verdict);
    assert!(!checked.has_finding("cut.total") && !checked.has_finding("cut.idle"));
}

#[test]
fn what_outlives_the_cut_with_shorter_silences_makes_it_a_limit_of_silence() {
    let stops = Rhythm::Stops {
        gap: 200.0,
        after: 3,
    };
    let flows = Rhythm::Regular { gap: 1_000.0 };
    let checked = two_probes(&fell_silent(stops), &fell_silent(flows));
    assert_eq!(checked.verdict.word, Word::Cut, "{:#?}", checked.verdict);
    assert!(checked.has_finding("cut.idle"), "{:#?}", checked.verdict);
}
