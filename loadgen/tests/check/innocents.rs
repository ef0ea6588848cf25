//! Streams that look held back and are not, and a check that did not run when it should have: none may be accused.

use crate::invocation::Invocation;
use crate::scripted::{STREAM, Scripted, chunk, event, hold, stream};
use crate::support::{
    Gate, all_at_once, brief, briefly, check, check_that_counts, codes, foreign, plan,
    target_server,
};
use crate::table::{Truth, assert_found, both, short};
use loadgen::plan::{CheckPlan, JsonPath, StampSource, TimeUnit};
use nix::sys::signal::{Signal, kill};
use run_record::verdict::{Confidence, Reason, Word};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Slow enough that thirty events take three seconds: what is stopped meanwhile has not finished.
const GAP: Duration = Duration::from_millis(100);

#[test]
fn sources_of_any_rhythm_are_live() {
    let live = Truth::is(Word::Live);
    let paces = [short(5), short(20), short(100)];
    let mut cases = both(&paces, "&jitter=exp", &live, &live);
    cases.extend(both(&[short(1)], "", &live, &live));
    cases.extend(both(&[short(20)], "&heartbeat=10ms", &live, &live));
    assert_found(&cases);
}

/// Ruby, Python and Node.js programs like to tell the time by it: processes of one Linux machine share it.
#[test]
fn send_times_of_the_monotonic_clock_are_as_good_as_of_the_wall() {
    let server = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let seconds = loadgen::clock::mono().0 as f64 / 1e9;
            chunk(client, &format!("data: {{\"t\":{seconds:.6}}}\n\n"))?;
        }
    });
    let plan = CheckPlan {
        stamps: StampSource::Json {
            pointer: JsonPath::parse("/t").unwrap(),
            unit: TimeUnit::Seconds,
            boot: None,
        },
        ..plan(server.address(), "/")
    };
    let outcome = check_that_counts(&plan);
    let verdict = &outcome.verdict;
    let told = (verdict.word, verdict.confidence);
    assert_eq!(told, (Word::Live, Confidence::High), "{}", brief(&outcome));
}

#[test]
fn bursts_of_the_source_are_live_where_it_says_when_it_sent() {
    let (_server, address) = target_server();
    all_at_once(&[false, true], |is_foreign| {
        let plan = plan(address, "/prices?interval=300ms&burst=5");
        let outcome = check_that_counts(&if *is_foreign { foreign(plan) } else { plan });
        let verdict = &outcome.verdict;
        // Nobody can tell by arrivals alone: whatever is said then, it is not sure.
        let is_right = match is_foreign {
            false => verdict.word == Word::Live,
            true => verdict.confidence <= Confidence::Medium,
        };
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
}

#[test]
fn silent_sources_are_not_accused() {
    let once = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        event(client, 0)?;
        hold(client)
    });
    let heartbeats = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        loop {
            chunk(client, ":\n\n")?;
            std::thread::sleep(GAP);
        }
    });
    let cases = [(once, Reason::FewEvents), (heartbeats, Reason::Silence)];
    all_at_once(&cases, |(server, reason)| {
        let outcome = check(&briefly(plan(server.address(), "/")));
        let verdict = &outcome.verdict;
        let is_right = verdict.word == Word::Inconclusive && verdict.reason == Some(*reason);
        is_right.then_some(()).ok_or_else(|| brief(&outcome))
    });
}

/// As Django's GZipMiddleware compresses an asynchronous body.
#[test]
fn a_gzip_member_for_each_event_is_live_and_a_finding() {
    let server = Scripted::start(|asked, client| {
        let takes_gzip = asked.header("accept-encoding").is_some();
        let coding = if takes_gzip {
            "Content-Encoding: gzip\r\n\r\n"
        } else {
            "\r\n"
        };
        let head = STREAM.strip_suffix("\r\n").unwrap_or(STREAM);
        client.write_all(format!("{head}{coding}").as_bytes())?;
        (0..).try_for_each(|number| {
            std::thread::sleep(GAP / 2);
            let event = format!("data: {number}\n\n");
            if takes_gzip {
                bytes(client, &gzip(event.as_bytes()))
            } else {
                chunk(client, &event)
            }
        })
    });
    let outcome = check_that_counts(&plan(server.address(), "/"));
    let verdict = &outcome.verdict;
    assert_eq!(verdict.word, Word::Live, "{}", brief(&outcome));
    assert!(
        codes(verdict).contains(&"gzip.members"),
        "{}",
        brief(&outcome)
    );
    let causes: Vec<_> = verdict
        .causes
        .iter()
        .map(|cause| cause.code.as_str())
        .collect();
    assert_eq!(causes, ["django.gzip-members"], "{}", brief(&outcome));
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    member.write_all(data).unwrap();
    member.finish().unwrap()
}

fn bytes(client: &mut std::net::TcpStream, data: &[u8]) -> std::io::Result<()> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    client.write_all(&chunk)
}

#[test]
fn a_source_that_slows_down_is_live() {
    let server = Scripted::start(|_, client| {
        client.write_all(STREAM.as_bytes())?;
        let mut gap = Duration::from_millis(20);
        (0..).try_for_each(|number| {
            std::thread::sleep(gap);
            gap = gap.mul_f64(1.2).min(Duration::from_secs(1));
            event(client, number)
        })
    });
    let outcome = check_that_counts(&plan(server.address(), "/"));
    assert_eq!(outcome.verdict.word, Word::Live, "{}", brief(&outcome));
}

#[test]
fn a_check_that_was_stopped_does_not_accuse() {
    let (_prices, address) = target_server();
    let arrivals = Scripted::start(|_, client| stream(client, 1, GAP));
    let urls = [
        format!("http://{address}/prices"),
        format!("http://{}/", arrivals.address()),
    ];
    all_at_once(&urls, |url| {
        let _turn = Gate::beside_others();
        let running = Invocation::of(url).start();
        // In the middle of the thirty events that LIVE takes.
        std::thread::sleep(Duration::from_millis(1_500));
        kill(running.id(), Signal::SIGSTOP).unwrap();
        std::thread::sleep(Duration::from_millis(1_500));
        kill(running.id(), Signal::SIGCONT).unwrap();
        let document = running.document();
        let was_stopped = document.has_finding("own.stall");
        let is_right = document.accuses_nobody() && was_stopped;
        is_right.then_some(()).ok_or_else(|| document.text())
    });
}

#[test]
fn a_check_that_starves_does_not_accuse() {
    let _turn = Gate::alone();
    let (_prices, address) = target_server();
    let arrivals = Scripted::start(|_, client| stream(client, 1, GAP));
    let urls = [
        format!("http://{address}/prices?interval=50ms"),
        format!("http://{}/", arrivals.address()),
    ];
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let running = urls.map(|url| Invocation::of(url).behind_all_others().start());
        let documents = running.map(|running| running.document());
        done.store(true, Ordering::Relaxed);
        for document in documents {
            assert!(document.accuses_nobody(), "{}", document.text());
        }
    });
}
