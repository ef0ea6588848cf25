//! Attacks through every text of a record into every sink: nothing acts, nothing breaks.
//!
//! The texts are not listed here: each string of a record that may hold any text is found and replaced, so that a new
//! field is attacked from its first day.

mod attacks;
#[path = "sample/checks.rs"]
#[expect(
    dead_code,
    reason = "the tests of the page of a check use the rest of it"
)]
mod checks;
mod exposition;
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod sample;

use attacks::{ATTACKS, MARK, assert_tame};
use reports::demands::{self, Suite};
use reports::style::Style;
use reports::terminal;
use reports::{annotations, diff, histograms, html, junit, markdown, openmetrics};
use run_record::breakdown::Portion;
use run_record::end::{EndReason, Exit};
use run_record::environment::Environment;
use run_record::errors::ErrorKind;
use run_record::matrix::{MatrixRecord, SCHEMA, SetupRecord, SetupSummary};
use run_record::metric::Metric;
use run_record::record::{Kind, Moment, RunRecord};
use run_record::time::Wall;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::marker::PhantomData;

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sink {
    Html,
    Terminal,
    Markdown,
    Command,
    Xml,
    Table,
    OpenMetrics,
}

fn records() -> Vec<RunRecord> {
    let mut run = sample::bad_run();
    let at = Wall(1_700_000_000_000_000_000);
    run.measured.errors.observe(ErrorKind::Other, at, "text");
    run.plan.request_headers = vec!["X-Name".to_owned()];
    run.end.reason = EndReason::TargetGone;
    run.end.text = "text".to_owned();
    run.baseline = Some(Box::new(sample::good_run().as_baseline("text".to_owned())));
    let mut cut = checks::cut();
    cut.limits = run.limits.clone();
    for probe in &mut cut.probes {
        probe.headers = vec![("server".to_owned(), "nginx".to_owned())];
        probe.failure = Some("text".to_owned());
        probe.end = Some("text".to_owned());
    }
    vec![
        run,
        cut,
        checks::live(),
        checks::batched(),
        checks::buffered(),
        checks::no_stream(),
        checks::inconclusive(),
        checks::invalid(),
    ]
}

/// Names of servers are keys, which no place names.
fn add_servers(record: &mut RunRecord, text: &str) {
    let measured = &mut record.measured;
    let values = measured.by_header.entry(text.to_owned()).or_default();
    for breakdown in [&mut measured.remotes, values] {
        breakdown.observe(text, &Portion::default());
        breakdown.observe("", &Portion::default());
    }
}

/// The places of all strings in a document, as JSON pointers.
fn strings(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                strings(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                strings(member, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// The places that take any text: what is a word of the format is refused by its type.
fn open_places<T: DeserializeOwned>(record: &Value) -> Vec<String> {
    let mut places = Vec::new();
    strings(record, "", &mut places);
    let takes_any = |place: &String| {
        let mut changed = record.clone();
        *changed
            .pointer_mut(place)
            .expect("the place was found in it") = MARK.into();
        serde_json::from_value::<T>(changed).is_ok()
    };
    places.retain(takes_any);
    places
}

/// A record whose open places are known: finding them takes long.
struct Victim<T> {
    record: Value,
    places: Vec<String>,
    form: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Victim<T> {
    fn of(record: &T) -> Self {
        let record = serde_json::to_value(record).expect("keys are texts");
        let places = open_places::<T>(&record);
        Self {
            record,
            places,
            form: PhantomData,
        }
    }

    fn attacked(&self, text: &str) -> T {
        let mut value = self.record.clone();
        for place in &self.places {
            *value.pointer_mut(place).expect("the place was found in it") = text.into();
        }
        serde_json::from_value(value).expect("each place takes any text")
    }
}

fn styles() -> Vec<Style> {
    let style = |ascii, width| Style {
        ascii,
        width,
        ..Style::default()
    };
    vec![style(false, 80), style(true, 60)]
}

/// Every text that is made of a record.
fn all_of_record(record: &RunRecord) -> Vec<(Sink, String)> {
    let suites = [demands::of_record(record)];
    let mut all = of_suites(&suites);
    all.push((Sink::Html, html::page(record)));
    all.push((Sink::Markdown, markdown::of_record(record)));
    all.extend(markdown::on_change(record).map(|it| (Sink::Markdown, it)));
    all.push((Sink::OpenMetrics, openmetrics::openmetrics(record)));
    all.extend(histograms::percentile_table(record, Metric::Delivery).map(|it| (Sink::Table, it)));
    if let Ok(log) = histograms::interval_log(record) {
        all.push((Sink::Table, String::from_utf8(log).expect("a log is text")));
    }
    for style in styles() {
        let files = [record.plan.url.clone()];
        let page = match record.kind {
            Kind::Check => terminal::check_page(record, &style),
            _ => terminal::end_table(record, &files, &style),
        };
        all.push((Sink::Terminal, page));
        let runs = [(record.plan.url.as_str(), record)];
        all.push((Sink::Terminal, terminal::series_page(&runs, &style)));
        let exit = Exit {
            code: 1,
            reason: record.plan.url.clone(),
        };
        all.push((Sink::Markdown, markdown::of_series(&runs, &exit)));
    }
    all
}

fn of_suites(suites: &[Suite]) -> Vec<(Sink, String)> {
    let lines = annotations::annotations(suites);
    let mut all: Vec<_> = lines
        .into_iter()
        .map(|line| (Sink::Command, line))
        .collect();
    all.push((
        Sink::Xml,
        junit::junit(suites).expect("clean texts make XML"),
    ));
    all
}

/// Every text that is made of two sets of runs.
fn all_of_diff([good, bad]: &[Victim<RunRecord>; 2], text: &str) -> Vec<(Sink, String)> {
    let runs: Vec<_> = (0..5).map(|_| good.attacked(text)).collect();
    let named: Vec<_> = runs
        .iter()
        .map(|record| diff::Named { name: text, record })
        .collect();
    let mut other = bad.attacked(text);
    other.plan.method = format!("{text}2");
    let spoiled = diff::Named {
        name: text,
        record: &other,
    };
    let mut new = named.clone();
    new.push(spoiled);
    let mut diff = diff::diff(&named, &new, &[], 0.0);
    diff.notes.push(text.to_owned());
    diff.exit = Some(Exit {
        code: 1,
        reason: text.to_owned(),
    });
    let mut all = of_suites(&[demands::of_diff(&diff)]);
    all.push((Sink::Markdown, markdown::of_diff(&diff)));
    all.push((Sink::Html, html::diff_page(&diff)));
    all.extend(
        styles()
            .iter()
            .map(|style| (Sink::Terminal, terminal::diff_page(&diff, style))),
    );
    all
}

/// A matrix with one setup of each kind.
fn matrix() -> MatrixRecord {
    let text = || Some("text".to_owned());
    let checked = SetupRecord {
        summary: SetupSummary {
            as_expected: Some(false),
            differs: vec!["text".to_owned()],
            known_cure: text(),
            ..SetupSummary::default()
        },
        record: Some(checks::batched()),
    };
    let left_out = |summary| SetupRecord {
        summary,
        record: None,
    };
    let skipped = SetupSummary {
        skipped: text(),
        ..SetupSummary::default()
    };
    let failed = SetupSummary {
        failed: text(),
        ..SetupSummary::default()
    };
    let at = Moment::at(Wall(1_700_000_000_000_000_000));
    MatrixRecord {
        schema: SCHEMA.to_owned(),
        kind: Kind::Matrix,
        started: at.clone(),
        ended: at,
        environment: Environment::default(),
        setups: vec![checked, left_out(skipped), left_out(failed)],
        exit: Exit {
            code: 1,
            reason: "text".to_owned(),
        },
    }
}

/// Every text that is made of a matrix.
fn all_of_matrix(record: &MatrixRecord) -> Vec<(Sink, String)> {
    let mut all = of_suites(&[demands::of_matrix(record)]);
    all.push((Sink::Markdown, markdown::of_matrix(record)));
    all.push((Sink::Html, html::matrix_page(record)));
    let page = |style: &Style| terminal::matrix_page(record, style);
    all.extend(styles().iter().map(|style| (Sink::Terminal, page(style))));
    all
}

#[test]
fn no_text_of_a_record_acts_in_any_sink() {
    for victim in records().iter().map(Victim::of) {
        for attack in ATTACKS {
            let mut record = victim.attacked(attack);
            add_servers(&mut record, attack);
            for (sink, text) in all_of_record(&record) {
                assert_tame(sink, &text, attack);
            }
        }
    }
}

#[test]
fn no_text_acts_in_a_comparison_or_a_matrix() {
    let runs = [sample::good_run(), sample::bad_run()].map(|run| Victim::of(&run));
    let matrix = Victim::of(&matrix());
    for attack in ATTACKS {
        let texts = all_of_diff(&runs, attack);
        for (sink, text) in texts
            .into_iter()
            .chain(all_of_matrix(&matrix.attacked(attack)))
        {
            assert_tame(sink, &text, attack);
        }
    }
}

/// The test above is worth what it reaches.
#[test]
fn the_attacks_reach_what_a_server_controls() {
    let mut reached = Vec::new();
    for record in records() {
        reached.extend(Victim::of(&record).places);
    }
    for part in [
        "/plan/url",
        "/gloss",
        "/evidence/",
        "/causes/0/remedy/config",
        "/findings/0/text",
        "/end/text",
        "/exit/reason",
        "/limits/0/expression",
        "/measured/errors",
        "/probes/0/headers/0/1",
        "/probes/0/failure",
        "/baseline/file",
        "/baseline/started",
    ] {
        assert!(
            reached.iter().any(|place| place.contains(part)),
            "{part} is not among them: {}",
            reached.join(" ")
        );
    }
}

/// And what comes out must show it: an empty page would be tame too.
#[test]
fn what_was_said_can_be_read() {
    let mut record = Victim::of(&sample::bad_run()).attacked(MARK);
    add_servers(&mut record, MARK);
    let page = terminal::end_table(&record, &[], &Style::default());
    assert!(page.contains(&format!("by {MARK}")), "{page}");
    for (sink, text) in all_of_record(&record) {
        if sink != Sink::Table && sink != Sink::Command {
            assert!(text.contains(MARK), "{sink:?}: {text}");
        }
    }
}
