//! The page of a record: whole, the same each time, and deaf to what a server says.

#[path = "sample/checks.rs"]
mod checks;
#[expect(dead_code, reason = "shared with the tests of the terminal")]
mod sample;

use run_record::errors::ErrorKind;
use run_record::record::RunRecord;
use run_record::time::Wall;
use run_record::verdict::Word;

/// What a server could send to be run, to break out of a value or to hide.
const HOSTILE: &str = "</style></title><script>alert(1)</script><img src=x onerror='alert(1)'>\"><b>\u{202e}\0\x1b[2J";

#[test]
fn every_kind_of_record_has_a_page_and_the_same_one_each_time() {
    for record in [
        sample::empty_run(),
        sample::good_run(),
        sample::bad_run(),
        checks::live(),
        checks::batched(),
        checks::batched_by_time(),
        sample::hostile_run(HOSTILE),
        checks::buffered(),
        checks::cut(),
        checks::no_stream(),
        checks::inconclusive(),
        checks::invalid(),
        checks::fast_foreign_live(),
    ] {
        let page = reports::html::page(&record);
        assert_eq!(page, reports::html::page(&record));
        let read = RunRecord::read(&record.write().unwrap()).unwrap();
        assert_eq!(page, reports::html::page(&read), "made again from its file");
        for part in ["<!DOCTYPE html>", "default-src 'none'", "</html>"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf "), "a number");
    }
}

#[test]
fn the_first_words_of_a_page_are_the_answer() {
    for (record, answer) in [
        (sample::empty_run(), "No event arrived"),
        (sample::good_run(), "✓ All limits met"),
        (sample::bad_run(), "● LIVE"),
        (checks::live(), "● LIVE"),
        (checks::buffered(), "■ BUFFERED"),
        (checks::cut(), "✂\u{fe0e} CUT"),
        (checks::no_stream(), "✕ NO STREAM"),
        (checks::inconclusive(), "? INCONCLUSIVE"),
        (checks::invalid(), "! INVALID"),
    ] {
        let page = reports::html::page(&record);
        let (_, banner) = page.split_once("<h2 id=\"outcome\">").unwrap();
        let (heading, _) = banner.split_once("</h2>").unwrap();
        assert!(heading.contains(answer), "{heading}: expected {answer}");
    }
}

#[test]
fn a_missed_limit_stands_beside_the_verdict() {
    let said = |record| {
        let page = reports::html::page(&record);
        page.contains("banner bad") && page.contains("limits missed")
    };
    assert!(said(sample::bad_run()));
    assert!(!said(sample::good_run()));
}

#[test]
fn a_buffer_is_drawn_with_its_cure() {
    let page = reports::html::page(&checks::buffered());
    for part in ["Cause and cure", "class=\"joined\"", ">sent<", ">received<"] {
        assert!(page.contains(part), "{part}");
    }
    let foreign = reports::html::page(&checks::fast_foreign_live());
    assert!(foreign.contains("Send times are unknown"));
    assert!(!foreign.contains(">sent<"));
}

#[test]
fn what_a_server_says_is_shown_and_never_markup() {
    let mut record = checks::buffered();
    record.verdict = Some(checks::hostile_verdict(Word::Buffered, HOSTILE));
    record.plan.url = HOSTILE.to_owned();
    record.end.text = HOSTILE.to_owned();
    record
        .measured
        .errors
        .observe(ErrorKind::Reset, Wall(1_700_000_000_000_000_000), HOSTILE);
    let page = reports::html::page(&record);
    let tags = ["<script", "<img", "<b>"];
    assert!(tags.iter().all(|tag| !page.contains(tag)), "{page}");
    assert_eq!(page.matches("</title>").count(), 1);
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(!page.contains(['\u{202e}', '\0', '\x1b']));
    assert!(page.contains("&lt;script&gt;alert(1)"), "it is shown");
}

#[test]
fn streams_over_time_stand_on_the_page_of_a_run_that_has_a_timeline() {
    let mut record = sample::good_run();
    let open = |record: &RunRecord| reports::html::page(record).contains("Streams open over time");
    assert!(!open(&record), "one slice is no course");
    for (second, opened) in [(0, 7), (2, 3)] {
        let at = Wall(1_700_000_000_000_000_000 + second * 1_000_000_000);
        record.measured.timeline.slice_mut(at).opened = opened;
    }
    assert!(reports::html::page(&record).contains("Streams open over time, at most 10"));
    assert!(open(&record));
}

#[test]
fn a_page_fetches_nothing() {
    let page = reports::html::page(&sample::bad_run());
    for reference in ["src=", "href=", "url(", "@import", "style="] {
        assert!(!page.contains(reference), "{reference}");
    }
}
