//! `loadgen check` from arguments to a draft.

use std::time::Duration;

use super::super::*;
use super::environment;
use crate::plan::{CheckDraft, CheckPlan, Expect, Format, Route};

pub(super) fn parse(arguments: &[&str]) -> Result<CheckArgs, clap::Error> {
    let line = ["loadgen", "check"].iter().chain(arguments);
    match Cli::try_parse_from(line)?.command {
        Command::Check(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

pub(super) fn try_draft(arguments: &[&str]) -> Result<CheckDraft, UsageError> {
    parse(arguments).unwrap().draft(&environment)
}

pub(super) fn header(plan: &CheckPlan, name: &str) -> Option<String> {
    let mut headers = plan.request.headers.iter();
    let header = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
    header.map(|(_, value)| value.clone())
}

/// A draft for `http://localhost:8080/prices` with these options.
fn draft(options: &[&str]) -> CheckDraft {
    try_draft(&[&["http://localhost:8080/prices"], options].concat()).unwrap()
}

#[test]
fn without_options_a_check_is_what_the_help_says() {
    let draft = draft(&[]);
    let plan = draft.asked();
    let (host, port) = ("localhost".into(), 8080);
    assert_eq!(draft.route(), &Route::Name { host, port });
    assert_eq!(draft.wait(), Duration::ZERO);
    assert!(draft.server().is_empty() && !draft.wants_http3());
    assert_eq!(
        (plan.watch, plan.watch_given),
        (Duration::from_secs(10), false)
    );
    assert_eq!((plan.idle, plan.streams, plan.repeat), (None, None, 1));
    assert_eq!((plan.expect, plan.format), (Expect::Live, Format::Auto));
    assert!(plan.is_safe() && plan.output.progress && !plan.output.json);
    // The addresses are not known yet.
    assert!(!plan.is_loopback());
}

#[test]
fn options_reach_the_plan() {
    let line = "--for 30s --idle 65s --streams 10 --expect any --wait 5s --due-every 1s --format bytes \
                --json --ascii --no-progress --out check.json";
    let draft = draft(&line.split_whitespace().collect::<Vec<_>>());
    let plan = draft.asked();
    let seconds = Duration::from_secs;
    assert_eq!((plan.watch, plan.watch_given), (seconds(30), true));
    assert_eq!((plan.idle, plan.streams), (Some(seconds(65)), Some(10)));
    assert_eq!((plan.expect, plan.format), (Expect::Any, Format::Bytes));
    assert_eq!(
        (draft.wait(), plan.due_every),
        (seconds(5), Some(seconds(1)))
    );
    assert!(plan.output.json && plan.output.ascii && !plan.output.progress);
    assert_eq!(plan.output.record.as_deref(), Some("check.json".as_ref()));
}

#[test]
fn the_plan_can_be_asked_for_alone() {
    assert!(parse(&["http://localhost/", "--plan"]).unwrap().plan_only());
    assert!(!parse(&["http://localhost/"]).unwrap().plan_only());
}

#[test]
fn every_verdict_can_be_demanded() {
    for (name, expect) in [
        ("live", Expect::Live),
        ("batched", Expect::Batched),
        ("buffered", Expect::Buffered),
        ("cut", Expect::Cut),
        ("any", Expect::Any),
    ] {
        assert_eq!(draft(&["--expect", name]).asked().expect, expect);
    }
}

#[test]
fn codings_are_asked_for_by_the_probes_unless_the_user_says_which() {
    let encoding = |options: &[&str]| {
        let draft = draft(options);
        assert_eq!(header(draft.asked(), "Accept-Encoding"), None);
        draft.asked().own_encoding.clone()
    };
    assert_eq!(encoding(&[]), None);
    assert_eq!(encoding(&["--compressed"]), None);
    assert_eq!(
        encoding(&["-H", "accept-encoding: br"]).as_deref(),
        Some("br")
    );
    let two = ["-H", "Accept-Encoding: gzip", "-H", "Accept-Encoding: br"];
    assert_eq!(encoding(&two).as_deref(), Some("gzip, br"));
    assert_eq!(encoding(&["-H", "Accept-Encoding;"]).as_deref(), Some(""));
}

#[test]
fn a_request_with_effects_is_repeated_by_consent_only() {
    let post = draft(&["-d", "{}", "--repeat", "3"]);
    assert!(!post.asked().is_safe());
    assert_eq!(post.asked().repeat, 3);
    let error = try_draft(&["http://localhost/", "--repeat", "3"]).unwrap_err();
    assert!(matches!(error, UsageError::RepeatOfSafe(method) if method == "GET"));
}

#[test]
fn what_follows_two_dashes_starts_the_server() {
    let draft = draft(&["--", "puma", "-p", "0", "--json", "curl"]);
    assert_eq!(draft.server(), ["puma", "-p", "0", "--json", "curl"]);
    assert_eq!(draft.wait(), Duration::from_secs(30));
    assert!(!draft.asked().output.json);
    let draft = try_draft(&["http://localhost/", "--wait", "2m", "--", "puma"]).unwrap();
    assert_eq!(draft.wait(), Duration::from_secs(120));
}

#[test]
fn what_clap_refuses_names_input_and_expectation() {
    let url = "http://localhost/";
    let refusal = |arguments: &[&str]| {
        let error = parse(arguments).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    };
    let messages = [
        refusal(&[]),
        refusal(&["help"]),
        refusal(&[url, "--for", "0s"]),
        refusal(&[url, "--streams", "1"]),
        refusal(&[url, "--repeat", "0"]),
        refusal(&[url, "--expect", "invalid"]),
        refusal(&[url, "puma"]),
    ]
    .join("\n---\n");
    insta::assert_snapshot!(messages);
}
