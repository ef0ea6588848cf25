//! JUnit XML, which CI systems show as tests: a suite for each target, a case for each demand.
//!
//! Missed is a failure, what could not be told an error, what was not tried skipped: "skipped" is never "passed".

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::demands::{Demand, Status, Suite};
use crate::sanitise::sanitise;

/// The document. Nothing in it depends on when it was made.
///
/// Errors: what quick-junit says; no text that went through `sanitise` is known to cause one.
pub fn junit(suites: &[Suite]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("streamgauge");
    for suite in suites {
        let mut tests = TestSuite::new(sanitise(&suite.name));
        tests.add_test_cases(suite.demands.iter().map(|demand| case(suite, demand)));
        report.add_test_suite(tests);
    }
    report.to_string()
}

fn case(suite: &Suite, demand: &Demand) -> TestCase {
    let mut case = TestCase::new(sanitise(&demand.name), status(demand));
    // Several systems group by it and show nothing of a case without one.
    case.set_classname(sanitise(&suite.name));
    case
}

fn status(demand: &Demand) -> TestCaseStatus {
    let mut status = match demand.status {
        Status::Met => return TestCaseStatus::success(),
        Status::Missed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::NotMeasured => TestCaseStatus::non_success(NonSuccessKind::Error),
        Status::Skipped => TestCaseStatus::skipped(),
    };
    status.set_message(sanitise(&demand.message));
    if !demand.evidence.is_empty() {
        let lines: Vec<_> = demand.evidence.iter().map(|line| sanitise(line)).collect();
        status.set_description(lines.join("\n"));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(name: &str, status: Status) -> Demand {
        Demand {
            name: name.to_owned(),
            status,
            message: format!("{name} is <so> & \"so\""),
            evidence: vec!["first".to_owned(), "second\u{fffe}".to_owned()],
        }
    }

    #[test]
    fn each_status_is_the_element_that_ci_systems_know() {
        let suites = [Suite {
            name: "http://127.0.0.1/".to_owned(),
            demands: vec![
                demand("met", Status::Met),
                demand("missed", Status::Missed),
                demand("unknown", Status::NotMeasured),
                demand("untried", Status::Skipped),
            ],
        }];
        insta::assert_snapshot!(junit(&suites).unwrap());
    }
}
