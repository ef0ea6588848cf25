//! A check that comes a second time: a cache plays it what the first request got, and everybody else does not.

use crate::scripted::{STREAM, Scripted, event, stream};
use crate::support::{all_at_once, brief, check, codes, plan};
use loadgen::check::Purpose;
use run_record::verdict::Word;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;
use verdict::plan::Why;

const GAP: Duration = Duration::from_millis(30);
/// More than come while the first request is watched: six seconds.
const EVENTS: usize = 200;

fn live(client: &mut TcpStream, from: usize, to: usize) -> io::Result<()> {
    (from..to).try_for_each(|number| {
        std::thread::sleep(GAP);
        event(client, number)
    })
}

fn end(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(b"0\r\n\r\n")
}

/// What the past consists of for who comes second, and what the head says.
struct Case {
    past: std::ops::Range<usize>,
    head: &'static str,
    is_recording: bool,
}

#[test]
fn a_recording_is_told_from_a_backlog() {
    let cases = [
        Case {
            past: 0..EVENTS,
            head: "Age: 2\r\n",
            is_recording: true,
        },
        // A server that has just been started sends all of the day, another one the latest events.
        Case {
            past: 0..EVENTS,
            head: "",
            is_recording: false,
        },
        Case {
            past: 20..EVENTS,
            head: "Age: 2\r\n",
            is_recording: false,
        },
    ];
    all_at_once(&cases, |case| {
        let (past, head) = (case.past.clone(), case.head);
        let server = Scripted::start(move |asked, client| {
            let head = STREAM.replace("\r\n\r\n", &format!("\r\n{head}\r\n"));
            client.write_all(head.as_bytes())?;
            if asked.number > 0 {
                past.clone().try_for_each(|number| event(client, number))?;
            }
            live(
                client,
                if asked.number > 0 { EVENTS } else { 0 },
                10 * EVENTS,
            )
        });
        let outcome = check(&plan(server.address(), "/stream"));
        let is_told = codes(&outcome.verdict).contains(&"cache.replay") == case.is_recording;
        let is_live = outcome.verdict.word == Word::Live;
        let is_asked =
            outcome.purposes == [Why::AsBrowser, Why::SecondClient].map(Purpose::Question);
        let is_right = is_told && is_live && is_asked && server.most_at_once() == 1;
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
}

#[test]
fn a_response_that_ended_and_comes_again_all_at_once_is_a_recording() {
    let server = Scripted::start(|asked, client| {
        client.write_all(STREAM.as_bytes())?;
        match asked.number {
            0 => live(client, 0, 20)?,
            _ => (0..20).try_for_each(|number| event(client, number))?,
        }
        end(client)
    });
    let outcome = check(&plan(server.address(), "/stream"));
    let codes = codes(&outcome.verdict);
    assert!(codes.contains(&"cache.replay"), "{}", brief(&outcome));
    let causes = &outcome.verdict.causes;
    assert_eq!(causes[0].code, "cache.replay", "{}", brief(&outcome));
}

#[test]
fn a_slow_stream_is_watched_for_as_long_as_without_a_second_client() {
    let slow = Duration::from_millis(500);
    let server = Scripted::start(move |_, client| stream(client, 1, slow));
    let outcome = check(&plan(server.address(), "/stream"));
    let first = &outcome.observations.probes[0];
    assert!(first.events.len() > 14, "{}", brief(&outcome));
    assert_eq!(outcome.verdict.word, Word::Live, "{}", brief(&outcome));
}
