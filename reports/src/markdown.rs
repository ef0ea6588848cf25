//! The summary of a CI job in Markdown: the answer as a heading, what was demanded as a table, the page as it was on the
//! terminal, and the cure to copy.
//!
//! Foreign text stands in code spans and code fences only, where no name, number or tag of it acts.

use std::iter::once;

use run_record::diff::Diff;
use run_record::end::Exit;
use run_record::matrix::MatrixRecord;
use run_record::record::{Kind, RunRecord};
use run_record::verdict::{Charset, Remedy};

use crate::baseline::changes;
use crate::demands::{self, Status, Suite};
use crate::sanitise::sanitise;
use crate::style::Style;
use crate::terminal;

/// The most bytes of a summary: GitHub drops all of a step's above 1,024 KiB, and a step may have several.
pub const MOST_BYTES: usize = 128 * 1024;

const CUT: &str = "\n*The rest is left out: the summary is at most 128 KiB.*\n";

/// The summary of a run or a check.
pub fn of_record(record: &RunRecord) -> String {
    let style = Style::default();
    let page = match record.kind {
        Kind::Check => terminal::check_page(record, &style),
        _ => terminal::end_table(record, &[], &style),
    };
    let word = record.verdict.as_ref().map(|verdict| {
        let symbol = verdict.word.symbol(Charset::Unicode);
        format!("{symbol} {}", verdict.word.label())
    });
    // A check is asked for a word; a run may be all that was asked of it whatever its word is, and the reverse.
    let heading = match (record.kind, word) {
        (Kind::Check, Some(word)) => word,
        (_, Some(word)) => format!("{}, {word}", outcome(record.exit.as_ref())),
        (_, None) => outcome(record.exit.as_ref()).to_owned(),
    };
    let remedies = record.verdict.iter().flat_map(|verdict| &verdict.causes);
    let remedies = remedies
        .filter_map(|cause| Some((cause.code.as_str(), cause.remedy.as_ref()?)))
        .map(|(code, remedy)| cure(code, remedy));
    let about = format!("{heading} {}", span(&record.plan.url));
    let suites = [demands::of_record(record)];
    assemble(
        once(title(&about))
            .chain([table(&suites), fenced(&page)])
            .chain(remedies),
    )
}

/// The summary with what has changed before it, if something has; see [`changes`].
pub fn on_change(record: &RunRecord) -> Option<String> {
    let changes = changes(record);
    let baseline = record.baseline.as_ref().filter(|_| !changes.is_empty())?;
    let lines: String = changes
        .iter()
        .map(|change| format!("- {}\n", span(change)))
        .collect();
    let about = format!("changed since {}", span(&baseline.started));
    Some(assemble([title(&about), lines, of_record(record)]))
}

/// The summary of several runs of the same.
pub fn of_series(runs: &[(&str, &RunRecord)], exit: &Exit) -> String {
    let page = terminal::series_page(runs, &Style::default());
    let about = format!("{}: {} runs", outcome(Some(exit)), runs.len());
    assemble([
        title(&about),
        table(&demands::of_series(runs)),
        fenced(&page),
    ])
}

/// The summary of a comparison.
pub fn of_diff(diff: &Diff) -> String {
    let page = terminal::diff_page(diff, &Style::default());
    let about = format!("{}: runs compared", outcome(diff.exit.as_ref()));
    let sentence = format!("{}\n", span(&diff.sentence));
    assemble([title(&about), sentence, fenced(&page)])
}

/// The summary of a matrix.
pub fn of_matrix(record: &MatrixRecord) -> String {
    let page = terminal::matrix_page(record, &Style::default());
    let about = format!(
        "{}: {} setups",
        outcome(Some(&record.exit)),
        record.setups.len()
    );
    let suite = demands::of_matrix(record);
    let unmet = Suite {
        demands: suite
            .demands
            .into_iter()
            .filter(|demand| demand.status != Status::Met)
            .collect(),
        ..suite
    };
    assemble([title(&about), fenced(&page), table(&[unmet])])
}

/// The exit code as a heading.
fn outcome(exit: Option<&Exit>) -> &'static str {
    match exit.map(|exit| exit.code) {
        None | Some(0) => "✓ as expected",
        Some(1) => "✗ not as expected",
        Some(3) => "✕ no stream",
        Some(4) => "? inconclusive",
        Some(5) => "! INVALID: this machine was the limit",
        Some(130) => "interrupted",
        Some(_) => "failed",
    }
}

/// Sections in their order, those at the end left out where there is no room for them.
fn assemble(sections: impl IntoIterator<Item = String>) -> String {
    let mut summary = String::new();
    for section in sections.into_iter().filter(|section| !section.is_empty()) {
        if summary.len() + section.len() + 1 + CUT.len() > MOST_BYTES {
            summary.push_str(CUT);
            break;
        }
        summary.push_str(&section);
        summary.push('\n');
    }
    summary
}

fn title(about: &str) -> String {
    format!("### streamgauge: {about}\n")
}

/// What was demanded, what was not met first.
fn table(suites: &[Suite]) -> String {
    let mut rows: Vec<_> = suites
        .iter()
        .flat_map(|suite| suite.demands.iter().map(move |demand| (suite, demand)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    rows.sort_by_key(|(_, demand)| demand.status == Status::Met);
    let mut table = "| demanded | met | found |\n| --- | --- | --- |\n".to_owned();
    for (suite, demand) in rows {
        let met = match demand.status {
            Status::Met => "✓ yes",
            Status::Missed => "✗ no",
            Status::NotMeasured => "? not told",
            Status::Skipped => "skipped",
        };
        let name = match suites {
            [_] => demand.name.clone(),
            _ => format!("{}: {}", suite.name, demand.name),
        };
        let row = format!("| {} | {met} | {} |\n", cell(&name), cell(&demand.message));
        table.push_str(&row);
    }
    table
}

fn cure(code: &str, remedy: &Remedy) -> String {
    let mut details = format!(
        "<details><summary>Fix</summary>\n\n{}: {}\n",
        span(code),
        span(&remedy.text)
    );
    if let Some(config) = &remedy.config {
        let lines: Vec<_> = config.lines().map(sanitise).collect();
        details.push_str(&format!("\n{}", fenced(&(lines.join("\n") + "\n"))));
    }
    if let Some(place) = &remedy.place {
        details.push_str(&format!("\nIn: {}\n", span(place)));
    }
    details + "\n</details>\n"
}

/// A text in a fence longer than any run of backticks in it; it ends in a line break.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{text}{fence}\n")
}

/// A foreign text as code, in one line.
fn span(text: &str) -> String {
    let text = sanitise(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space on both sides is taken off again, and keeps a backtick at the end from lengthening the fence.
    format!("{fence} {text} {fence}")
}

/// The same in a table, where a pipe ends the cell even in code.
fn cell(text: &str) -> String {
    span(text).replace('|', "\\|")
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        assert_eq!(span("a`b``c"), "``` a`b``c ```");
        assert_eq!(cell("a|b"), "` a\\|b `");
        assert!(fenced("x\n````\n").starts_with("`````text\n"));
    }

    #[test]
    fn what_has_no_room_is_left_out_and_that_is_said() {
        let long = "x".repeat(MOST_BYTES);
        let summary = assemble(["first\n".to_owned(), long, "last\n".to_owned()]);
        assert!(summary.len() <= MOST_BYTES);
        assert!(summary.starts_with("first\n"));
        assert!(summary.ends_with(CUT));
    }
}
