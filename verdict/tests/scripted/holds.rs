//! Streams that are held back, by every rule: the word, the rule and its figure.

use run_record::verdict::{HoldBy, Word};

use crate::check::Scene;
use crate::server::Mode;
use crate::table::{SEEDS, Truth, assert_right, endless, finite, in_both_roles, run};

#[test]
fn held_to_the_end_is_buffered() {
    for mode in [Mode::HoldAll, Mode::ContentLength] {
        in_both_roles(mode, finite, |_, _| {
            Truth::held(Word::Buffered, HoldBy::End, 0.0)
        });
    }
}

/// How often a block of so many bytes opens within ten seconds.
fn openings(bytes: u64, rate: f64, size: u64) -> f64 {
    10.0 * rate / bytes.div_ceil(size) as f64
}

#[test]
fn size_holds_show_their_size() {
    for bytes in [512, 4096, 16_384] {
        let held = Truth::held(Word::Batched, HoldBy::Size, bytes as f64);
        let seen = |rate, size| openings(bytes, rate, size) >= 4.0;
        // An event that fills whole blocks leaves nothing behind.
        let blocks = |size: u64| {
            if size.is_multiple_of(bytes) {
                Truth::is(Word::Live)
            } else {
                held
            }
        };
        let mode = Mode::HoldSize { bytes };
        assert_right(mode, false, endless, |_, size| blocks(size));
        assert_right(mode, true, endless, |rate, size| {
            blocks(size).if_decidable(seen(rate, size))
        });

        let rounded = |size: u64| {
            if size >= bytes {
                Truth::is(Word::Live)
            } else {
                held
            }
        };
        let mode = Mode::Rounded { bytes };
        assert_right(mode, false, endless, |_, size| rounded(size));
        assert_right(mode, true, endless, |rate, size| {
            rounded(size).if_decidable(seen(rate, size))
        });
    }
}

#[test]
fn time_holds_show_their_time() {
    for ms in [50.0, 200.0, 1_000.0] {
        let held = Truth::held(Word::Batched, HoldBy::Time, ms);
        assert_right(Mode::HoldTime { ms }, false, endless, |_, _| held);
        assert_right(Mode::HoldTime { ms }, true, endless, |rate, _| {
            foreign_time(ms, rate, held)
        });
    }
}

/// A hold shorter than the gap shifts every event by the same: without send
/// times nobody can see it, and the verdict says so.
fn foreign_time(ms: f64, rate: f64, held: Truth) -> Truth {
    let gap = 1_000.0 / rate;
    if ms < 0.9 * gap {
        Truth::is(Word::Live)
    } else {
        held.if_decidable(ms > 1.2 * gap)
    }
}

#[test]
fn a_cork_holds_for_two_hundred_milliseconds() {
    let held = Truth::held(Word::Batched, HoldBy::Time, 204.0);
    let mode = Mode::Cork { segment: 65_483 };
    // At 4 KiB and 200/s the segment of loopback is full before the time is over.
    let fills = |rate: f64, size: u64| rate * size as f64 * 0.2 > 65_483.0;
    let full = Truth::held(Word::Batched, HoldBy::Size, 65_483.0);
    assert_right(mode, false, endless, |rate, size| {
        if fills(rate, size) { full } else { held }
    });
    assert_right(mode, true, endless, |rate, size| {
        if fills(rate, size) {
            full
        } else {
            foreign_time(204.0, rate, held)
        }
    });
}

#[test]
fn one_behind_is_told_from_a_timer() {
    assert_right(Mode::LagOne, false, endless, |_, _| {
        Truth::held(Word::Batched, HoldBy::Event, 1.0)
    });
    assert_right(Mode::LagOne, true, endless, |_, _| Truth::is(Word::Live));
}

#[test]
fn a_compressor_without_flush_is_found_by_its_control() {
    let plain = 60_000;
    let mode = Mode::GzipUnflushed { plain };
    for foreign in [false, true] {
        let mut runs = run(mode, foreign, endless, |rate, size| {
            // A block within the watch makes groups, none a hold without end.
            let word = if openings(plain, rate, size) >= 1.0 {
                Word::Batched
            } else {
                Word::Buffered
            };
            Truth::is(word)
        });
        // One block just when the watch ends may be seen or not.
        runs.wrong
            .retain(|line| !line.contains("20/s 300 B") && !line.contains("100/s 60 B"));
        assert!(
            runs.wrong.is_empty(),
            "{:#?}",
            &runs.wrong[..runs.wrong.len().min(5)]
        );
        assert_eq!(runs.undecided, Vec::<String>::new());
    }
    let checked = Scene::cooperating(mode, 5.0, 300, 1).check();
    assert!(
        checked
            .verdict
            .causes
            .iter()
            .any(|cause| cause.code == "unknown.compressor")
    );
}
