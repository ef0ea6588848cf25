//! Streams that are held back, by every rule: the word, the rule and its figure.

use run_record::verdict::{HoldBy, Word};

use crate::check::Scene;
use crate::server::Mode;
use crate::table::{Role, Truth, assert_right, endless, finite, in_both_roles, run};

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

/// An event that fills whole blocks leaves nothing behind.
fn held_by_blocks(bytes: u64, size: u64) -> Truth {
    if size.is_multiple_of(bytes) {
        Truth::is(Word::Live)
    } else {
        Truth::held(Word::Batched, HoldBy::Size, bytes as f64)
    }
}

#[test]
fn size_holds_show_their_size() {
    for bytes in [512, 4096, 16_384] {
        let held = Truth::held(Word::Batched, HoldBy::Size, bytes as f64);
        let seen = |rate, size| openings(bytes, rate, size) >= 4.0;
        let mode = Mode::HoldSize { bytes };
        assert_right(mode, Role::Cooperating, endless, |_, size| {
            held_by_blocks(bytes, size)
        });
        assert_right(mode, Role::Foreign, endless, |rate, size| {
            held_by_blocks(bytes, size).if_decidable(seen(rate, size))
        });

        let rounded = |size: u64| {
            if size >= bytes {
                Truth::is(Word::Live)
            } else {
                held
            }
        };
        let mode = Mode::Rounded { bytes };
        assert_right(mode, Role::Cooperating, endless, |_, size| rounded(size));
        assert_right(mode, Role::Foreign, endless, |rate, size| {
            rounded(size).if_decidable(seen(rate, size))
        });
    }
}

#[test]
fn time_holds_show_their_time() {
    for ms in [50.0, 200.0, 1_000.0] {
        let held = Truth::held(Word::Batched, HoldBy::Time, ms);
        assert_right(Mode::HoldTime { ms }, Role::Cooperating, endless, |_, _| {
            held
        });
        assert_right(Mode::HoldTime { ms }, Role::Foreign, endless, |rate, _| {
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
fn a_timer_that_runs_by_itself_shows_its_period() {
    let ms = 500.0;
    let held = Truth::held(Word::Batched, HoldBy::Time, ms);
    // Slower than the timer, events wait for any time up to its period.
    let shows = |rate: f64| held.if_decidable(rate * ms > 1_200.0);
    for role in [Role::Cooperating, Role::Fixed] {
        let runs = run(Mode::Ticker { ms }, role, endless, |rate, _| shows(rate));
        let wrong: Vec<_> = runs
            .wrong
            .iter()
            .filter(|line| !line.contains(" 2/s "))
            .collect();
        assert!(wrong.is_empty(), "{:#?}", &wrong[..wrong.len().min(3)]);
        assert_eq!(runs.undecided, Vec::<String>::new());
    }
}

#[test]
fn a_cork_holds_for_two_hundred_milliseconds() {
    let held = Truth::held(Word::Batched, HoldBy::Time, 204.0);
    let mode = Mode::Cork { segment: 65_483 };
    // At 4 KiB and 200/s the segment of loopback is full before the time is over.
    let fills = |rate: f64, size: u64| rate * size as f64 * 0.2 > 65_483.0;
    let full = Truth::held(Word::Batched, HoldBy::Size, 65_483.0);
    assert_right(mode, Role::Cooperating, endless, |rate, size| {
        if fills(rate, size) { full } else { held }
    });
    assert_right(mode, Role::Foreign, endless, |rate, size| {
        if fills(rate, size) {
            full
        } else {
            foreign_time(204.0, rate, held)
        }
    });
}

#[test]
fn one_behind_is_told_from_a_timer() {
    assert_right(Mode::LagOne, Role::Cooperating, endless, |_, _| {
        Truth::held(Word::Batched, HoldBy::Event, 1.0)
    });
    assert_right(Mode::LagOne, Role::Foreign, endless, |_, _| {
        Truth::is(Word::Live)
    });
}

#[test]
fn a_compressor_without_flush_is_found_by_its_control() {
    let plain = 60_000;
    let mode = Mode::GzipUnflushed { plain };
    for role in [Role::Cooperating, Role::Foreign] {
        let mut runs = run(mode, role, endless, |rate, size| {
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

/// A busy machine, a Unix socket, an application whose rate cannot be asked for:
/// less may be said, but nothing wrong.
#[test]
fn no_word_is_wrong_in_any_role() {
    for role in [Role::Fixed, Role::Busy, Role::BusyForeign, Role::Unix] {
        let no_wrong_word = |mode: Mode, truth: &dyn Fn(f64, u64) -> Truth| {
            let runs = run(mode, role, endless, truth);
            let shown: Vec<_> = runs.wrong.iter().take(3).collect();
            assert!(
                runs.wrong.is_empty(),
                "{} wrong, such as {shown:#?}",
                runs.wrong.len()
            );
        };
        no_wrong_word(Mode::Live, &|_, _| Truth::is(Word::Live));
        for bytes in [512, 4096] {
            no_wrong_word(Mode::HoldSize { bytes }, &|_, size| {
                held_by_blocks(bytes, size)
            });
        }
        let shows_shift = role != Role::BusyForeign;
        for ms in [50.0, 200.0, 1_000.0] {
            let held = Truth::held(Word::Batched, HoldBy::Time, ms);
            no_wrong_word(Mode::HoldTime { ms }, &|rate, _| {
                if shows_shift {
                    held
                } else {
                    foreign_time(ms, rate, held)
                }
            });
        }
        no_wrong_word(Mode::LagOne, &|_, _| {
            if shows_shift {
                Truth::held(Word::Batched, HoldBy::Event, 1.0)
            } else {
                Truth::is(Word::Live)
            }
        });
    }
}
