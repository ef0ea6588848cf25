//! What a check sends, as the server sees it: no request beyond its plan, none after a refusal, no more at once than
//! announced.

use crate::scripted::{Asked, STREAM, Scripted, chunk, event, events, hold, stream};
use crate::support::{all_at_once, brief, briefly, check, codes, plan};
use loadgen::check::{Outcome, announcement};
use loadgen::plan::{CheckPlan, Endpoint};
use run_record::verdict::Word;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

const FAST: Duration = Duration::from_millis(20);
const SLOW: Duration = Duration::from_millis(250);

type Answer = fn(&Asked, &mut TcpStream) -> io::Result<()>;

/// Held back: several events at once, in a rhythm.
fn grouped(_: &Asked, client: &mut TcpStream) -> io::Result<()> {
    stream(client, 4, SLOW)
}

fn live(_: &Asked, client: &mut TcpStream) -> io::Result<()> {
    stream(client, 1, FAST)
}

/// A plan for `/stream` of this server.
fn of(server: &Scripted) -> CheckPlan {
    plan(server.address(), "/stream")
}

/// The same, as of a server that is not on this machine: one of its addresses is not.
fn abroad(server: &Scripted) -> CheckPlan {
    let mut plan = of(server);
    let elsewhere = Endpoint::Tcp("192.0.2.1:9".parse().unwrap());
    plan.target.endpoints.push(elsewhere);
    plan
}

/// The same with a body, as of something that may cost money.
fn posting(server: &Scripted, repeat: u16) -> CheckPlan {
    let mut plan = of(server);
    plan.request.method = "POST".to_owned();
    plan.request.body = b"{}".to_vec();
    plan.repeat = repeat;
    plan
}

fn require(is_so: bool, what: &str, server: &Scripted, outcome: &Outcome) -> Result<(), String> {
    let asked = server.asked();
    is_so
        .then_some(())
        .ok_or_else(|| format!("{what}: {}, {asked:#?}", brief(outcome)))
}

#[test]
fn who_is_refused_does_not_ask_again() {
    all_at_once(&[204, 401, 403, 404, 429, 503], |status| {
        let server = Scripted::says(format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n"));
        let mut plan = of(&server);
        plan.streams = Some(3);
        let outcome = check(&plan);
        let is_no_stream = outcome.verdict.word == Word::NoStream;
        require(is_no_stream, "NO STREAM", &server, &outcome)?;
        require(server.asked().len() == 1, "one request", &server, &outcome)
    });
}

#[test]
fn a_refusal_in_between_ends_the_check() {
    all_at_once(&[401, 403, 429], |status| {
        let refusal = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n");
        let server = Scripted::start(move |asked, client| match asked.number {
            0 => grouped(asked, client),
            _ => client.write_all(refusal.as_bytes()),
        });
        let mut plan = of(&server);
        plan.streams = Some(5);
        let outcome = check(&plan);
        let is_told = codes(&outcome.verdict).contains(&"probe.refused");
        require(is_told, "probe.refused", &server, &outcome)?;
        require(
            server.asked().len() == 2,
            "none after it",
            &server,
            &outcome,
        )
    });
}

#[test]
fn what_may_have_effects_is_sent_as_often_as_allowed() {
    let cases: [(u16, usize, Answer); 4] =
        [(1, 1, live), (1, 1, grouped), (2, 1, live), (2, 2, grouped)];
    all_at_once(&cases, |(repeat, expected, answer)| {
        let server = Scripted::start(*answer);
        let plan = posting(&server, *repeat);
        let outcome = check(&plan);
        let asked = server.asked();
        let is_post = asked.iter().all(|asked| asked.head.starts_with("POST "));
        let is_right = asked.len() == *expected && is_post && server.most_at_once() == 1;
        require(is_right, &announcement(&plan), &server, &outcome)
    });
}

/// The numbers that stand in the announcement: requests, and how many at a time.
fn announced(plan: &CheckPlan) -> (usize, usize) {
    let text = announcement(plan);
    let number = |text: &str| text.split(' ').find_map(|word| word.parse().ok());
    let mut parts = text.split(", ");
    let mut next = || parts.next().and_then(number).expect("the number is said");
    (next(), next())
}

#[test]
fn no_request_is_sent_beyond_the_announcement() {
    let coded: Answer = |asked, client| {
        if asked.header("Accept-Encoding").is_none() {
            return live(asked, client);
        }
        let head = STREAM.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");
        client.write_all(head.as_bytes())?;
        hold(client)
    };
    let broken: Answer = |_, client| {
        client.write_all(STREAM.as_bytes())?;
        (0..5).try_for_each(|number| event(client, number))
    };
    let late: Answer = |_, client| {
        client.write_all(STREAM.as_bytes())?;
        chunk(client, &"data: first\n\n".repeat(20))?;
        (0..).try_for_each(|number| {
            std::thread::sleep(FAST);
            event(client, number)
        })
    };
    let speechless: Answer = |_, client| {
        client.write_all(STREAM.as_bytes())?;
        hold(client)
    };
    // Both are asked over HTTP/1.0 too.
    let once: Answer = |_, client| {
        client.write_all(STREAM.as_bytes())?;
        event(client, 0)?;
        client.write_all(b"0\r\n\r\n")
    };
    let by_nginx: Answer = |_, client| {
        let head = STREAM.replace("\r\n\r\n", "\r\nServer: nginx/1.22.1\r\n\r\n");
        client.write_all(head.as_bytes())?;
        events(client, 4, SLOW)
    };
    let answers = [
        live, grouped, coded, broken, late, speechless, once, by_nginx,
    ];
    let cases: Vec<(Answer, bool)> = answers
        .into_iter()
        .flat_map(|answer| [(answer, true), (answer, false)])
        .collect();
    all_at_once(&cases, |(answer, is_here)| {
        let server = Scripted::start(*answer);
        let plan = if *is_here {
            of(&server)
        } else {
            abroad(&server)
        };
        let plan = briefly(plan);
        let (requests, at_once) = announced(&plan);
        let outcome = check(&plan);
        let asked = server.asked();
        require(asked.len() <= requests, "too many", &server, &outcome)?;
        let is_within = server.most_at_once() <= at_once;
        require(is_within, "too many at once", &server, &outcome)?;
        let is_expected = at_once == 1;
        require(is_expected, "at a time", &server, &outcome)?;
        let only_that = asked.iter().all(|asked| asked.path() == "/stream");
        require(only_that, "another path", &server, &outcome)?;
        let has_id = |asked: &Asked| asked.header("Last-Event-ID").is_some();
        require(
            !asked.iter().any(has_id),
            "Last-Event-ID",
            &server,
            &outcome,
        )
    });
}

#[test]
fn a_log_is_asked_for_on_this_machine_alone() {
    all_at_once(&[true, false], |is_here| {
        let server = Scripted::start(|_, client| hold(client));
        let plan = if *is_here {
            of(&server)
        } else {
            abroad(&server)
        };
        let plan = briefly(plan);
        let outcome = check(&plan);
        let asked = server.asked();
        let logs = asked
            .iter()
            .filter(|asked| asked.path() == "/truth")
            .count();
        let streams = asked
            .iter()
            .filter(|asked| asked.path() == "/stream")
            .count();
        let is_right = logs + streams == asked.len() && (logs > 0) == *is_here;
        require(is_right, "/truth", &server, &outcome)?;
        let is_within = streams <= announced(&plan).0 && logs <= streams;
        require(is_within, "too many", &server, &outcome)
    });
}

#[test]
fn as_many_streams_are_opened_as_were_asked_for() {
    // How many the server serves at once, and what is said about that.
    let cases = [
        (10, None),
        (4, Some("4 answered, the other 6 waited")),
        (1, Some("1 answered, the other 9 waited")),
    ];
    all_at_once(&cases, |(served, says)| {
        let served = *served;
        let server = Scripted::start(move |asked, client| {
            if asked.at_once > served {
                return hold(client);
            }
            live(asked, client)
        });
        let mut plan = of(&server);
        plan.streams = Some(10);
        let outcome = check(&plan);
        let (requests, at_once) = announced(&plan);
        let is_ten = server.most_at_once() == 10 && at_once == 10;
        require(is_ten, "ten at once", &server, &outcome)?;
        let streams = server
            .asked()
            .iter()
            .filter(|asked| asked.path() == "/stream")
            .count();
        require(streams <= requests, "too many", &server, &outcome)?;
        require(
            outcome.verdict.word == Word::Live,
            "LIVE",
            &server,
            &outcome,
        )?;
        let limit = outcome
            .verdict
            .findings
            .iter()
            .find(|finding| finding.code == "streams.limit");
        let is_right = match says {
            None => limit.is_none(),
            Some(says) => limit.is_some_and(|limit| limit.text.contains(says)),
        };
        require(is_right, "streams.limit", &server, &outcome)
    });
}

#[test]
fn one_stream_at_a_time_unless_more_are_asked_for() {
    // Two streams are all that is needed to see a single worker, if somebody asks.
    all_at_once(&[None, Some(2)], |streams| {
        let server = Scripted::start(|asked, client| match asked.at_once {
            1 => live(asked, client),
            _ => hold(client),
        });
        let mut plan = of(&server);
        plan.streams = *streams;
        let outcome = check(&plan);
        let is_live = outcome.verdict.word == Word::Live;
        require(is_live, "LIVE", &server, &outcome)?;
        let is_limit = codes(&outcome.verdict).contains(&"streams.limit");
        require(is_limit == streams.is_some(), "limit", &server, &outcome)?;
        let most = usize::from(streams.unwrap_or(1));
        require(server.most_at_once() == most, "at once", &server, &outcome)
    });
}

#[test]
fn a_second_stream_at_once_is_for_target_server_alone() {
    fn target_server(_: &Asked, client: &mut TcpStream) -> io::Result<()> {
        let own = "Content-Type: text/event-stream\r\nX-Stream: s\r\nX-Subscriber: 1";
        let head = STREAM.replacen("Content-Type: text/event-stream", own, 1);
        assert_ne!(head, STREAM);
        client.write_all(head.as_bytes())?;
        events(client, 1, FAST)
    }
    let cases: [(Answer, usize); 2] = [(live, 1), (target_server, 2)];
    all_at_once(&cases, |(answer, most)| {
        let server = Scripted::start(*answer);
        let outcome = check(&plan(server.address(), "/prices"));
        require(server.most_at_once() == *most, "at once", &server, &outcome)?;
        require(server.still_open() == 0, "left open", &server, &outcome)
    });
}

#[test]
fn every_stream_that_was_opened_is_closed_when_the_check_ends() {
    let cases: [(Answer, Option<u16>); 4] = [
        (live, None),
        (grouped, None),
        (live, Some(5)),
        (|_, client| hold(client), None),
    ];
    all_at_once(&cases, |(answer, streams)| {
        let server = Scripted::start(*answer);
        let mut plan = briefly(of(&server));
        plan.streams = *streams;
        let outcome = check(&plan);
        let most = usize::from(streams.unwrap_or(1));
        require(server.most_at_once() == most, "at once", &server, &outcome)?;
        require(server.still_open() == 0, "left open", &server, &outcome)
    });
}

#[test]
fn compression_is_asked_for_once_and_then_not() {
    let browser = Some("gzip, deflate, br, zstd");
    let cases = [
        (None, vec![browser, None]),
        (Some("br"), vec![Some("br"), None]),
        (Some(""), vec![None]),
    ];
    all_at_once(&cases, |(own, expected)| {
        let server = Scripted::start(grouped);
        let mut plan = of(&server);
        plan.own_encoding = own.map(str::to_owned);
        let outcome = check(&plan);
        let asked = server.asked();
        let sent: Vec<_> = asked
            .iter()
            .map(|asked| asked.header("Accept-Encoding"))
            .collect();
        require(sent == *expected, "Accept-Encoding", &server, &outcome)
    });
}

#[test]
fn redirects_are_followed_within_the_origin() {
    let redirected = |to: String| {
        format!("HTTP/1.1 307 Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
    };
    let answer = redirected("/moved".to_owned());
    let server = Scripted::start(move |asked, client| match asked.path() {
        "/stream" => client.write_all(answer.as_bytes()),
        _ => live(asked, client),
    });
    let outcome = check(&of(&server));
    assert_eq!(outcome.verdict.word, Word::Live, "{}", brief(&outcome));
    assert!(server.asked().iter().any(|asked| asked.path() == "/moved"));

    let stranger = Scripted::start(live);
    let answer = redirected(format!("http://{}/stream", stranger.address()));
    let server = Scripted::says(answer);
    let outcome = check(&of(&server));
    assert_eq!(outcome.verdict.word, Word::NoStream, "{}", brief(&outcome));
    assert_eq!((server.asked().len(), stranger.asked().len()), (1, 0));
}
