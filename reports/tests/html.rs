//! The page of a record: whole, the same each time, and deaf to what a server says.

#[path = "sample/checks.rs"]
mod checks;
#[expect(dead_code, reason = "shared with the tests of the terminal")]
mod sample;

use run_record::errors::ErrorKind;
use run_record::metric::Metric;
use run_record::record::RunRecord;
use run_record::time::{Nanos, Wall};
use run_record::traces::{Trace, TraceEvent};
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
        assert!(page == reports::html::page(&record), "the same each time");
        let read = RunRecord::read(&record.write().unwrap()).unwrap();
        assert_same(&page, &reports::html::page(&read));
        for part in ["<!DOCTYPE html>", "default-src 'none'", "</html>"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("NaN") && !page.contains("inf "), "a number");
    }
}

/// Shows where two pages differ, and not the pages.
fn assert_same(one: &str, other: &str) {
    let differs = one.bytes().zip(other.bytes()).position(|(a, b)| a != b);
    let around =
        |page: &str, at: usize| page.get(at.saturating_sub(60)..at + 60).map(str::to_owned);
    let shown = differs.map(|at| (around(one, at), around(other, at)));
    assert!(one == other, "made again from its file: {shown:?}");
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
        let (_, banner) = page.split_once("<h2 id=\"outcome\"><span>").unwrap();
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
    for part in [
        "Cause and cure",
        "class=\"joined\"",
        ">sent</text>",
        ">received</text>",
        "All 30 events arrived together at 15.2 s",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let foreign = reports::html::page(&checks::fast_foreign_live());
    assert!(foreign.contains("Send times are unknown"));
    assert!(!foreign.contains(">sent</text>"));
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
    let tags = ["<script>alert", "<img", "<b>"];
    assert!(tags.iter().all(|tag| !page.contains(tag)), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "our own");
    assert_eq!(page.matches("</title>").count(), 1);
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(!page.contains(['\u{202e}', '\0', '\x1b']));
    assert!(page.contains("&lt;script&gt;alert(1)"), "it is shown");
}

#[test]
fn connections_over_time_stand_on_the_page_of_a_run_that_has_a_course() {
    let mut record = sample::good_run();
    let page = reports::html::page(&record);
    assert!(
        page.contains("There is no course to draw"),
        "one slice is no course"
    );
    for (second, opened) in [(0, 7), (2, 3)] {
        let at = Wall(1_700_000_000_000_000_000 + second * 1_000_000_000);
        let slice = record.measured.timeline.slice_mut(at);
        slice.attempted = opened;
        slice.opened = opened;
        slice.streaming = opened;
    }
    let page = reports::html::page(&record);
    assert!(page.contains("up to 10 streaming, none lost"));
}

#[test]
fn the_map_of_a_run_names_its_worst_moment() {
    let mut record = sample::good_run();
    record.measured.timeline = sample::timeline();
    let page = reports::html::page(&record);
    assert!(page.contains("When it was slow: delivery up to"));
    assert!(page.contains(" s at 20 s</h2>"), "the stall after 20 s");
    assert!(page.contains("class=\"h5\""), "all steps of colour");
    assert!(
        page.contains("class=\"stall\" d=\"\""),
        "no stall was counted"
    );
    let at = Wall(1_700_000_020_000_000_000);
    record.measured.timeline.slice_mut(at).stalls = 3;
    let page = reports::html::page(&record);
    assert!(page.contains("class=\"stall\" d=\"M"), "a mark above it");
    assert!(page.contains("3 stalls ended"), "and in the table");
}

#[test]
fn a_rhythm_that_was_only_expected_is_drawn_hollow() {
    let sent: Vec<_> = (0..10)
        .map(|n| (Some(n * 100_000), n * 100_000 + 900))
        .collect();
    let word = checks::verdict(Word::Live, "text", &[]);
    let told = checks::check("http://127.0.0.1/", &sent, 1_000, word);
    let page = reports::html::page(&told);
    assert!(page.contains("class=\"sent\"") && !page.contains("class=\"due\""));
    let mut expected = told.clone();
    expected.measured.groups.clear();
    let group = expected.measured.group_mut("all");
    let mut trace = told
        .measured
        .traces
        .iter()
        .next()
        .expect("one stream")
        .clone();
    for event in &mut trace.events {
        event.due_us = event.emitted_us.take();
        let late = Nanos::from_micros(900);
        group.histograms.record(Metric::Delivery, late);
    }
    expected.measured.traces.clear();
    expected.measured.traces.insert(trace);
    let page = reports::html::page(&expected);
    assert!(page.contains("class=\"due\" d=\"M") && page.contains("A hollow tick is when"));
}

/// What a run of 10,000 connections and more than a million events can leave behind at most, everything full and nothing
/// smooth.
fn large_run() -> RunRecord {
    let mut record = sample::good_run();
    let mut state = 7_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let start = Wall(1_700_000_000_000_000_000);
    record.plan.connections = 10_000;
    for second in 0..600 {
        let slice = record
            .measured
            .timeline
            .slice_mut(start + Nanos::from_secs(second));
        slice.attempted = random(50);
        slice.opened = slice.attempted;
        slice.streaming = slice.attempted;
        slice.closed = random(20).min(slice.opened);
        for _ in 0..2_000 {
            let octave = 10 + random(20);
            slice.events += 1;
            slice.delivery.record(Nanos(random(1 << octave)));
        }
    }
    for sequence in 0..100_000 {
        let at = start + Nanos::from_micros(sequence * 6_000 + random(900));
        record.measured.fanout.observe(1, sequence, at);
        record
            .measured
            .fanout
            .observe(1, sequence, at + Nanos(random(50_000_000)));
    }
    for subscriber in 0..16 {
        let mut trace = Trace {
            subscriber,
            requested_us: Some(start),
            ..Trace::default()
        };
        for number in 0..1_024 {
            let due = start + Nanos::from_micros(number * 100_000 + random(900));
            trace.push(TraceEvent {
                number,
                earliest_us: due + Nanos(random(10_000_000)),
                latest_us: due + Nanos(random(90_000_000)),
                due_us: Some(due),
                emitted_us: Some(due),
                ..TraceEvent::default()
            });
        }
        record.measured.traces.insert(trace);
    }
    record
}

#[test]
fn the_page_of_a_large_run_can_be_mailed() {
    let page = reports::html::page(&large_run());
    assert!(page.len() < 300_000, "{} bytes", page.len());
    assert!(page.len() > 100_000, "it holds its pictures and its data");
}

#[test]
fn a_page_fetches_nothing() {
    for record in [sample::bad_run(), checks::buffered()] {
        let page = reports::html::page(&record);
        for reference in ["src=", "@import", "style=", "http-equiv=\"refresh"] {
            assert!(!page.contains(reference), "{reference}");
        }
        let links = page.matches("href=").count();
        assert_eq!(links, page.matches("href=\"data:").count());
        assert!(links >= 2, "downloads");
        assert_eq!(page.matches("url(").count(), page.matches("url(#p").count());
        // In the attributes of tags, not in the text between them.
        let attributes = page.split('<').filter_map(|tag| tag.split('>').next());
        for tag in attributes {
            assert!(!tag.contains("://"), "{tag}");
        }
    }
}

/// The ratio of two colours by the formula of WCAG 2.
fn contrast(one: &str, other: &str) -> f64 {
    let channel = |colour: &str, at: usize| {
        let byte = u8::from_str_radix(&colour[at..at + 2], 16).expect("hexadecimal");
        let part = f64::from(byte) / 255.0;
        if part <= 0.040_45 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    let luminance = |colour: &str| {
        let colour = match colour.trim_start_matches('#') {
            short if short.len() == 3 => short.chars().flat_map(|it| [it, it]).collect(),
            long => long.to_owned(),
        };
        0.2126 * channel(&colour, 0) + 0.7152 * channel(&colour, 2) + 0.0722 * channel(&colour, 4)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_colour_of_both_themes_can_be_read() {
    let style = include_str!("../src/html/style.css");
    let themes: Vec<&str> = style
        .split(":root{")
        .skip(1)
        .map(|theme| theme.split('}').next().unwrap())
        .collect();
    assert_eq!(themes.len(), 3, "light, dark and print");
    for theme in themes {
        let colour = |name: &str| {
            let declared = theme
                .split(';')
                .find_map(|line| line.strip_prefix(&format!("--{name}:")));
            declared.unwrap_or_else(|| panic!("{name} in {theme}"))
        };
        for ground in ["ground", "card"] {
            for text in ["text", "muted", "bad", "warn", "good"] {
                let ratio = contrast(colour(text), colour(ground));
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2} in {theme}");
            }
        }
        for mark in ["sent", "received", "third", "muted"] {
            let ratio = contrast(colour(mark), colour("ground"));
            assert!(ratio >= 3.0, "{mark}: {ratio:.2} in {theme}");
        }
    }
    assert!((contrast("#fff", "#000") - 21.0).abs() < 0.01);
    assert!((contrast("#0072b2", "#ffffff") - 5.2).abs() < 0.05);
}
