//! What a subscriber does, request by request, as browsers do (WHATWG HTML 9.2.3; the client cases measured with
//! Chromium, Firefox, eventsource and undici).

use crate::scripted::{Answer, STREAM, Scripted};
use crate::support::{plan, run, total};
use flate2::Compression;
use flate2::write::GzEncoder;
use loadgen::engine::{EndOfRun, Outcome};
use loadgen::plan::{Format, Plan, SequenceSource};
use run_record::counters::Counters;
use run_record::errors::ErrorKind;
use std::io::Write;
use std::time::Duration;

const LEAVE: &str = "204 No Content";

/// A plan for one subscriber that reconnects, for as long as a server wants it.
fn subscriber(server: &Scripted) -> Plan {
    let mut plan = plan(server.address(), "/stream?a=1", 1);
    plan.subscriber.reconnect = true;
    plan.subscriber.default_retry = Duration::from_millis(10);
    plan
}

/// Runs one subscriber against these answers until the server wants it no more: its requests, and the outcome.
#[track_caller]
fn followed(answers: impl Into<Vec<Answer>>) -> (Vec<String>, Outcome) {
    let server = Scripted::start(answers);
    let outcome = run(subscriber(&server));
    assert_eq!(outcome.end, EndOfRun::NobodyLeft);
    (server.requests(), outcome)
}

/// Runs one subscriber for a second against answers that hold it.
fn held(answer: Answer, change: impl FnOnce(&mut Plan)) -> Outcome {
    let server = Scripted::start([answer]);
    let mut plan = subscriber(&server);
    plan.load.hold = Duration::from_secs(1);
    change(&mut plan);
    run(plan)
}

fn counters(outcome: &Outcome) -> Counters {
    total(outcome).counters
}

/// The values of a field, in all the requests.
fn fields<'a>(requests: &'a [String], name: &str) -> Vec<Option<&'a str>> {
    let of = |request: &'a String| {
        request.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    requests.iter().map(of).collect()
}

/// C01, C03, C04, C05: a stream, its end, a second request, 204.
#[test]
fn an_end_is_followed_by_a_new_request_and_204_by_none() {
    let (requests, outcome) = followed([Answer::stream("data: 1\n\n"), Answer::status(LEAVE)]);
    assert_eq!(requests.len(), 2);
    assert!(requests[0].starts_with("GET /stream?a=1 HTTP/1.1\r\n"));
    assert_eq!(requests[0], requests[1]);
    assert_eq!(
        fields(&requests[..1], "accept"),
        [Some("text/event-stream")]
    );
    assert_eq!(fields(&requests, "last-event-id"), [None, None]);
    let Counters {
        connections,
        subscribers,
        events,
        ends,
        ..
    } = counters(&outcome);
    assert_eq!(
        (
            connections.attempted,
            connections.opened,
            connections.failed,
            connections.reconnects
        ),
        (2, 1, 1, 1)
    );
    assert_eq!((subscribers.connected, subscribers.given_up), (1, 1));
    assert_eq!((events.received, ends.closed), (1, 1));
}

/// C06 to C09, C12, C18: an answer that is no stream is the last one, at first and on a reconnect.
#[test]
fn an_answer_that_is_no_stream_is_final() {
    let with_type =
        |kind: &str| Answer::close(format!("HTTP/1.1 200 OK\r\n{kind}\r\ndata: no\n\n"));
    let mut answers = vec![
        with_type("Content-Type: text/html\r\n"),
        with_type("Content-Type: application/json\r\n"),
        with_type("Content-Type: text/x-bogus\r\n"),
        with_type(""),
    ];
    for status in [
        201, 202, 203, 204, 205, 206, 210, 299, 301, 304, 307, 400, 401, 403, 404, 410, 429, 500,
        502, 503, 504,
    ] {
        let head = format!("HTTP/1.1 {status} X\r\nContent-Type: text/event-stream\r\n");
        let body = "data: no\n\n";
        answers.push(match status {
            204 | 304 => Answer::close(format!("{head}\r\n")),
            _ => Answer::close(format!("{head}\r\n{body}")),
        });
    }
    for answer in answers {
        let (requests, outcome) = followed([answer.clone()]);
        assert_eq!(requests.len(), 1);
        assert_eq!(counters(&outcome).connections.opened, 0);
        let (requests, outcome) = followed([Answer::stream("data: 1\n\n"), answer]);
        assert_eq!(requests.len(), 2);
        assert_eq!(
            counters(&outcome).events.received,
            1,
            "the body is not read"
        );
        assert_eq!(counters(&outcome).subscribers.given_up, 1);
    }
}

/// C10: a redirect within the origin is followed; the request keeps what it has seen.
#[test]
fn redirects_within_the_origin_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let redirect =
            format!("HTTP/1.1 {status} X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
        let (requests, outcome) = followed([
            Answer::stream("id: a\ndata: 1\n\n"),
            Answer::close(redirect),
            Answer::stream("data: 2\n\n"),
            Answer::status(LEAVE),
        ]);
        let lines: Vec<&str> = requests
            .iter()
            .map(|request| request.split_whitespace().nth(1).unwrap())
            .collect();
        // After the end of the stream that it led to, the original address is asked again.
        let original = "/stream?a=1";
        assert_eq!(lines, [original, original, "/other", original], "{status}");
        assert_eq!(
            fields(&requests, "last-event-id"),
            [None, Some("a"), Some("a"), Some("a")]
        );
        assert_eq!(counters(&outcome).events.received, 2);
        assert_eq!(counters(&outcome).connections.redirects, 1);
    }
}

/// Under load nobody is sent to a server that was not named.
#[test]
fn redirects_to_another_origin_are_refused() {
    let stranger = Scripted::start([Answer::status(LEAVE)]);
    let head = format!(
        "HTTP/1.1 307 X\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n",
        stranger.address()
    );
    let (requests, outcome) = followed([Answer::close(head)]);
    assert_eq!((requests.len(), stranger.requests().len()), (1, 0));
    assert_eq!(outcome.measured.errors.count(ErrorKind::Redirect), 1);
}

/// A redirect to itself ends.
#[test]
fn redirects_without_end_are_given_up() {
    let head = "HTTP/1.1 302 X\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    let (requests, outcome) = followed([Answer::close(head)]);
    assert_eq!(requests.len(), 21);
    assert_eq!(counters(&outcome).subscribers.given_up, 1);
}

/// C15.
#[test]
fn parameters_of_the_type_change_nothing() {
    for kind in [
        "text/event-stream;charset=utf-8",
        "text/event-stream;",
        "TEXT/Event-Stream; x=y",
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\ndata: 1\n\n");
        let (_, outcome) = followed([Answer::close(head), Answer::status(LEAVE)]);
        assert_eq!(counters(&outcome).events.received, 1, "{kind}");
    }
}

/// C21, C22, C25: the server's delay is kept, and one of nothing has a floor. Only "not sooner" is asserted.
#[test]
fn the_delay_is_the_servers_with_a_floor() {
    let took = |retry: &str, times: usize| {
        let mut answers = vec![Answer::stream(&format!("{retry}data: 1\n\n")); times];
        answers.push(Answer::status(LEAVE));
        let (requests, outcome) = followed(answers);
        assert_eq!(requests.len(), times + 1);
        outcome.ended - outcome.started
    };
    let at_least = |millis| run_record::time::Nanos::from_millis(millis);
    assert!(took("retry: 300\n", 1) >= at_least(300));
    assert!(took("retry: 0\n", 30) >= at_least(30 * 10));
    assert!(took("retry: 100\nretry: -5\n", 3) >= at_least(3 * 100));
}

/// C26, C28, C30, C31, C35: the id of the last whole block is sent, over any number of streams.
#[test]
fn the_last_event_id_is_sent() {
    let (requests, outcome) = followed([
        Answer::stream("id: abc\ndata: 1\n\n"),
        Answer::stream("data: no id\n\n"),
        Answer::stream("id: only\n\n"),
        Answer::stream("id: whole\ndata: 2\n\nid: half\ndata: 3\n"),
        Answer::stream("id: nul\0\ndata: 4\n\n"),
        Answer::stream("id: é\ndata: 5\n\n"),
        Answer::stream("id\ndata: 6\n\n"),
        Answer::status(LEAVE),
    ]);
    assert_eq!(
        fields(&requests, "last-event-id"),
        [
            None,
            Some("abc"),
            Some("abc"),
            Some("only"),
            Some("whole"),
            Some("whole"),
            Some("é"),
            None
        ]
    );
    let events = counters(&outcome).events;
    assert_eq!((events.received, events.unfinished), (6, 1));
}

/// C36: a network error in the body is followed by a new request, and each has a name of its own.
#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    let head = |field: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{field}\r\n\r\n")
    };
    let (requests, outcome) = followed([
        Answer::reset(format!("{STREAM}data: 1\n\n")),
        Answer::close(head("Content-Length: 100") + "data: 1\n\n"),
        Answer::close(head("Transfer-Encoding: chunked") + "9\r\ndata: 1\n\n\r\n"),
        Answer::close(head("Transfer-Encoding: chunked") + "9\r\ndata: 1\n\n\r\nzz\r\n"),
        Answer::close(""),
        Answer::close(head("Content-Length: 9") + "data: 1\n\n"),
        Answer::close(head("Transfer-Encoding: chunked") + "9\r\ndata: 1\n\n\r\n0\r\n\r\n"),
        Answer::status(LEAVE),
    ]);
    assert_eq!(requests.len(), 8);
    let Counters { ends, events, .. } = counters(&outcome);
    assert_eq!(events.received, 6);
    assert_eq!(
        (ends.reset, ends.truncated, ends.broken, ends.complete),
        (1, 2, 1, 2)
    );
    let errors = &outcome.measured.errors;
    assert_eq!(errors.count(ErrorKind::Reset), 1);
    assert_eq!(errors.count(ErrorKind::Truncated), 2);
    assert_eq!(errors.count(ErrorKind::Framing), 1);
    assert_eq!(errors.count(ErrorKind::HeadMissing), 1);
}

#[test]
fn http_1_0_ends_with_the_connection() {
    let head = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let body = "data: 1\n\ndata: 2\n\n";
    let (_, outcome) = followed([
        Answer::close(format!("{head}{body}")),
        Answer::status(LEAVE),
    ]);
    let Counters { events, ends, .. } = counters(&outcome);
    assert_eq!((events.received, ends.closed), (2, 1));
}

/// Each event is there when it was flushed, not when the coding ends.
#[test]
fn compressed_events_count_when_they_are_flushed() {
    let mut coded = GzEncoder::new(Vec::new(), Compression::default());
    for number in 0..3 {
        write!(coded, "data: {number}\n\n").unwrap();
        coded.flush().unwrap();
    }
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n";
    let body = [head.as_bytes(), coded.get_ref()].concat();
    let outcome = held(Answer::hold(body), |_| {});
    let Counters { events, bytes, .. } = counters(&outcome);
    assert_eq!((events.received, bytes.decoded), (3, 3 * 9));
    assert_eq!(bytes.body, coded.get_ref().len() as u64);

    let unknown = head.replace("gzip", "rot13");
    let (_, outcome) = followed([Answer::close(unknown)]);
    assert_eq!(outcome.measured.errors.count(ErrorKind::ContentCoding), 1);
}

/// One event a line; the last line without an end is not yet one.
#[test]
fn lines_are_events_too() {
    let body = "{\"a\":1}\n{\"a\":2}\r\n{\"a\":";
    for kind in ["application/x-ndjson", "text/plain; charset=utf-8"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{body}");
        let outcome = held(Answer::hold(answer), |_| {});
        let events = counters(&outcome).events;
        assert_eq!((events.received, events.unfinished), (2, 1), "{kind}");
    }
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    let outcome = held(Answer::hold(answer), |plan| plan.format = Format::Lines);
    assert_eq!(counters(&outcome).events.received, 2);
}

/// What was written while nobody listened is not called lost by the stream that follows.
#[test]
fn missed_between_streams_is_not_lost() {
    let server = Scripted::start([
        Answer::stream("id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 4\ndata: d\n\n"),
        Answer::stream("id: 8\ndata: h\n\nid: 9\ndata: i\n\n"),
        Answer::stream("id: 9\ndata: i\n\nid: 10\ndata: j\n\n"),
        Answer::status(LEAVE),
    ]);
    let mut plan = subscriber(&server);
    plan.sequence = SequenceSource::Id;
    let events = counters(&run(plan)).events;
    assert_eq!((events.received, events.sequenced), (7, 7));
    assert_eq!((events.lost, events.missed_between_streams), (1, 3));
    assert_eq!((events.duplicated, events.reordered), (1, 0));
}
