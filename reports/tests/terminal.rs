//! What stands on a terminal: snapshots of whole pages, and what holds for every page.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports`, then read the difference.

mod sample;

use insta::assert_snapshot;
use proptest::prelude::*;
use reports::style::Style;
use reports::terminal::{end_table, live_view, progress_line};
use run_record::end::{End, EndReason};
use run_record::hiccups::Hiccup;
use run_record::metric::Metric;
use run_record::offset::{Basis, ClockRecord};
use run_record::time::{Interval, Nanos};
use unicode_width::UnicodeWidthStr;

const FILES: [&str; 2] = ["report.html", "run.json"];

fn page(record: &run_record::record::RunRecord, style: &Style) -> String {
    end_table(record, &FILES.map(str::to_owned), style)
}

#[test]
fn a_run_that_went_well() {
    assert_snapshot!(page(&sample::good_run(), &Style::default()));
}

#[test]
fn a_run_that_missed_its_limits() {
    assert_snapshot!(page(&sample::bad_run(), &Style::default()));
}

#[test]
fn the_same_in_ascii() {
    assert_snapshot!(page(
        &sample::bad_run(),
        &Style {
            ascii: true,
            ..Style::default()
        }
    ));
}

#[test]
fn the_same_on_a_narrow_terminal() {
    assert_snapshot!(page(
        &sample::bad_run(),
        &Style {
            width: 60,
            ..Style::default()
        }
    ));
}

#[test]
fn the_same_in_colour() {
    let coloured = page(
        &sample::bad_run(),
        &Style {
            colour: true,
            ..Style::default()
        },
    );
    assert_snapshot!(coloured.replace('\x1b', "ESC"));
}

#[test]
fn a_run_in_which_nothing_happened() {
    let mut record = sample::empty_run();
    record.end = End {
        reason: EndReason::Interrupted,
        text: "Ctrl-C after 2 s".to_owned(),
    };
    assert_snapshot!(end_table(&record, &[], &Style::default()));
}

#[test]
fn arrivals_known_only_as_intervals_have_two_rows() {
    let mut record = sample::empty_run();
    let histograms = &mut record.measured.group_mut("all").histograms;
    for sample in 1..=2_000 {
        let upper = Nanos::from_micros(sample * 10);
        histograms.record_edges(Metric::Delivery, upper - Nanos::from_millis(5), upper);
        histograms.record_edges(Metric::Transit, upper, upper);
    }
    assert_snapshot!(end_table(&record, &[], &Style::default()));
}

/// Both one-way times from 10 us to 20 ms, by a clock of which so much is known.
fn by_another_clock(clock: ClockRecord) -> run_record::record::RunRecord {
    let mut record = sample::empty_run();
    let group = record.measured.group_mut("all");
    for sample in 1..=2_000 {
        let time = Nanos::from_micros(sample * 10);
        for metric in [Metric::Gap, Metric::Delivery, Metric::Transit] {
            group.histograms.record(metric, time);
        }
    }
    record.clock = Some(clock);
    record
}

#[test]
fn what_two_clocks_blur_is_told_with_its_bound() {
    let record = by_another_clock(ClockRecord {
        bound_us: Some(Nanos::from_micros(10_500)),
        offset_us: Some(-37_000),
        drift_ppb: Some(50_000),
        drift_bound_ppb: Some(310),
        exchanges: 120,
        ..ClockRecord::new(Basis::Measured, "asked at http://192.0.2.1:8080/clock")
    });
    assert_snapshot!(end_table(&record, &[], &Style::default()));
}

#[test]
fn times_by_an_unknown_clock_are_refused() {
    let mut record = sample::empty_run();
    let unknown = "clock offset unknown: the server is on another machine";
    record.clock = Some(ClockRecord::new(Basis::Unknown, unknown));
    let text = |record: &_| end_table(record, &[], &Style::default());
    assert!(!text(&record).contains("clock"));
    record
        .measured
        .group_mut("all")
        .counters
        .events
        .without_clock = 1_940;
    assert_snapshot!(text(&record));
}

#[test]
fn times_in_which_the_generator_did_not_run_are_its_own() {
    let mut record = sample::good_run();
    let at = |ms| record.started.epoch_us + Nanos::from_millis(ms);
    for (from, to) in [(2_000, 2_503), (7_000, 7_024)] {
        let window = Interval::new(at(from), at(to));
        record.measured.hiccup(Hiccup::of(window));
    }
    record.measured.group_mut("all").counters.events.untimed = 1_940;
    for (subscriber, sequence) in [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2)] {
        let arrival = at(500) + Nanos::from_micros(subscriber);
        record.measured.fanout.observe(7, sequence, arrival);
    }
    let page = page(&record, &Style::default());
    for line in [
        "did not run 2 times, longest 503 ms at 00:02",
        "1,940 events of that time are left out",
        "each event to 2 to 3 of",
        "2 events sampled",
        "of arrivals that have a time",
    ] {
        let words: Vec<&str> = page.split_whitespace().collect();
        assert!(words.join(" ").contains(line), "{line:?} is not in {page}");
    }
}

#[test]
fn a_frame_of_the_live_view() {
    let timeline = sample::timeline();
    let lines = live_view(&sample::progress(&timeline), &Style::default());
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_frame_of_the_live_view_in_ascii() {
    let timeline = sample::timeline();
    let lines = live_view(
        &sample::progress(&timeline),
        &Style {
            ascii: true,
            ..Style::default()
        },
    );
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_line_of_progress_for_a_log() {
    let timeline = sample::timeline();
    let mut progress = sample::progress(&timeline);
    assert_snapshot!(progress_line(&progress));
    progress.verdict = None;
    progress.latency = None;
    assert_snapshot!(progress_line(&progress));
}

/// Invariant 6: every number of a page is in the record.
#[test]
fn the_page_can_be_made_again_from_the_file_alone() {
    for record in [
        sample::good_run(),
        sample::bad_run(),
        sample::hostile_run("\u{202e}\x1b[2J"),
    ] {
        let file = record.write().expect("a record can be written");
        let read =
            run_record::record::RunRecord::read(&file).expect("what was written can be read");
        assert_eq!(
            page(&read, &Style::default()),
            page(&record, &Style::default())
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_page_is_too_wide_and_nothing_hostile_reaches_it(
        hostile in prop::collection::vec(any::<char>(), 0..80),
        width in 60_usize..120,
        ascii: bool,
    ) {
        let hostile: String = hostile.into_iter().collect();
        let style = Style { ascii, width, ..Style::default() };
        let record = sample::hostile_run(&hostile);
        let timeline = sample::timeline();
        let mut progress = sample::progress(&timeline);
        progress.url = &hostile;
        progress.errors = &record.measured.errors;
        progress.view.keys = true;
        progress.view.press(b'e');
        progress.view.press(b'?');
        let frame = live_view(&progress, &style).join("\n");
        for text in [end_table(&record, std::slice::from_ref(&hostile), &style), frame] {
            for line in text.lines() {
                prop_assert!(line.width() <= width, "{} columns: {line:?}", line.width());
                prop_assert!(!line.contains(char::is_control), "{line:?}");
                prop_assert!(!ascii || line.is_ascii(), "{line:?}");
            }
        }
    }
}
