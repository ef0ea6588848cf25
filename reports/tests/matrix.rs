//! What many setups look like, on a terminal and as a page: whole, deaf to what a server says, and honest about what was not run.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p reports`, then read the difference.

#[expect(dead_code, reason = "shared with the tests of check")]
#[path = "sample/checks.rs"]
mod checks;

use insta::assert_snapshot;
use proptest::prelude::*;
use reports::html;
use reports::style::Style;
use reports::terminal::matrix_page;
use run_record::end::Exit;
use run_record::environment::Environment;
use run_record::matrix::{
    CompressionRecord, CrowdRecord, LeavingRecord, MatrixRecord, ProgramVersion, SCHEMA,
    SetupRecord, SetupSummary, ShapeRecord,
};
use run_record::record::{Kind, Moment, RunRecord};
use run_record::time::Nanos;
use run_record::verdict::{Charset, Word};
use unicode_width::UnicodeWidthStr;

#[test]
fn many_setups_side_by_side() {
    let record = matrix(setups());
    let ascii = Style {
        ascii: true,
        ..Style::default()
    };
    let rule = "=".repeat(80);
    let pages = [Style::default(), ascii].map(|style| matrix_page(&record, &style));
    assert_snapshot!(pages.join(&format!("{rule}\n")));
}

#[test]
fn the_page_has_each_row_with_its_verdict_and_the_line_to_change() {
    let page = html::matrix_page(&matrix(setups()));
    assert_eq!(
        page,
        html::matrix_page(&matrix(setups())),
        "the same each time"
    );
    for part in [
        "default-src 'none'",
        "BATCHED",
        "proxy_buffering off;",
        "nginx location block",
        "another server",
        "5 of 50",
        "nginx</bdi> <bdi>1.22.1",
        "does not notice who leaves",
        "haproxy is not installed",
        "Not run",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // A row that was not run stands in no table of verdicts.
    let (before, after) = page.split_once("Not run").unwrap();
    assert!(!before.contains("haproxy-default") && after.contains("haproxy-default"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_table_is_too_wide_and_nothing_hostile_reaches_it(
        text in any_text(), time: u64, served: u16, code: u8, width in 60_usize..120, ascii: bool,
    ) {
        let style = Style { ascii, width, ..Style::default() };
        let record = matrix(hostile(&text, time, served));
        let record = MatrixRecord { exit: Exit { code, reason: text }, ..record };
        for line in matrix_page(&record, &style).lines() {
            prop_assert!(!line.contains(char::is_control), "{line:?}");
            prop_assert!(!style.ascii || line.is_ascii(), "{line:?}");
            prop_assert!(line.width() <= width, "{} columns: {line:?}", line.width());
        }
        let page = html::matrix_page(&record);
        prop_assert_eq!(page.matches("<script>").count(), 1);
        let hides = ['\u{202e}', '\x1b'].iter().any(|hidden| page.contains(*hidden));
        prop_assert!(!hides, "a character that hides others");
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let characters = prop_oneof![
        4 => any::<char>(),
        1 => prop::sample::select(vec![' ', '東', '\u{202e}', '\x1b', '\n', '<', '>', '&']),
    ];
    let text = prop::collection::vec(characters, 0..120);
    text.prop_map(|text| format!("{}<script>", text.into_iter().collect::<String>()))
}

fn matrix(setups: Vec<SetupRecord>) -> MatrixRecord {
    MatrixRecord {
        schema: SCHEMA.to_owned(),
        kind: Kind::Matrix,
        started: Moment::at(checks::START),
        ended: Moment::at(checks::START),
        environment: Environment::default(),
        setups,
        exit: Exit {
            code: 1,
            reason: "1 of 5 not as expected".to_owned(),
        },
    }
}

fn setup(name: &str, record: RunRecord, crowd: [u16; 3], noticed: bool) -> SetupRecord {
    let word = record
        .verdict
        .as_ref()
        .map_or(Word::Inconclusive, |verdict| verdict.word);
    let crowds = [1, 10, 50].into_iter().zip(crowd);
    let summary = SetupSummary {
        setup: name.to_owned(),
        about: format!("{name} as it comes"),
        family: "proxies".to_owned(),
        expected: word.label().to_lowercase(),
        as_expected: Some(true),
        versions: vec![ProgramVersion {
            program: "nginx".to_owned(),
            version: Some("1.22.1".to_owned()),
            measured: word != Word::Live,
        }],
        shapes: vec![ShapeRecord {
            shape: "small".to_owned(),
            verdict: word,
            hold: None,
            events: 20,
            first_event_us: Some(Nanos::from_millis(3)),
            transit_p50_us: Some(Nanos::from_millis(3)),
            transit_max_us: Some(Nanos::from_millis(4)),
        }],
        compression: Some(CompressionRecord {
            coding: None,
            with: word,
            without: (word == Word::Buffered).then_some(Word::Live),
        }),
        crowds: crowds
            .map(|(asked, served)| CrowdRecord {
                asked,
                served,
                within_us: Nanos::from_secs(2),
            })
            .collect(),
        leaving: Some(LeavingRecord {
            noticed,
            after_us: Nanos::from_millis(200),
        }),
        ..SetupSummary::default()
    };
    SetupRecord {
        summary,
        record: Some(record),
    }
}

fn not_run(name: &str) -> SetupRecord {
    let summary = SetupSummary {
        setup: name.to_owned(),
        ..SetupSummary::default()
    };
    SetupRecord {
        summary,
        record: None,
    }
}

fn setups() -> Vec<SetupRecord> {
    let mut webrick = setup("webrick", checks::buffered(), [0, 0, 0], false);
    webrick.summary.known_cure = Some("another server".to_owned());
    webrick.summary.differs = vec!["BUFFERED, live was expected".to_owned()];
    webrick.summary.as_expected = Some(false);
    let mut skipped = not_run("haproxy-default");
    skipped.summary.skipped = Some("haproxy is not installed".to_owned());
    let mut failed = not_run("thin");
    let why = "ended before it was ready (exit status: 1)\nno such gem";
    failed.summary.failed = Some(why.to_owned());
    vec![
        setup("nginx-default", checks::batched(), [1, 10, 50], true),
        webrick,
        setup(
            "puma-unix-with-a-name-of-many-words",
            checks::live(),
            [1, 5, 5],
            true,
        ),
        skipped,
        failed,
    ]
}

/// Every text that a server or a file could have a hand in.
fn hostile(text: &str, time: u64, served: u16) -> Vec<SetupRecord> {
    let verdict = checks::hostile_verdict(Word::Batched, text);
    let record = checks::check(text, &checks::live_drops(50, 9), 1_000, verdict);
    let mut setup = setup(text, record, [served; 3], false);
    let summary = &mut setup.summary;
    for field in [
        &mut summary.about,
        &mut summary.family,
        &mut summary.expected,
    ] {
        text.clone_into(field);
    }
    summary.differs = vec![text.to_owned()];
    summary.as_expected = Some(false);
    summary.known_cure = Some(text.to_owned());
    text.clone_into(&mut summary.versions[0].program);
    summary.versions[0].version = Some(text.to_owned());
    text.clone_into(&mut summary.shapes[0].shape);
    summary.shapes[0].transit_max_us = Some(Nanos(time));
    summary.compression = Some(CompressionRecord {
        coding: Some(text.to_owned()),
        with: Word::Live,
        without: None,
    });
    let mut skipped = not_run(text);
    skipped.summary.skipped = Some(text.to_owned());
    let mut failed = not_run(text);
    failed.summary.failed = Some(text.to_owned());
    vec![setup, skipped, failed]
}

#[test]
fn a_word_has_its_sign_in_both_alphabets() {
    let style = |ascii| Style {
        ascii,
        ..Style::default()
    };
    for (ascii, charset) in [(false, Charset::Unicode), (true, Charset::Ascii)] {
        let page = matrix_page(&matrix(setups()), &style(ascii));
        assert!(page.contains(Word::Live.symbol(charset)), "{page}");
    }
}
