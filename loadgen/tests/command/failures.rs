//! What goes wrong: one clear line each, the right exit code, and the record where something was measured.

use crate::invocation::{Ended, Invocation};
use crate::scripted::{Answer, STREAM, Scripted};
use run_record::end::EndReason;
use run_record::errors::ErrorKind;
use std::net::TcpListener;
use std::process::Command;

fn against(answer: Answer, options: &[&str]) -> Ended {
    let server = Scripted::start([answer]);
    Invocation::of(format!("http://{}/", server.address())).run(options)
}

/// The page says why, in the words of the record, as far as they fit into its width.
#[track_caller]
fn assert_the_page_says_why(ended: &Ended) {
    let exit = ended.record.as_ref().unwrap().exit.as_ref().unwrap();
    let beginning: String = exit.reason.chars().take(60).collect();
    let page = &ended.stdout;
    assert!(page.contains(&beginning), "{beginning:?} is not in\n{page}");
}

#[test]
fn nothing_listening() {
    // On an address of its own, so that no other test takes the port that was free.
    let free = TcpListener::bind("127.77.1.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    Invocation::of(format!("http://{free}/"))
        .run(&[])
        .assert_refused(3, &["nothing answers", &free.to_string(), "--wait"]);
}

#[test]
fn an_unknown_host() {
    // A label of more than 63 characters cannot be asked for, so no network is needed to know.
    let host = "x".repeat(64);
    Invocation::of(format!("http://{host}/"))
        .run(&[])
        .assert_refused(3, &["cannot look up", &host]);
}

#[test]
fn an_html_page() {
    let page =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
    let ended = against(Answer::close(page), &[]);
    let record = ended.assert_judged(3, &["no stream", "text/html"]);
    assert!(record.measured.errors.count(ErrorKind::ContentType) > 0);
    assert_the_page_says_why(&ended);
}

#[test]
fn a_status_of_500() {
    let ended = against(Answer::status("500 Internal Server Error"), &[]);
    let record = ended.assert_judged(3, &["no stream", "status 500"]);
    assert!(record.measured.errors.count(ErrorKind::Status(500)) > 0);
    assert_the_page_says_why(&ended);
}

#[test]
fn a_head_without_end() {
    let fields = format!("HTTP/1.1 200 OK\r\n{}", "X-Field: 1\r\n".repeat(10_000));
    for endless in [Answer::repeat("HTTP/1.1 200 OK "), Answer::close(fields)] {
        let ended = against(endless, &[]);
        let record = ended.assert_judged(3, &["no stream", "longer than 65536 bytes"]);
        assert!(record.measured.errors.count(ErrorKind::HeadTooLarge) > 0);
        assert_the_page_says_why(&ended);
    }
}

#[test]
fn a_server_that_dies_in_the_middle() {
    let ended = against(
        Answer::die(format!("{STREAM}retry: 50\ndata: 1\n\ndata: 2\n\n")),
        &[],
    );
    let record = ended.assert_judged(3, &["was there and is there no more"]);
    assert_eq!(record.end.reason, EndReason::TargetGone);
    assert_eq!(record.total().counters.events.received, 2);
    assert!(record.measured.errors.count(ErrorKind::ConnectRefused) > 0);
    assert_the_page_says_why(&ended);
}

#[test]
fn a_connection_that_is_reset_and_comes_back() {
    let body = format!("{STREAM}retry: 10\ndata: 1\n\n");
    let server = Scripted::start([Answer::reset(body.clone()), Answer::hold(body.clone())]);
    let ended = Invocation::of(format!("http://{}/", server.address())).run(&[]);
    let record = ended.assert_judged(1, &["CUT, expected LIVE"]);
    assert_eq!(record.measured.errors.count(ErrorKind::Reset), 1);
    assert_eq!(record.total().counters.events.received, 2);
    // Whoever reconnects for good may say so.
    let server = Scripted::start([Answer::reset(body.clone()), Answer::hold(body)]);
    let invocation = Invocation::of(format!("http://{}/", server.address()));
    let ended = invocation.run(&["--expect", "any"]);
    ended.assert_judged(0, &["as expected"]);
}

#[test]
fn a_stream_without_events() {
    let ended = against(Answer::hold(format!("{STREAM}: hello\n\n")), &[]);
    let record = ended.assert_judged(4, &["no event on 1 open streams", "1 comments"]);
    assert_eq!(record.total().counters.connections.opened, 1);
    assert_the_page_says_why(&ended);
}

#[test]
fn a_request_that_is_never_answered() {
    let ended = against(Answer::hold(""), &[]);
    ended.assert_judged(3, &["none has a response head"]);
    assert_the_page_says_why(&ended);
}

#[test]
fn a_record_that_cannot_be_written() {
    let server = Scripted::start([Answer::stream("data: 1\n\n")]);
    let invocation = Invocation::of(format!("http://{}/", server.address()));
    for path in ["/proc/none/run.json", "/"] {
        let ended = invocation.run(&["--out", path]);
        ended.assert_refused(2, &["--out", path]);
    }
    assert_eq!(server.requests(), [""; 0], "nothing was sent");
}

#[test]
fn more_connections_than_descriptors() {
    let invocation = Invocation::of("http://127.0.0.1:1/");
    let limited = invocation.command(&["-c", "100000"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 1000 && exec \"$0\" \"$@\""]);
    shell.arg(limited.get_program()).args(limited.get_args());
    let ended = invocation.ended(shell.output().unwrap());
    ended.assert_refused(5, &["-c 100000 needs", "allows 1000", "use -c "]);
}

#[test]
fn many_connections_to_a_stranger() {
    // An address of a documentation network: whoever would answer there has agreed to nothing.
    let invocation = Invocation::of("http://stranger.example/");
    let resolve = "stranger.example:80:192.0.2.1";
    invocation
        .run(&["-c", "101", "--resolve", resolve])
        .assert_refused(2, &["192.0.2.1", "-c 101", "--allow-host stranger.example"]);
    invocation
        .run(&[
            "-c",
            "101",
            "--resolve",
            resolve,
            "--allow-host",
            "other.example",
        ])
        .assert_refused(2, &["--allow-host other.example", "stranger.example"]);
}

/// A server that takes connections and never answers the handshake: only the limit of ten seconds ends the attempt.
#[test]
fn a_connection_that_is_never_established_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let ended = Invocation::of(url).run(&["-k", "-c", "2", "--ramp", "0s", "--for", "12s"]);
    let record = ended.assert_judged(3, &["no connection within the limit"]);
    assert_eq!(record.measured.errors.count(ErrorKind::ConnectTimeout), 2);
    assert_eq!(record.total().counters.connections.failed, 2);
}
