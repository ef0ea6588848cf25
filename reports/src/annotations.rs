//! Workflow commands that GitHub Actions shows beside a change: one for each demand that was not met.
//!
//! Source: report.md sections 6 and 7; actions/toolkit, packages/core/src/command.ts, for the escapes.

use crate::demands::{Demand, Status, Suite};
use crate::sanitise::sanitise;

/// GitHub shows ten of each kind per step and drops the rest without a word: nine, and how many more there are.
const MOST: usize = 9;

/// One line for each demand that was missed (`::error`) or could not be told (`::warning`), without line breaks.
pub fn annotations(suites: &[Suite]) -> Vec<String> {
    let mut lines = level("error", Status::Missed, suites);
    lines.extend(level("warning", Status::NotMeasured, suites));
    lines
}

/// A text of which no line is a workflow command, wherever it comes from: the runner takes `::command::` behind blanks at
/// the begin of a line, and `##[command]` anywhere.
///
/// Valid JSON stays valid JSON of the same meaning: there `##[` stands in strings only, and no line begins with a colon.
/// Source: actions/runner, src/Runner.Common/ActionCommand.cs.
pub fn harmless(text: &str) -> String {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let apart = if is_json { "#\\u0023[" } else { "#\\x23[" };
    let lines = text.split_inclusive(['\n', '\r']).map(|line| {
        let rest = line.trim_start();
        let blanks = &line[..line.len() - rest.len()];
        let mark = if rest.starts_with("::") { "\\" } else { "" };
        format!("{blanks}{mark}{}", rest.replace("##[", apart))
    });
    lines.collect()
}

fn level(command: &str, status: Status, suites: &[Suite]) -> Vec<String> {
    let all: Vec<_> = suites
        .iter()
        .flat_map(|suite| suite.demands.iter().map(move |demand| (suite, demand)))
        .filter(|(_, demand)| demand.status == status)
        .collect();
    let shown = all.iter().take(MOST);
    let mut lines: Vec<_> = shown
        .map(|(suite, demand)| {
            let title = property(&title(suite, demand));
            format!("::{command} title={title}::{}", data(&demand.message))
        })
        .collect();
    let more = all.len().saturating_sub(MOST);
    if more > 0 {
        lines.push(format!(
            "::{command} title=streamgauge::and {more} more, see the summary"
        ));
    }
    lines
}

fn title(suite: &Suite, demand: &Demand) -> String {
    format!("streamgauge: {} of {}", demand.name, suite.name)
}

/// A message: of one line, after what `sanitise` leaves of it.
fn data(text: &str) -> String {
    // The runner looks for the older form of commands in every line, this one included.
    sanitise(text)
        .replace("##[", "#\\x23[")
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(count: usize, status: Status, message: &str) -> Suite {
        let demand = |number| Demand {
            name: format!("max metric{number}=1ms"),
            status,
            message: message.to_owned(),
            evidence: Vec::new(),
        };
        Suite {
            name: "http://[::1]:80/a,b".to_owned(),
            demands: (0..count).map(demand).collect(),
        }
    }

    #[test]
    fn what_was_missed_is_an_error_and_what_was_not_measured_a_warning() {
        let suites = [
            suite(1, Status::Missed, "3.9 s, 100% late"),
            suite(1, Status::NotMeasured, "no send times"),
            suite(1, Status::Met, "well"),
            suite(1, Status::Skipped, "not installed"),
        ];
        let place = "max metric0=1ms of http%3A//[%3A%3A1]%3A80/a%2Cb";
        assert_eq!(
            annotations(&suites),
            [
                format!("::error title=streamgauge%3A {place}::3.9 s, 100%25 late"),
                format!("::warning title=streamgauge%3A {place}::no send times"),
            ]
        );
    }

    #[test]
    fn of_many_nine_are_shown_and_the_rest_counted() {
        let lines = annotations(&[suite(25, Status::Missed, "late")]);
        assert_eq!(lines.len(), 10);
        assert_eq!(
            lines[9],
            "::error title=streamgauge::and 16 more, see the summary"
        );
        assert_eq!(annotations(&[suite(9, Status::Missed, "late")]).len(), 9);
    }

    #[test]
    fn no_line_of_a_text_is_a_command() {
        let text = "  ::error::a\n::b\r::c\n ##[error]d :: e\n";
        assert_eq!(
            harmless(text),
            "  \\::error::a\n\\::b\r\\::c\n #\\x23[error]d :: e\n"
        );
        assert_eq!(harmless("{\"a\": \"##[b\"}\n"), "{\"a\": \"#\\u0023[b\"}\n");
    }

    #[test]
    fn a_text_cannot_begin_a_command_of_its_own() {
        let lines = annotations(&[suite(
            1,
            Status::Missed,
            "a\n::set-output name=x::y\r##[error]z",
        )]);
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].contains(['\n', '\r']), "{}", lines[0]);
        assert!(!lines[0].contains("##["), "{}", lines[0]);
    }
}
