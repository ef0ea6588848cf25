//! From arguments to drafts, and the help texts as they look at 80 columns.

mod check;
mod curl;

use std::io::Write as _;
use std::time::Duration;

use clap::CommandFactory as _;

use super::*;
use crate::plan::{Color, Draft, Endpoint, Format, Route, SequenceSource, StampSource};
use crate::request::HttpVersion;

fn environment(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("s3cret".into()),
        "LANG" => Some("C.UTF-8".into()),
        _ => None,
    }
}

fn parse(arguments: &[&str]) -> Result<RunArgs, clap::Error> {
    let line = ["loadgen", "run"].iter().chain(arguments);
    match Cli::try_parse_from(line)?.command {
        Command::Run(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

fn try_draft(arguments: &[&str]) -> Result<Draft, UsageError> {
    parse(arguments).unwrap().draft(&environment)
}

/// A draft for `http://localhost:8080/prices` with these options and 10 connections.
fn draft(options: &[&str]) -> Draft {
    try_draft(&[&["http://localhost:8080/prices", "-c10"], options].concat()).unwrap()
}

fn headers(options: &[&str]) -> Vec<(String, String)> {
    draft(options).asked().request.headers.clone()
}

fn usage(options: &[&str]) -> String {
    let error =
        try_draft(&[&["http://localhost:8080/prices", "-c10"], options].concat()).unwrap_err();
    assert_eq!(error.exit().code(), 2);
    error.to_string()
}

fn refusal(arguments: &[&str]) -> String {
    let error = parse(arguments).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    error.to_string()
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

#[test]
fn clap_finds_no_contradiction_in_the_options() {
    Cli::command().debug_assert();
}

#[test]
fn without_options_a_run_is_what_the_help_says() {
    let draft = draft(&[]);
    let plan = draft.asked();
    assert_eq!(
        draft.route(),
        &Route::Name {
            host: "localhost".into(),
            port: 8080
        }
    );
    assert_eq!((draft.wait(), draft.allowed_host()), (Duration::ZERO, None));
    assert_eq!(plan.load.connections, 10);
    assert_eq!(plan.load.ramp, Duration::from_millis(10));
    assert_eq!(plan.load.hold, Duration::from_secs(30));
    assert_eq!(
        (plan.stamps.clone(), plan.sequence.clone()),
        (StampSource::Auto, SequenceSource::Auto)
    );
    assert_eq!(
        (plan.format, plan.due_every, plan.keep_going),
        (Format::Auto, None, false)
    );
    assert_eq!(
        (plan.trace.streams, plan.trace.events_per_stream),
        (5, 1_000)
    );
    assert!(
        plan.subscriber.reconnect
            && plan.output.progress
            && !plan.output.json
            && !plan.output.ascii
    );
    assert!(plan.target.tls.is_none() && plan.limits.is_empty() && plan.load.sources.is_empty());
}

#[test]
fn options_reach_the_plan() {
    let draft = draft(&[
        "--for",
        "2m",
        "--ramp",
        "10s",
        "--workers",
        "3",
        "--source-ip",
        "127.0.0.2",
        "--source-ip",
        "127.0.0.3",
        "--no-reconnect",
        "--wait",
        "5s",
        "--allow-host",
        "localhost",
        "--keep-going",
        "--format",
        "lines",
        "--sent-at",
        "json:/t:ms",
        "--seq",
        "id",
        "--due-every",
        "500ms",
        "--trace",
        "1",
        "--trace-events",
        "9",
        "--max",
        "lost=0",
        "--min",
        "connections=10",
        "--max",
        "delivery.p99=1s",
        "--out",
        "run.json",
        "--json",
        "--no-progress",
        "--color",
        "never",
        "--ascii",
    ]);
    let plan = draft.asked();
    assert_eq!(
        (draft.wait(), draft.allowed_host()),
        (Duration::from_secs(5), Some("localhost"))
    );
    assert_eq!(
        (plan.load.ramp, plan.load.hold),
        (Duration::from_secs(10), Duration::from_secs(120))
    );
    assert_eq!((plan.load.workers, plan.load.sources.len()), (3, 2));
    assert!(!plan.subscriber.reconnect && plan.keep_going);
    assert_eq!(
        (plan.format, plan.sequence.clone()),
        (Format::Lines, SequenceSource::Id)
    );
    assert!(matches!(plan.stamps, StampSource::Json { .. }));
    assert_eq!(plan.due_every, Some(Duration::from_millis(500)));
    assert_eq!((plan.trace.streams, plan.trace.events_per_stream), (1, 9));
    assert_eq!(plan.limits.len(), 3);
    assert_eq!(plan.output.record.as_deref(), Some("run.json".as_ref()));
    assert!(plan.output.json && !plan.output.progress && plan.output.ascii);
    assert_eq!(plan.output.color, Color::Never);
}

#[test]
fn the_ramp_follows_from_the_rate() {
    assert_eq!(
        draft(&["--rate", "4/s"]).asked().load.ramp,
        Duration::from_millis(2500)
    );
    assert_eq!(draft(&["--ramp", "0"]).asked().load.ramp, Duration::ZERO);
}

#[test]
fn there_are_never_more_workers_than_connections() {
    let args = ["http://localhost/", "-c2", "--workers", "8"];
    assert_eq!(try_draft(&args).unwrap().asked().load.workers, 2);
}

#[test]
fn the_request_is_the_one_curl_would_send() {
    let form = file("a=1\r\nb=2\n");
    let form = format!("@{}", form.path().display());
    let draft = draft(&["-d", &form, "-d", "c=3", "-X", "PUT", "--http1.0"]);
    let request = &draft.asked().request;
    assert_eq!(
        (&*request.method, &*request.body),
        ("PUT", &b"a=1b=2&c=3"[..])
    );
    assert_eq!(request.version, HttpVersion::Http10);
    let raw = draft_body(&["--data-raw", "@not-a-file\n"]);
    assert_eq!(raw, b"@not-a-file\n");
}

fn draft_body(options: &[&str]) -> Vec<u8> {
    draft(options).asked().request.body.clone()
}

#[test]
fn secrets_come_from_the_environment_or_a_file() {
    let lines = file("X-One: 1\r\n\n  \nX-Two: ${TOKEN}\n");
    let lines = format!("@{}", lines.path().display());
    let sent = headers(&[
        "-H",
        "Authorization: Bearer ${TOKEN}",
        "-H",
        &lines,
        "-b",
        "a=${TOKEN}",
        "-b",
        "c=d",
    ]);
    for (name, value) in [
        ("Authorization", "Bearer s3cret"),
        ("X-One", "1"),
        ("X-Two", "s3cret"),
        ("Cookie", "a=s3cret; c=d"),
    ] {
        assert!(sent.contains(&(name.into(), value.into())), "{name}");
    }
    let sent = headers(&["-u", "me:${TOKEN}", "-A", "mine/1", "--compressed"]);
    assert!(sent.contains(&("Authorization".into(), "Basic bWU6czNjcmV0".into())));
    assert!(sent.contains(&("User-Agent".into(), "mine/1".into())));
    assert!(sent.iter().any(|(name, _)| name == "Accept-Encoding"));
}

#[test]
fn a_header_file_that_is_no_text_is_refused() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"X-Word: gr\xf6\xdfer\n").unwrap();
    let option = format!("@{}", file.path().display());
    assert!(usage(&["-H", &option]).starts_with(&format!("-H {option}: invalid utf-8")));
}

#[test]
fn user_info_goes_into_the_request_and_not_into_the_record() {
    let draft = try_draft(&["http://me:s3cret@localhost/p#f", "-c1"]).unwrap();
    assert_eq!(draft.asked().url.as_str(), "http://localhost/p");
    assert!(
        draft
            .asked()
            .request
            .headers
            .iter()
            .any(|(name, _)| name == "Authorization")
    );
}

#[test]
fn the_way_to_the_server_can_be_given() {
    let socket = draft(&["--unix-socket", "/run/app.sock"]);
    assert_eq!(
        socket.route(),
        &Route::Known(vec![Endpoint::Unix("/run/app.sock".into())])
    );
    assert_eq!(socket.asked().target.host, "localhost:8080");
    let known = |options: &[&str]| draft(options).route().clone();
    let pinned = Route::Known(vec![Endpoint::Tcp("10.0.0.1:8080".parse().unwrap())]);
    assert_eq!(known(&["--resolve", "localhost:8080:10.0.0.1"]), pinned);
    assert_eq!(known(&["--connect-to", "::10.0.0.1:"]), pinned);
}

#[test]
fn https_has_a_server_name_and_http_has_not() {
    let draft = try_draft(&["https://stream.example/p", "-c1", "-k"]).unwrap();
    let tls = draft.asked().target.tls.as_ref().unwrap();
    assert_eq!(tls.server_name.to_str(), "stream.example");
    assert_eq!(
        draft.route(),
        &Route::Name {
            host: "stream.example".into(),
            port: 443
        }
    );
}

#[test]
fn a_certificate_file_is_used_and_a_missing_one_named() {
    let error = try_draft(&[
        "https://stream.example/p",
        "-c1",
        "--cacert",
        "/no/such.pem",
    ])
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("--cacert /no/such.pem: No such file"),
        "{error}"
    );
}

#[test]
fn symbols_need_a_utf8_locale() {
    for (variables, ascii) in [
        (&[("LANG", "de_DE.UTF-8")][..], false),
        (&[("LC_ALL", "C.utf8"), ("LANG", "C")], false),
        (
            &[("LC_ALL", ""), ("LC_CTYPE", "C"), ("LANG", "C.UTF-8")],
            true,
        ),
        (&[("LANG", "C")], true),
        (&[], true),
    ] {
        let environment = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let draft = parse(&["http://localhost/", "-c1"])
            .unwrap()
            .draft(&environment)
            .unwrap();
        assert_eq!(draft.asked().output.ascii, ascii, "{variables:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_remedy() {
    let messages = [
        usage(&["--http2"]),
        usage(&["-X", "GET /\r\n"]),
        usage(&["-H", "Authorization: Bearer ${NOT_SET}"]),
        usage(&["-H", "no header"]),
        usage(&["-H", "Content-Length: 3"]),
        usage(&["-H", "@/no/such/file"]),
        usage(&["-d", "@/no/such/file"]),
        usage(&["-b", "cookies.txt"]),
        usage(&["-u", "me"]),
        usage(&["--unloaded-probe", "-d", "@-"]),
    ]
    .join("\n");
    insta::assert_snapshot!(messages);
}

#[test]
fn what_clap_refuses_names_input_and_expectation() {
    let url = "http://localhost/";
    let messages = [
        refusal(&[]),
        refusal(&["localhost:8080/prices", "-c1"]),
        refusal(&["ws://localhost/", "-c1"]),
        refusal(&[url, "-c0"]),
        refusal(&[url, "-c1", "--for", "30"]),
        refusal(&[url, "-c1", "--for", "0s"]),
        refusal(&[url, "-c1", "--ramp", "1s", "--rate", "5/s"]),
        refusal(&[url, "-c1", "--rate", "5"]),
        refusal(&[url, "-c1", "--sent-at", "json:/t"]),
        refusal(&[url, "-c1", "--seq", "json:n"]),
        refusal(&[url, "-c1", "--max", "delivery.p99<1s"]),
        refusal(&[url, "-c1", "--resolve", "localhost:80"]),
        refusal(&[url, "-c1", "--source-ip", "localhost"]),
        refusal(&[url, "-c1", "--data-raw", "a", "-d", "b"]),
        refusal(&[url, "-c1", "--format", "csv"]),
    ]
    .join("\n---\n");
    insta::assert_snapshot!(messages);
}

/// The help text as a terminal of 80 columns shows it.
fn help(path: &[&str]) -> String {
    let mut command = Cli::command().term_width(80);
    command.build();
    let mut command = path.iter().fold(command, |command, name| {
        command.find_subcommand(name).unwrap().clone()
    });
    let text = command.render_help().to_string();
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    text
}

#[test]
fn help_reads_well_at_80_columns() {
    insta::assert_snapshot!("help", help(&[]));
    insta::assert_snapshot!("help_check", help(&["check"]));
    insta::assert_snapshot!("help_run", help(&["run"]));
    insta::assert_snapshot!("help_matrix", help(&["matrix"]));
}
