//! What a check says on a terminal: snapshots of whole pages, and what holds for every page.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports`, then read the difference.

#[path = "sample/checks.rs"]
mod checks;

use checks::Drop;
use insta::assert_snapshot;
use proptest::prelude::*;
use reports::style::Style;
use reports::terminal::check_page;
use run_record::end::{End, EndReason, Exit};
use run_record::probe::ProbeRecord;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::traces::Trace;
use run_record::verdict::Word;
use unicode_width::UnicodeWidthStr;

/// The page in all characters, and below it in ASCII.
fn both(page: impl Fn(&Style) -> String) -> String {
    let ascii = Style {
        ascii: true,
        ..Style::default()
    };
    let rule = "=".repeat(80);
    format!("{}{rule}\n{}", page(&Style::default()), page(&ascii))
}

fn pages(record: &RunRecord) -> String {
    both(|style| check_page(record, style))
}

#[test]
fn live() {
    assert_snapshot!(pages(&checks::live()));
}

#[test]
fn live_too_fast_to_show_every_event_and_without_send_times() {
    assert_snapshot!(pages(&checks::fast_foreign_live()));
}

#[test]
fn one_way_times_by_another_clock_are_not_told_and_that_is() {
    let mut record = checks::live();
    let group = record.measured.group_mut("all");
    group.histograms.clear();
    group.counters.events.without_clock = 1;
    let page = check_page(&record, &Style::default());
    assert!(
        page.contains("transit unknown: the server has another clock"),
        "{page}"
    );
    assert!(!page.contains("transit p50"), "{page}");
}

#[test]
fn batched_by_size() {
    assert_snapshot!(pages(&checks::batched()));
}

#[test]
fn batched_by_time() {
    assert_snapshot!(pages(&checks::batched_by_time()));
}

#[test]
fn buffered() {
    assert_snapshot!(pages(&checks::buffered()));
}

#[test]
fn cut() {
    assert_snapshot!(pages(&checks::cut()));
}

/// The end is what matters: of a long stream, its last events are shown.
#[test]
fn cut_after_more_events_than_can_be_shown() {
    let evidence = ["two responses ended at the age of 15.0 s, whatever they carried"];
    let verdict = checks::verdict(Word::Cut, "ended after 15.0 s, twice", &evidence);
    let drops = checks::live_drops(20, 750);
    let record = checks::check("http://localhost/ticks", &drops, 15_004, verdict);
    assert_snapshot!(pages(&record));
}

#[test]
fn no_stream() {
    assert_snapshot!(pages(&checks::no_stream()));
}

#[test]
fn inconclusive() {
    assert_snapshot!(pages(&checks::inconclusive()));
}

#[test]
fn invalid() {
    assert_snapshot!(pages(&checks::invalid()));
}

#[test]
fn a_check_that_was_interrupted_before_a_verdict() {
    let mut record = checks::no_stream();
    record.verdict = None;
    record.end = End {
        reason: EndReason::Interrupted,
        text: "Ctrl-C after 2 s".to_owned(),
    };
    record.exit = Some(Exit {
        code: 130,
        reason: "interrupted".to_owned(),
    });
    assert_snapshot!(check_page(&record, &Style::default()));
}

#[test]
fn colours() {
    let colour = Style {
        colour: true,
        ..Style::default()
    };
    let page = check_page(&checks::batched(), &colour);
    assert_snapshot!(page.replace('\x1b', "ESC"));
}

#[test]
fn inconclusive_always_names_the_next_command() {
    let mut record = checks::inconclusive();
    record.verdict.as_mut().unwrap().findings.clear();
    record.plan.url = "http://localhost/news?a=1&b=2".to_owned();
    let page = check_page(&record, &Style::default());
    assert!(
        page.contains("loadgen check 'http://localhost/news?a=1&b=2' --for 60s"),
        "{page}"
    );
}

/// The row of the picture with that name.
fn row<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    page.lines()
        .find_map(|line| line.strip_prefix(&format!("  {name} ")))
}

/// The live record with its trace changed.
fn live_but(change: impl Fn(&mut Trace)) -> RunRecord {
    let mut record = checks::live();
    let mut traces: Vec<Trace> = record.measured.traces.into();
    traces.iter_mut().for_each(change);
    record.measured.traces = traces.into();
    record
}

#[test]
fn what_was_sent_before_the_request_is_not_drawn_as_sent() {
    let replay = live_but(|trace| {
        for event in &mut trace.events[..3] {
            event.emitted_us = Some(checks::START - Nanos::from_secs(60));
        }
    });
    let page = check_page(&replay, &Style::default());
    assert!(!page.contains('█'), "{page}");
    assert_eq!(
        row(&page, "sent").unwrap().matches('|').count(),
        27,
        "{page}"
    );
    assert_eq!(
        row(&page, "recv").unwrap().matches('|').count(),
        30,
        "{page}"
    );
}

#[test]
fn without_send_times_due_times_are_drawn_and_without_both_only_arrivals() {
    let mut due = live_but(|trace| {
        for event in &mut trace.events {
            event.due_us = event.emitted_us.take();
        }
    });
    let page = check_page(&due, &Style::default());
    assert!(
        row(&page, "sent").is_none() && row(&page, "due").is_some(),
        "{page}"
    );
    due.probes[0].cooperating = false;
    let page = check_page(&due, &Style::default());
    assert!(
        row(&page, "due").is_none() && row(&page, "recv").is_some(),
        "{page}"
    );
}

#[test]
fn where_the_first_probe_had_no_events_another_is_drawn_and_named() {
    let mut record = live_but(|trace| trace.subscriber = 1);
    let answered = ProbeRecord {
        number: 2,
        ..record.probes[0].clone()
    };
    record.probes[0].events = 0;
    record.probes[0].first_event_us = None;
    record.probes.push(answered);
    let page = check_page(&record, &Style::default());
    assert!(page.contains("probe 2: 30 events"), "{page}");
    assert!(page.contains("first_event 9.7 ms"), "{page}");
}

/// Invariant 6: every number of a page is in the record.
#[test]
fn the_page_can_be_made_again_from_the_file_alone() {
    for record in [checks::live(), checks::batched(), checks::cut()] {
        let file = record.write().unwrap();
        let read = RunRecord::read(&file).unwrap();
        assert_eq!(pages(&read), pages(&record));
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        4 => any::<char>(),
        1 => prop::sample::select(vec![' ', '東', '\u{202e}', '\x1b', '\n', '`', '|']),
    ];
    prop::collection::vec(characters, 0..120).prop_map(|text| text.into_iter().collect())
}

fn any_word() -> impl Strategy<Value = Word> {
    prop::sample::select(vec![
        Word::Inconclusive,
        Word::Live,
        Word::Cut,
        Word::Batched,
        Word::Buffered,
        Word::NoStream,
        Word::Invalid,
    ])
}

/// Events of any rhythm and of none.
fn any_drops() -> impl Strategy<Value = Vec<Drop>> {
    let micros = || prop_oneof![4 => 0_u64..20_000_000, 1 => any::<u64>()];
    let random = prop::collection::vec((prop::option::of(micros()), micros()), 0..300);
    prop_oneof![
        random,
        (1_u64..400, 0_u64..1_300).prop_map(|(every, count)| checks::live_drops(every, count)),
        (1_u64..400, 0_u64..1_300, 1_u64..60)
            .prop_map(|(every, count, group)| checks::grouped_drops(every, count, group)),
    ]
}

fn any_style() -> impl Strategy<Value = Style> {
    (60_usize..120, any::<bool>()).prop_map(|(width, ascii)| Style {
        ascii,
        width,
        ..Style::default()
    })
}

fn fits(page: &str, style: &Style) -> Result<(), TestCaseError> {
    for line in page.lines() {
        prop_assert!(
            line.width() <= style.width,
            "{} columns: {line:?}",
            line.width()
        );
        prop_assert!(!line.contains(char::is_control), "{line:?}");
        prop_assert!(!style.ascii || line.is_ascii(), "{line:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_page_is_too_wide_and_nothing_hostile_reaches_it(
        text in any_text(), word in any_word(), drops in any_drops(), watched: u32, code: u8,
        style in any_style(),
    ) {
        let verdict = checks::hostile_verdict(word, &text);
        let mut record = checks::check(&text, &drops, watched.into(), verdict);
        record.end = End { reason: EndReason::TargetGone, text: text.clone() };
        record.exit = Some(Exit { code, reason: text });
        fits(&check_page(&record, &style), &style)?;
    }

    /// What is drawn was seen: as many events as the caption says, and no more than came.
    #[test]
    fn single_events_are_drawn_one_by_one(every in 50_u64..2_000, count in 1_u64..30) {
        let drops = checks::foreign(checks::live_drops(every, count));
        let verdict = checks::verdict(Word::Live, "", &[]);
        let record = checks::check("http://h/", &drops, every * count + 100, verdict);
        let page = check_page(&record, &Style::default());
        let row = page.lines().find(|line| line.starts_with("  recv")).unwrap();
        let marks = row.matches('|').count();
        let noun = if count == 1 { "event" } else { "events" };
        let caption = if marks as u64 == count {
            format!("  {count} {noun}")
        } else {
            format!("  {marks} of {count} {noun}")
        };
        prop_assert!(page.contains(&caption), "{page}");
        prop_assert!(marks as u64 >= count.min(3), "{page}");
    }
}
