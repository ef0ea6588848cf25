//! Every mode of target-server, as a cooperating and as a foreign stream, at
//! rates from 2/s to 200/s and sizes from 60 B to 4 KiB: no wrong word.

use run_record::verdict::{HoldBy, Reason, Word};

use crate::check::{Checked, Scene};
use crate::server::Mode;

const RATES: [f64; 5] = [2.0, 5.0, 20.0, 100.0, 200.0];
const SIZES: [u64; 4] = [60, 300, 1024, 4096];
const SEEDS: u64 = 30;

/// What is true of a mode at one rate and size, from the mode's own meaning.
#[derive(Clone, Copy, Debug)]
struct Truth {
    word: Word,
    /// The rule of release and its parameter, in bytes or milliseconds.
    hold: Option<(HoldBy, f64)>,
    /// Whether a check of ten seconds must find the word.
    decidable: bool,
}

impl Truth {
    fn is(word: Word) -> Self {
        Self { word, hold: None, decidable: true }
    }

    fn held(word: Word, by: HoldBy, amount: f64) -> Self {
        Self { word, hold: Some((by, amount)), decidable: true }
    }

    fn if_decidable(self, decidable: bool) -> Self {
        Self { decidable, ..self }
    }
}

/// Whole runs over rates, sizes and seeds, in one role.
struct Runs {
    wrong: Vec<String>,
    undecided: Vec<String>,
    decidable: usize,
}

fn run(mode: Mode, foreign: bool, count: impl Fn(f64) -> Option<u64>, truth: impl Fn(f64, u64) -> Truth) -> Runs {
    let mut runs = Runs { wrong: Vec::new(), undecided: Vec::new(), decidable: 0 };
    for rate in RATES {
        for size in SIZES {
            let truth = truth(rate, size);
            for seed in 0..SEEDS {
                let scene = Scene { count: count(rate), ..Scene::cooperating(mode, rate, size, seed) };
                let scene = if foreign { scene.foreign() } else { scene };
                let checked = scene.check();
                let is_undecided = checked.verdict.word == Word::Inconclusive;
                runs.decidable += usize::from(truth.decidable);
                if truth.decidable && is_undecided {
                    runs.undecided.push(format!("{mode:?} {rate}/s {size} B seed {seed}: {:?}", checked.verdict.reason));
                }
                if !is_undecided && let Err(why) = agrees(&checked, truth, rate, size, foreign) {
                    runs.wrong.push(format!("{mode:?} {rate}/s {size} B seed {seed} foreign {foreign}: {why}; true is {truth:?}; {:?}", checked.verdict));
                }
            }
        }
    }
    runs
}

fn agrees(checked: &Checked, truth: Truth, rate: f64, size: u64, foreign: bool) -> Result<(), String> {
    let verdict = &checked.verdict;
    if verdict.word != truth.word {
        return Err(format!("the word is {}", verdict.word.label()));
    }
    let Some((by, amount)) = truth.hold else { return Ok(()) };
    let hold = verdict.hold.as_ref().ok_or("there is no hold")?;
    let unseparated = foreign && hold.by == HoldBy::SizeOrTime;
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
    if (measured - amount).abs() <= tolerance { Ok(()) } else { Err(format!("{measured} instead of {amount}")) }
}

fn assert_right(mode: Mode, foreign: bool, count: impl Fn(f64) -> Option<u64>, truth: impl Fn(f64, u64) -> Truth) {
    let runs = run(mode, foreign, count, truth);
    let shown: Vec<_> = runs.wrong.iter().take(5).collect();
    assert!(runs.wrong.is_empty(), "{} wrong, such as {shown:#?}", runs.wrong.len());
    let share = runs.undecided.len() as f64 / (runs.decidable as f64).max(1.0);
    let shown: Vec<_> = runs.undecided.iter().step_by(7).take(10).collect();
    assert!(share <= 0.03, "{share} of {} undecided, such as {shown:#?}", runs.decidable);
}

fn endless(_rate: f64) -> Option<u64> {
    None
}

/// Five seconds of events.
fn finite(rate: f64) -> Option<u64> {
    Some((rate * 5.0) as u64)
}

fn in_both_roles(mode: Mode, count: impl Fn(f64) -> Option<u64> + Copy, truth: impl Fn(f64, u64) -> Truth + Copy) {
    assert_right(mode, false, count, truth);
    assert_right(mode, true, count, truth);
}

#[test]
fn live_is_live() {
    in_both_roles(Mode::Live, endless, |_, _| Truth::is(Word::Live));
    in_both_roles(Mode::LateHead, endless, |_, _| Truth::is(Word::Live));
    in_both_roles(Mode::Gzip, endless, |_, _| Truth::is(Word::Live));
}

#[test]
fn held_to_the_end_is_buffered() {
    for mode in [Mode::HoldAll, Mode::ContentLength] {
        in_both_roles(mode, finite, |_, _| Truth::held(Word::Buffered, HoldBy::End, 0.0));
    }
}

/// How often a block of so many bytes opens within ten seconds.
fn openings(bytes: u64, rate: f64, size: u64) -> f64 {
    10.0 * rate / bytes.div_ceil(size) as f64
}

#[test]
fn size_holds_show_their_size() {
    for bytes in [512, 4096, 16_384] {
        let truth = |rate: f64, size: u64, foreign: bool| {
            if size >= bytes {
                return Truth::is(Word::Live);
            }
            let seen = !foreign || openings(bytes, rate, size) >= 4.0;
            Truth::held(Word::Batched, HoldBy::Size, bytes as f64).if_decidable(seen)
        };
        for mode in [Mode::HoldSize { bytes }, Mode::Blocks { bytes }] {
            assert_right(mode, false, endless, |rate, size| truth(rate, size, false));
            assert_right(mode, true, endless, |rate, size| truth(rate, size, true));
        }
    }
}

#[test]
fn time_holds_show_their_time() {
    for ms in [50.0, 200.0, 1_000.0] {
        let held = Truth::held(Word::Batched, HoldBy::Time, ms);
        assert_right(Mode::HoldTime { ms }, false, endless, |_, _| held);
        assert_right(Mode::HoldTime { ms }, true, endless, |rate, _| foreign_time(ms, rate, held));
    }
}

/// A hold shorter than the gap shifts every event by the same: without send
/// times nobody can see it, and the verdict says so.
fn foreign_time(ms: f64, rate: f64, held: Truth) -> Truth {
    let gap = 1_000.0 / rate;
    if ms < 0.9 * gap { Truth::is(Word::Live) } else { held.if_decidable(ms > 1.2 * gap) }
}

#[test]
fn a_cork_holds_for_two_hundred_milliseconds() {
    let held = Truth::held(Word::Batched, HoldBy::Time, 204.0);
    let mode = Mode::Cork { segment: 65_483 };
    // At 4 KiB and 200/s the segment of loopback is full before the time is over.
    let fills = |rate: f64, size: u64| rate * size as f64 * 0.2 > 65_483.0;
    let full = Truth::held(Word::Batched, HoldBy::Size, 65_483.0);
    assert_right(mode, false, endless, |rate, size| if fills(rate, size) { full } else { held });
    assert_right(mode, true, endless, |rate, size| if fills(rate, size) { full } else { foreign_time(204.0, rate, held) });
}

#[test]
fn one_behind_is_told_from_a_timer() {
    assert_right(Mode::LagOne, false, endless, |_, _| Truth::held(Word::Batched, HoldBy::Event, 1.0));
    assert_right(Mode::LagOne, true, endless, |_, _| Truth::is(Word::Live));
}

#[test]
fn a_late_beginning_and_a_stall_are_findings() {
    for seed in 0..SEEDS {
        for rate in RATES {
            let late = Scene::cooperating(Mode::LateFirst { ms: 1_500.0 }, rate, 300, seed).check();
            assert_eq!(late.verdict.word, Word::Live, "{:?}", late.verdict);
            assert!(late.has_finding("first.late"), "{:?}", late.verdict);
            let stalled = Scene::cooperating(Mode::Stall { ms: 1_500.0, at: 10 }, rate, 300, seed);
            let stalled = Scene { watch: 20_000.0, ..stalled }.check();
            assert_eq!(stalled.verdict.word, Word::Live, "{:?}", stalled.verdict);
            assert!(stalled.has_finding("stall.once"), "{:?}", stalled.verdict);
        }
    }
    let first = Truth::held(Word::Live, HoldBy::First, 1_500.0);
    assert_right(Mode::LateFirst { ms: 1_500.0 }, false, endless, |_, _| first);
    assert_right(Mode::LateFirst { ms: 1_500.0 }, true, endless, |_, _| Truth::is(Word::Live));
    in_both_roles(Mode::Stall { ms: 1_500.0, at: 10 }, endless, |_, _| Truth::is(Word::Live));
}

#[test]
fn a_compressor_without_flush_is_found_by_its_control() {
    let plain = 60_000;
    let mode = Mode::GzipUnflushed { plain };
    for foreign in [false, true] {
        let mut runs = run(mode, foreign, endless, |rate, size| {
            // A block within the watch makes groups, none a hold without end.
            let word = if openings(plain, rate, size) >= 1.0 { Word::Batched } else { Word::Buffered };
            Truth::is(word)
        });
        // One block just when the watch ends may be seen or not.
        runs.wrong.retain(|line| !line.contains("20/s 300 B") && !line.contains("100/s 60 B"));
        assert!(runs.wrong.is_empty(), "{:#?}", &runs.wrong[..runs.wrong.len().min(5)]);
        assert_eq!(runs.undecided, Vec::<String>::new());
    }
    let checked = Scene::cooperating(mode, 5.0, 300, 1).check();
    assert!(checked.verdict.causes.iter().any(|cause| cause.code == "unknown.compressor"));
}

#[test]
fn what_is_no_stream_is_said_at_once() {
    for mode in [Mode::WrongType, Mode::Status { code: 503 }] {
        in_both_roles(mode, endless, |_, _| Truth::is(Word::NoStream));
    }
}

#[test]
fn a_stream_without_events_accuses_nobody() {
    for foreign in [false, true] {
        for (mode, reason) in [(Mode::Empty, Reason::Empty), (Mode::CommentsOnly, Reason::NoEvents)] {
            let scene = Scene::cooperating(mode, 5.0, 300, 3);
            let checked = if foreign { scene.foreign() } else { scene }.check();
            assert_eq!(checked.verdict.word, Word::Inconclusive);
            assert_eq!(checked.verdict.reason, Some(reason));
            assert!(checked.has_finding("run.next"));
        }
    }
}

#[test]
fn lost_doubled_and_reordered_events_are_findings() {
    let modes = [
        (Mode::Lose { nth: 7 }, "loss.silent"),
        (Mode::Duplicate { nth: 7 }, "order.duplicate"),
        (Mode::Reorder { nth: 7 }, "order.reordered"),
    ];
    for (mode, code) in modes {
        in_both_roles(mode, endless, |_, _| Truth::is(Word::Live));
        let checked = Scene::cooperating(mode, 20.0, 300, 5).check();
        assert!(checked.has_finding(code), "{:?}", checked.verdict.findings);
    }
}
