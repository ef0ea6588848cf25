//! Twenty modes, innocent look-alikes among them, thirty seeds each: 600 of 600. Not one false LIVE, not one false hold.
//!
//! Source: measuring section 9, criterion 6. Rate and size change with the seed.

use run_record::verdict::{HoldBy, Word};

use crate::chance::Chance;
use crate::check::Scene;
use crate::client::Path;
use crate::measured::unframe;
use crate::server::Mode;
use crate::source::Rhythm;
use crate::table::{SEEDS, tell};

/// A mode, and what a check that knows send times must say of it.
struct Case {
    name: &'static str,
    scene: fn(Scene) -> Scene,
    word: Word,
    hold: Option<(HoldBy, f64)>,
}

const fn live(name: &'static str, scene: fn(Scene) -> Scene) -> Case {
    Case {
        name,
        scene,
        word: Word::Live,
        hold: None,
    }
}

const fn held(
    name: &'static str,
    scene: fn(Scene) -> Scene,
    word: Word,
    hold: Option<(HoldBy, f64)>,
) -> Case {
    Case {
        name,
        scene,
        word,
        hold,
    }
}

fn with(scene: Scene, mode: Mode) -> Scene {
    Scene { mode, ..scene }
}

const CASES: [Case; 20] = [
    live("live", |scene| scene),
    held(
        "whole response",
        |scene| Scene {
            count: Some(60),
            ..with(scene, Mode::HoldAll)
        },
        Word::Buffered,
        Some((HoldBy::End, 0.0)),
    ),
    held(
        "buffer of 1 KiB",
        |scene| with(scene, Mode::HoldSize { bytes: 1024 }),
        Word::Batched,
        Some((HoldBy::Size, 1024.0)),
    ),
    held(
        "buffer of 4 KiB",
        |scene| with(scene, Mode::HoldSize { bytes: 4096 }),
        Word::Batched,
        Some((HoldBy::Size, 4096.0)),
    ),
    held(
        "buffer of 8 KiB",
        |scene| with(scene, Mode::HoldSize { bytes: 8192 }),
        Word::Batched,
        Some((HoldBy::Size, 8192.0)),
    ),
    held(
        "buffer of 16 KiB",
        |scene| with(scene, Mode::HoldSize { bytes: 16_384 }),
        Word::Batched,
        Some((HoldBy::Size, 16_384.0)),
    ),
    held(
        "buffer of 64 KiB",
        |scene| with(scene, Mode::HoldSize { bytes: 65_536 }),
        Word::Batched,
        Some((HoldBy::Size, 65_536.0)),
    ),
    held(
        "timer of 50 ms",
        |scene| with(scene, Mode::HoldTime { ms: 50.0 }),
        Word::Batched,
        Some((HoldBy::Time, 50.0)),
    ),
    held(
        "timer of 1 s",
        |scene| with(scene, Mode::HoldTime { ms: 1_000.0 }),
        Word::Batched,
        Some((HoldBy::Time, 1_000.0)),
    ),
    live("gzip, flushed", |scene| with(scene, Mode::Gzip)),
    live("only the headers are late", |scene| {
        with(scene, Mode::LateHead)
    }),
    held(
        "only the first bytes are held",
        |scene| Scene {
            size: 300,
            ..with(scene, Mode::FirstBytes { bytes: 4_096 })
        },
        Word::Batched,
        None,
    ),
    held(
        "a proxy that merges two chunks",
        |scene| with(scene, Mode::Merge { events: 2 }),
        Word::Batched,
        None,
    ),
    live("HTTP/1.0, ended by a close", |scene| Scene {
        dress: unframe,
        ..scene
    }),
    held(
        "comments only",
        |scene| with(scene, Mode::CommentsOnly),
        Word::Inconclusive,
        None,
    ),
    live("a slow source", |scene| Scene {
        rhythm: Rhythm::Regular { gap: 1_500.0 },
        ..scene
    }),
    live("a source that publishes in bursts", |scene| Scene {
        rhythm: Rhythm::Bursts {
            gap: 500.0,
            events: 5,
        },
        ..scene
    }),
    live("three writes for an event, with Nagle on", |scene| {
        with(scene, Mode::Pieces { writes: 3 })
    }),
    live("a path that loses", |scene| Scene {
        path: Path {
            loses_one_in: 300.0,
            ..Path::default()
        },
        ..scene
    }),
    live("a client that was stalled", stalled),
];

/// Twice, for as long as several events.
fn stalled(scene: Scene) -> Scene {
    let mut chance = Chance::new(scene.seed);
    let mut absence = |begin: f64| {
        (
            begin + chance.between(0.0, 300.0),
            chance.between(50.0, 350.0),
        )
    };
    let path = Path {
        absences: vec![absence(400.0), absence(1_500.0)],
        knows_absences: true,
        ..Path::default()
    };
    Scene { path, ..scene }
}

#[test]
fn six_hundred_of_six_hundred() {
    let mut wrong = Vec::new();
    for case in &CASES {
        for seed in 0..SEEDS {
            let mut chance = Chance::new(seed + 7_000);
            let rate = [5.0, 10.0, 20.0, 50.0, 100.0][(seed % 5) as usize];
            let size = chance.between(60.0, 900.0) as u64;
            let scene = (case.scene)(Scene::cooperating(Mode::Live, rate, size, seed));
            let verdict = scene.check().verdict;
            let hold = verdict.hold.as_ref();
            let is_right = verdict.word == case.word
                && case.hold.is_none_or(|(by, amount)| {
                    let measured = match by {
                        HoldBy::Size => hold.and_then(|hold| hold.bytes),
                        HoldBy::Time => hold.and_then(|hold| hold.ms),
                        _ => Some(0),
                    };
                    let slack = match by {
                        HoldBy::Size => (size as f64).max(0.05 * amount),
                        _ => (0.05 * amount).max(5.0),
                    };
                    hold.is_some_and(|hold| hold.by == by)
                        && measured.is_some_and(|it| (it as f64 - amount).abs() <= slack)
                });
            if !is_right {
                let said = format!("{:?} {:?}, {}", verdict.word, verdict.hold, verdict.gloss);
                wrong.push(format!(
                    "{}, {rate}/s {size} B seed {seed}: {said}",
                    case.name
                ));
            }
        }
    }
    let all = CASES.len() * SEEDS as usize;
    tell("twenty modes of criterion 6", all, wrong.len(), 0);
    assert_eq!(all, 600);
    assert!(
        wrong.is_empty(),
        "{} of {all} wrong: {wrong:#?}",
        wrong.len()
    );
}
