//! The deciding table of the crate's documentation: after as much data as it
//! says, a word is said, and the right one.

use run_record::verdict::Word;

use crate::check::Scene;
use crate::server::Mode;

const RATES: [f64; 6] = [1.0, 2.0, 5.0, 20.0, 100.0, 200.0];
const SIZES: [u64; 3] = [60, 300, 1000];
const SEEDS: u64 = 30;
/// No check watches longer than this by itself.
const LONGEST: f64 = 60.0;

/// Counts over many checks of just the length that the table asks for.
#[derive(Default)]
struct Counts {
    checks: usize,
    undecided: Vec<String>,
}

impl Counts {
    /// Checks a mode after `seconds`, in a role; any word but this or none at all is a failure.
    fn add(&mut self, scene: Scene, seconds: f64, word: Word) {
        if seconds > LONGEST {
            return;
        }
        let scene = Scene {
            watch: seconds * 1_000.0,
            can_vary: false,
            ..scene
        };
        let verdict = scene.check().verdict;
        self.checks += 1;
        if verdict.word == Word::Inconclusive {
            self.undecided
                .push(format!("{scene:?}: {:?}", verdict.reason));
        } else {
            assert_eq!(
                verdict.word, word,
                "{scene:?} after {seconds} s: {verdict:#?}"
            );
        }
    }

    fn assert_decided(&self) {
        let share = self.undecided.len() as f64 / self.checks as f64;
        let shown: Vec<_> = self.undecided.iter().step_by(5).take(8).collect();
        assert!(self.checks > 100, "only {} checks", self.checks);
        assert!(
            share <= 0.03,
            "{share} of {} undecided: {shown:#?}",
            self.checks
        );
    }
}

/// Every rate, size and seed, in both roles.
fn each(mode: Mode, mut check: impl FnMut(Scene, f64, u64, bool)) {
    for rate in RATES {
        for size in SIZES {
            for seed in 0..SEEDS {
                let scene = Scene::cooperating(mode, rate, size, seed);
                check(scene.clone(), rate, size, false);
                check(scene.foreign(), rate, size, true);
            }
        }
    }
}

#[test]
fn live_takes_thirty_events_or_five_over_a_time() {
    let mut counts = Counts::default();
    each(Mode::Live, |scene, rate, _, foreign| {
        // One gap more: the first event comes at any phase.
        let many = 31.0 / rate;
        let few = if foreign {
            4.0 + 2.0 / rate
        } else {
            1.0 + 2.0 / rate
        };
        counts.add(scene, many.min(few.max(6.0 / rate)), Word::Live);
    });
    counts.assert_decided();
}

#[test]
fn a_size_hold_takes_three_blocks_and_without_send_times_four() {
    for bytes in [512, 4096, 16_384] {
        let mut counts = Counts::default();
        each(Mode::HoldSize { bytes }, |scene, rate, size, foreign| {
            // A block of less than two events brings single ones, which only its
            // borders inside events betray.
            let blocks = match foreign {
                true if bytes < 2 * size => 8.0,
                true => 4.0,
                false => 3.0,
            };
            // An event that ends a block, and one gap of phase.
            let events = (blocks * bytes as f64 / size as f64).ceil() + 2.0;
            let is_seen = size < bytes;
            if is_seen {
                counts.add(scene, events / rate, Word::Batched);
            }
        });
        counts.assert_decided();
    }
}

#[test]
fn a_time_hold_takes_three_releases() {
    for ms in [50.0, 200.0, 1_000.0] {
        let mut counts = Counts::default();
        each(Mode::HoldTime { ms }, |scene, rate, _, foreign| {
            let gap = 1_000.0 / rate;
            let releases = 4.0 * (ms + 2.0 * gap);
            // Single events, each as late as the other: five of them.
            let alone = 7.0 * gap + ms;
            let seconds = if ms > 1.2 * gap {
                releases
            } else {
                alone.max(1_000.0)
            } / 1_000.0;
            if !foreign || ms > 1.2 * gap {
                counts.add(scene, seconds, Word::Batched);
            }
        });
        counts.assert_decided();
    }
}

#[test]
fn a_hold_to_the_end_takes_five_events_and_the_end() {
    let mut counts = Counts::default();
    each(Mode::HoldAll, |scene, rate, _, foreign| {
        let seconds = if foreign { 2.5 } else { 0.5 };
        let count = (seconds * rate).ceil().max(5.0);
        let scene = Scene {
            count: Some(count as u64),
            ..scene
        };
        counts.add(scene, (count + 2.0) / rate + 0.5, Word::Buffered);
    });
    counts.assert_decided();
}

#[test]
fn one_behind_takes_eight_events_and_send_times() {
    let mut counts = Counts::default();
    each(Mode::LagOne, |scene, rate, _, foreign| {
        // Below ten milliseconds the noise of a path counts.
        if !foreign && rate <= 100.0 {
            counts.add(scene, 9.0 / rate, Word::Batched);
        }
    });
    counts.assert_decided();
}
