//! Innocent look-alikes: streams that look held back and are not. None may be
//! accused; what cannot be told may stay open.

use run_record::verdict::{Confidence, Verdict, Word};

use crate::chance::Chance;
use crate::check::Scene;
use crate::client::Path;
use crate::server::Mode;
use crate::source::Rhythm;
use crate::table::tell;

const RATES: [f64; 5] = [2.0, 5.0, 20.0, 100.0, 200.0];
const SEEDS: u64 = 30;

/// Checks a scene over rates and seeds, in both roles; returns how many were undecided.
fn never_accused(scene: impl Fn(f64, u64) -> Scene) -> (usize, usize) {
    let (mut undecided, mut all) = (0, 0);
    for rate in RATES {
        for seed in 0..SEEDS {
            for foreign in [false, true] {
                let scene = scene(rate, seed);
                let scene = if foreign { scene.foreign() } else { scene };
                let verdict = scene.check().verdict;
                assert!(
                    !is_accusation(&verdict),
                    "{rate}/s seed {seed} foreign {foreign}: {verdict:#?}"
                );
                undecided += usize::from(verdict.word != Word::Live);
                all += 1;
            }
        }
    }
    tell("an innocent", all, 0, undecided);
    (undecided, all)
}

fn is_accusation(verdict: &Verdict) -> bool {
    matches!(
        verdict.word,
        Word::Batched | Word::Buffered | Word::Cut | Word::NoStream
    )
}

fn live(rate: f64, seed: u64) -> Scene {
    Scene::cooperating(Mode::Live, rate, 300, seed)
}

#[test]
fn a_random_source_is_live() {
    let (undecided, all) = never_accused(|rate, seed| Scene {
        rhythm: Rhythm::Poisson {
            gap: 1_000.0 / rate,
        },
        ..live(rate, seed)
    });
    assert!(undecided * 20 <= all, "{undecided} of {all}");
}

#[test]
fn bursts_of_the_source_are_live_where_it_says_when_it_sent() {
    for seed in 0..SEEDS {
        let bursts = Scene {
            rhythm: Rhythm::Bursts {
                gap: 1_000.0,
                events: 6,
            },
            ..live(1.0, seed)
        };
        let verdict = bursts.check().verdict;
        assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        // Without send times nobody can tell, and the verdict must not pretend to.
        let foreign = bursts.foreign().check().verdict;
        assert!(foreign.confidence <= Confidence::Medium, "{foreign:#?}");
        assert!(
            foreign
                .causes
                .iter()
                .any(|cause| cause.code == "source.batches"),
            "{foreign:#?}"
        );
    }
}

#[test]
fn slow_and_silent_sources_are_not_accused() {
    for rhythm in [
        Rhythm::Regular { gap: 4_000.0 },
        Rhythm::Once,
        Rhythm::Heartbeats { gap: 1_000.0 },
    ] {
        never_accused(|rate, seed| Scene {
            rhythm,
            ..live(rate, seed)
        });
    }
}

#[test]
fn a_source_that_slows_down_is_live() {
    let rhythm = Rhythm::Slowing {
        from: 20.0,
        to: 1_000.0,
    };
    let (undecided, _) = never_accused(|rate, seed| Scene {
        rhythm,
        ..live(rate, seed)
    });
    assert_eq!(undecided, 0);
}

#[test]
fn events_in_several_writes_are_live() {
    let pieces = Mode::Pieces { writes: 4 };
    let (undecided, all) = never_accused(|rate, seed| Scene {
        mode: pieces,
        ..live(rate, seed)
    });
    assert!(undecided * 33 <= all, "{undecided} of {all}");
}

/// A process that is stopped one to three times, known to itself or not, with
/// kernel stamps or without.
fn stopped(rate: f64, seed: u64) -> Scene {
    let mut chance = Chance::new(seed);
    let times = 1 + seed % 3;
    let absences = (0..times).map(|n| {
        let begin = 300.0 + n as f64 * 900.0 + chance.between(0.0, 300.0);
        (begin, chance.between(50.0, 550.0))
    });
    let path = Path {
        absences: absences.collect(),
        knows_absences: seed.is_multiple_of(2),
        is_unix: seed.is_multiple_of(5),
        ..Path::default()
    };
    Scene {
        path,
        ..live(rate, seed)
    }
}

#[test]
fn a_stopped_check_does_not_accuse() {
    let (undecided, all) = never_accused(stopped);
    assert!(undecided * 10 <= all, "{undecided} of {all}");
}

/// A process that gets less than half of the time.
fn starved(rate: f64, seed: u64) -> Scene {
    let mut chance = Chance::new(seed);
    let mut at = 10.0;
    let mut absences = Vec::new();
    while at < 10_000.0 {
        let lasts = chance.between(20.0, 250.0);
        absences.push((at, lasts));
        at += lasts + chance.between(5.0, 120.0);
    }
    let path = Path {
        absences,
        knows_absences: seed.is_multiple_of(2),
        is_unix: seed.is_multiple_of(3),
        ..Path::default()
    };
    Scene {
        path,
        ..live(rate, seed)
    }
}

#[test]
fn a_starved_check_does_not_accuse() {
    never_accused(starved);
}

/// A process that runs for five milliseconds out of two hundred: whatever it
/// reads came in groups, and none of them is the server's.
fn rarely_running(rate: f64, seed: u64) -> Scene {
    let absences = (0..50)
        .map(|n| (5.0 + 200.0 * f64::from(n), 195.0))
        .collect();
    let path = Path {
        absences,
        knows_absences: seed.is_multiple_of(2),
        is_unix: seed.is_multiple_of(3),
        ..Path::default()
    };
    Scene {
        path,
        ..live(rate, seed)
    }
}

#[test]
fn a_check_that_rarely_runs_does_not_accuse() {
    never_accused(rarely_running);
}

#[test]
fn a_lossy_path_is_not_a_hold() {
    let lossy = Path {
        loses_one_in: 100.0,
        ..Path::default()
    };
    never_accused(|rate, seed| Scene {
        path: lossy.clone(),
        ..live(rate, seed)
    });
}

#[test]
fn a_distant_server_is_live() {
    let far = Path {
        latency: 40.0,
        ..Path::default()
    };
    let (undecided, all) = never_accused(|rate, seed| Scene {
        path: far.clone(),
        ..live(rate, seed)
    });
    assert!(undecided * 33 <= all, "{undecided} of {all}");
}
