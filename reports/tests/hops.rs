//! What a comparison of hops says: rows side by side, who holds the stream back, what the head became.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports --test hops`, then read the difference.

#[path = "sample/checks.rs"]
#[expect(dead_code, reason = "shared with the tests of other pages")]
mod checks;

use checks::{START, live_drops};
use insta::assert_snapshot;
use proptest::prelude::*;
use reports::style::Style;
use reports::terminal::check_page;
use run_record::hops::{Added, Change, HeaderChange, HopRecord, Standing};
use run_record::probe::ProbeRecord;
use run_record::record::RunRecord;
use run_record::time::Nanos;
use run_record::traces::{Trace, TraceEvent};
use run_record::verdict::{Finding, Severity, Verdict, Word};
use unicode_width::UnicodeWidthStr;

/// A record of one check becomes one of two hops: a live origin, and what was checked.
fn behind_a_live_origin(mut record: RunRecord, name: &str) -> RunRecord {
    let mut trace = Trace {
        subscriber: 1,
        requested_us: Some(START),
        ..Trace::default()
    };
    for (number, (sent, arrival)) in live_drops(120, 60).into_iter().enumerate() {
        let at = |micros| START + Nanos::from_micros(micros);
        trace.push(TraceEvent {
            number: number as u64,
            earliest_us: at(arrival),
            latest_us: at(arrival),
            emitted_us: sent.map(at),
            ..TraceEvent::default()
        });
    }
    record.measured.traces.insert(trace);
    record.probes.push(ProbeRecord {
        number: 2,
        events: 60,
        ..record.probes[0].clone()
    });
    let verdict = record.verdict.clone().expect("a check has one");
    let live = checks::live().verdict.expect("a check has one");
    let origin = hop(1, "origin", live, Standing::Passes);
    let edge = HopRecord {
        headers_changed: vec![
            header("Server", Change::Changed, Some("nginx/1.24.0")),
            header("Transfer-Encoding", Change::ReChunked, Some("chunked")),
            header("Via", Change::Added, Some(&format!("1.1 {name}"))),
            header("X-Accel-Buffering", Change::Removed, None),
        ],
        added: Some(Added {
            events: 28,
            p50_us: Nanos::from_millis(1_900),
            max_us: Nanos::from_millis(3_900),
        }),
        ..hop(2, name, verdict, Standing::HoldsBack)
    };
    let word = edge.verdict.word.label();
    record.hops = vec![origin, edge];
    if let Some(verdict) = &mut record.verdict {
        verdict.findings.push(Finding {
            code: "hops.holds-back".to_owned(),
            severity: Severity::Warn,
            text: format!("the hop between origin and {name} holds the stream back (nginx): origin is LIVE, {name} is {word}"),
            remedy: None,
        });
    }
    record
}

fn hop(number: u16, name: &str, verdict: Verdict, standing: Standing) -> HopRecord {
    HopRecord {
        number,
        name: name.to_owned(),
        url: format!("http://{name}/prices"),
        verdict,
        standing,
        headers_changed: Vec::new(),
        added: None,
        transit_max_us: Some(Nanos::from_millis(3)),
        // The outermost was asked first in the record, and stands last on the way.
        probes: vec![3 - number],
    }
}

fn header(name: &str, change: Change, after: Option<&str>) -> HeaderChange {
    HeaderChange {
        name: name.to_owned(),
        change,
        before: None,
        after: after.map(str::to_owned),
    }
}

#[test]
fn a_hop_that_holds_stands_below_the_one_that_does_not() {
    let page = |ascii| {
        let style = Style {
            ascii,
            ..Style::default()
        };
        check_page(&behind_a_live_origin(checks::batched(), "edge"), &style)
    };
    assert_snapshot!(format!("{}{}\n{}", page(false), "=".repeat(80), page(true)));
}

#[test]
fn the_sentence_about_hops_is_not_told_twice() {
    let record = behind_a_live_origin(checks::batched(), "edge");
    let page = check_page(&record, &Style::default());
    assert_eq!(page.matches("holds the stream back").count(), 1, "{page}");
    assert!(!page.contains("hops.holds-back"), "{page}");
}

#[test]
fn where_all_are_live_that_is_said() {
    let mut record = behind_a_live_origin(checks::live(), "edge");
    record.hops[1].standing = Standing::Passes;
    let verdict = record.verdict.as_mut().expect("a check has one");
    verdict.findings.clear();
    let page = check_page(&record, &Style::default());
    assert!(
        page.contains("every hop hands it on as it gets it"),
        "{page}"
    );
}

#[test]
fn the_page_has_a_row_for_each_hop_and_is_made_again_from_the_file() {
    let record = behind_a_live_origin(checks::buffered(), "edge");
    let page = reports::html::page(&record);
    for text in [
        "Hops, from the origin outwards",
        "the first that holds it back",
        "re-chunked",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let read = RunRecord::read(&record.write().unwrap()).unwrap();
    assert_eq!(page, reports::html::page(&read));
    assert!(!reports::html::page(&checks::live()).contains("id=\"hops\""));
}

proptest! {
    #[test]
    fn no_hop_breaks_the_page(
        text in prop::collection::vec(prop_oneof![any::<char>(), Just('\x1b'), Just('\u{202e}'), Just('東')], 0..80),
        width in 60_usize..120, ascii: bool, buffered: bool,
    ) {
        let text: String = text.into_iter().collect();
        let record = if buffered { checks::buffered() } else { checks::batched() };
        let style = Style { width, ascii, ..Style::default() };
        let page = check_page(&behind_a_live_origin(record, &text), &style);
        for line in page.lines() {
            prop_assert!(line.width() <= width, "{line:?}");
            prop_assert!(!line.contains(char::is_control), "{line:?}");
            prop_assert!(!ascii || line.is_ascii(), "{line:?}");
        }
    }
}

#[test]
fn an_unknown_word_is_no_reason_to_fail() {
    let mut record = behind_a_live_origin(checks::inconclusive(), "edge");
    record.hops[1].standing = Standing::Unknown;
    record.hops[1].probes.clear();
    assert!(check_page(&record, &Style::default()).contains(Word::Inconclusive.label()));
}
