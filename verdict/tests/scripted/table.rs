//! A mode, what is true of it at every rate and size, and whether that came out.

use run_record::verdict::{HoldBy, Word};

use crate::check::{Checked, Scene};
use crate::client::Path;
use crate::server::Mode;

pub(crate) const RATES: [f64; 5] = [2.0, 5.0, 20.0, 100.0, 200.0];
/// None but the last is a multiple of a usual block.
pub(crate) const SIZES: [u64; 4] = [60, 300, 1000, 4096];
pub(crate) const SEEDS: u64 = 30;

/// What is true of a mode at one rate and size, from the mode's own meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth {
    word: Word,
    /// The rule of release and its parameter, in bytes or milliseconds.
    hold: Option<(HoldBy, f64)>,
    /// Whether a check of ten seconds must find the word.
    decidable: bool,
}

impl Truth {
    pub(crate) fn is(word: Word) -> Self {
        Self {
            word,
            hold: None,
            decidable: true,
        }
    }

    pub(crate) fn held(word: Word, by: HoldBy, amount: f64) -> Self {
        Self {
            word,
            hold: Some((by, amount)),
            decidable: true,
        }
    }

    pub(crate) fn if_decidable(self, decidable: bool) -> Self {
        Self { decidable, ..self }
    }
}

/// Who checks, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Send times are known, rate and size can be asked for.
    Cooperating,
    /// Send times are known, nothing can be asked: an application of somebody else.
    Fixed,
    /// Arrivals only.
    Foreign,
    /// Cooperating, on a machine that is late thirty times as often as usual.
    Busy,
    /// Foreign, on such a machine.
    BusyForeign,
    /// Cooperating, over a Unix socket: no kernel stamps.
    Unix,
}

impl Role {
    fn scene(self, scene: Scene) -> Scene {
        let busy = |scene: Scene| Scene {
            path: Path {
                busy: 30.0,
                ..Path::default()
            },
            ..scene
        };
        match self {
            Self::Cooperating => scene,
            Self::Fixed => Scene {
                can_vary: false,
                ..scene
            },
            Self::Foreign => scene.foreign(),
            Self::Busy => busy(scene),
            Self::BusyForeign => busy(scene.foreign()),
            Self::Unix => Scene {
                path: Path {
                    is_unix: true,
                    ..Path::default()
                },
                ..scene
            },
        }
    }

    /// Whether size and time can be told apart by a second rate.
    fn separates(self) -> bool {
        matches!(self, Self::Cooperating | Self::Busy | Self::Unix)
    }
}

/// Whole runs over rates, sizes and seeds, in one role.
pub(crate) struct Runs {
    pub wrong: Vec<String>,
    pub undecided: Vec<String>,
    decidable: usize,
    all: usize,
}

/// Cases, wrong words or figures, and undecided ones: `scripts/truth` adds them up for criteria 6 and 7.
#[expect(clippy::print_stdout, reason = "a test tells what it has measured")]
pub(crate) fn tell(what: &str, cases: usize, wrong: usize, undecided: usize) {
    println!("verdicts | {what} | {cases} | {wrong} | {undecided}");
}

pub(crate) fn run(
    mode: Mode,
    role: Role,
    count: impl Fn(f64) -> Option<u64>,
    truth: impl Fn(f64, u64) -> Truth,
) -> Runs {
    let mut runs = Runs {
        wrong: Vec::new(),
        undecided: Vec::new(),
        decidable: 0,
        all: 0,
    };
    for rate in RATES {
        for size in SIZES {
            let truth = truth(rate, size);
            for seed in 0..SEEDS {
                let scene = Scene {
                    count: count(rate),
                    ..Scene::cooperating(mode, rate, size, seed)
                };
                let checked = role.scene(scene).check();
                let is_undecided = checked.verdict.word == Word::Inconclusive;
                runs.all += 1;
                runs.decidable += usize::from(truth.decidable);
                if truth.decidable && is_undecided {
                    runs.undecided.push(format!(
                        "{mode:?} {rate}/s {size} B seed {seed} {role:?}: {:?}",
                        checked.verdict.reason
                    ));
                }
                if !is_undecided && let Err(why) = agrees(&checked, truth, rate, size, role) {
                    runs.wrong.push(format!("{mode:?} {rate}/s {size} B seed {seed} {role:?}: {why}; true is {truth:?}; {:?}", checked.verdict));
                }
            }
        }
    }
    runs
}

fn agrees(checked: &Checked, truth: Truth, rate: f64, size: u64, role: Role) -> Result<(), String> {
    let verdict = &checked.verdict;
    if verdict.word != truth.word {
        return Err(format!("the word is {}", verdict.word.label()));
    }
    let Some((by, amount)) = truth.hold else {
        return Ok(());
    };
    // One behind and a timer of just one gap need a second rate to be told apart.
    if verdict.hold.is_none() && !role.separates() && matches!(by, HoldBy::Event | HoldBy::Time) {
        return Ok(());
    }
    let hold = verdict.hold.as_ref().ok_or("there is no hold")?;
    let unseparated = !role.separates() && hold.by == HoldBy::SizeOrTime;
    if hold.by != by && !unseparated {
        return Err(format!("held by {:?}", hold.by));
    }
    let (measured, one_event) = match by {
        HoldBy::Size => (hold.bytes, size as f64),
        HoldBy::Time | HoldBy::First => (hold.ms, 1_000.0 / rate),
        _ => return Ok(()),
    };
    let measured = measured.ok_or("the hold has no figure")? as f64;
    let tolerance = one_event.max(0.05 * amount) + 1.0;
    if (measured - amount).abs() <= tolerance {
        Ok(())
    } else {
        Err(format!("{measured} instead of {amount}"))
    }
}

pub(crate) fn assert_right(
    mode: Mode,
    role: Role,
    count: impl Fn(f64) -> Option<u64>,
    truth: impl Fn(f64, u64) -> Truth,
) {
    let runs = run(mode, role, count, truth);
    let name = format!("{mode:?} as {role:?}");
    tell(&name, runs.all, runs.wrong.len(), runs.undecided.len());
    let shown: Vec<_> = runs.wrong.iter().take(5).collect();
    assert!(
        runs.wrong.is_empty(),
        "{} wrong, such as {shown:#?}",
        runs.wrong.len()
    );
    let share = runs.undecided.len() as f64 / (runs.decidable as f64).max(1.0);
    let shown: Vec<_> = runs.undecided.iter().step_by(7).take(10).collect();
    assert!(
        share <= 0.03,
        "{share} of {} undecided, such as {shown:#?}",
        runs.decidable
    );
}

pub(crate) fn endless(_rate: f64) -> Option<u64> {
    None
}

/// Five seconds of events.
pub(crate) fn finite(rate: f64) -> Option<u64> {
    Some((rate * 5.0) as u64)
}

pub(crate) fn in_both_roles(
    mode: Mode,
    count: impl Fn(f64) -> Option<u64> + Copy,
    truth: impl Fn(f64, u64) -> Truth + Copy,
) {
    assert_right(mode, Role::Cooperating, count, truth);
    assert_right(mode, Role::Foreign, count, truth);
}
