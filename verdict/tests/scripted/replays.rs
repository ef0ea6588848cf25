//! A second client: a stream of its own, a backlog by intent, or the recording of what the first one got.

use run_record::time::{Interval, Nanos, Wall};
use run_record::verdict::{Confidence, Verdict, Word};
use verdict::diagnose;
use verdict::observations::{EndKind, Event, Observations, Probe, Request};
use verdict::plan::{self, Reach, Why};

use crate::check::Scene;
use crate::client::wall;
use crate::measured::mark;
use crate::server::Mode;

const SEEDS: u64 = 10;
const VARNISH: [(&str, &str); 2] = [("X-Varnish", "32770 3"), ("Via", "1.1 varnish")];
const SAME_REQUEST: [(&str, &str); 1] = [("X-Request-Id", "17")];

/// Forty events 50 ms apart, and the proper end.
fn first(seed: u64) -> Probe {
    let scene = Scene {
        count: Some(40),
        ..Scene::cooperating(Mode::Live, 20.0, 120, seed)
    };
    scene.observe(request(0), 10_000.0)
}

fn request(round: u16) -> Request {
    Request {
        round,
        method: "GET".into(),
        accept_encoding: Some("gzip".into()),
        ..Request::default()
    }
}

/// A client that asks at `at` milliseconds and gets what the first one got, from the event `from` on: at once what had
/// been made, and as it was made what came later.
fn second(first: &Probe, at: f64, from: usize) -> Probe {
    let asked = wall(at);
    let mut probe = first.clone();
    probe.request = Request {
        round: 1,
        sent: Some(asked),
        scheduled: asked,
        ..first.request.clone()
    };
    let answered = asked.0 + 300_000;
    let not_before = |time: Wall, place: usize| Wall(time.0.max(answered + 1_000 * place as u64));
    if let Some(head) = &mut probe.head {
        head.arrival = Interval::exact(Wall(answered));
    }
    for (place, read) in probe.reads.iter_mut().enumerate() {
        let came = not_before(read.arrival.latest, place);
        (read.arrival, read.read) = (Interval::exact(came), came);
    }
    for (place, chunk) in probe.chunks.iter_mut().enumerate() {
        chunk.arrival = Interval::exact(not_before(chunk.arrival.latest, place));
    }
    probe.events.drain(..from);
    let last = probe.reads.last().map_or(asked, |read| read.read);
    probe.end.at = probe.end.at.max(last + Nanos::from_micros(100));
    probe
}

/// The same, which waited until the first one had ended.
fn delayed(first: &Probe, asked: f64) -> Probe {
    let mut probe = second(first, asked, 0);
    let ended = first.end.at + Nanos::from_millis(2);
    for (place, read) in probe.reads.iter_mut().enumerate() {
        let came = ended + Nanos(1_000 * place as u64);
        (read.arrival, read.read) = (Interval::exact(came), came);
    }
    if let Some(head) = &mut probe.head {
        head.arrival = Interval::exact(ended);
    }
    probe.end.at = ended + Nanos::from_millis(1);
    probe
}

fn of(probes: [Probe; 2]) -> Verdict {
    diagnose(&Observations {
        probes: probes.into(),
        ..Observations::default()
    })
}

fn without_stamps(mut probe: Probe) -> Probe {
    let bare = |event: &mut Event| (event.emitted, event.due, event.seq) = (None, None, None);
    probe.events.iter_mut().for_each(bare);
    probe
}

/// The verdict about both, with send times and without.
fn both_ways(first: &Probe, second: &Probe) -> [Verdict; 2] {
    let bare = [first, second].map(|probe| without_stamps(probe.clone()));
    [of([first.clone(), second.clone()]), of(bare)]
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    let causes = verdict.causes.iter();
    causes.map(|cause| cause.code.as_str()).collect()
}

fn is_replay(verdict: &Verdict) -> bool {
    let mut findings = verdict.findings.iter();
    findings.any(|finding| finding.code == "cache.replay")
}

#[test]
fn who_is_joined_to_another_response_by_a_cache_gets_its_past_at_once() {
    for seed in 0..SEEDS {
        let first = first(seed);
        for marks in [&VARNISH[..], &SAME_REQUEST] {
            let mut second = second(&first, 1_000.0, 0);
            mark(&mut second, marks);
            let mut first = first.clone();
            mark(&mut first, &SAME_REQUEST);
            for verdict in both_ways(&first, &second) {
                assert!(is_replay(&verdict), "{marks:?} {verdict:#?}");
                assert_eq!(codes(&verdict), ["cache.replay"], "{verdict:#?}");
                assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
            }
        }
    }
}

#[test]
fn who_comes_after_the_end_and_gets_all_of_it_has_a_recording() {
    for seed in 0..SEEDS {
        let first = first(seed);
        let second = second(&first, 4_000.0, 0);
        for verdict in both_ways(&first, &second) {
            assert!(is_replay(&verdict), "{verdict:#?}");
            // Without the mark of a cache it may be the application that plays it again.
            assert_eq!(codes(&verdict), ["cache.replay"], "{verdict:#?}");
            assert!(
                verdict.causes[0].confidence <= Confidence::Medium,
                "{verdict:#?}"
            );
            assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        }
    }
}

#[test]
fn who_waits_for_another_ones_end_and_gets_all_of_it_has_met_a_lock() {
    for seed in 0..SEEDS {
        let mut first = first(seed);
        mark(&mut first, &[("Server", "nginx/1.22.1")]);
        let mut second = delayed(&first, 700.0);
        second.request.round = 0;
        for verdict in both_ways(&first, &second) {
            assert_eq!(codes(&verdict), ["cache.lock"], "{verdict:#?}");
        }
        // A queue gives the stream itself to who has waited.
        let mut own =
            Scene::cooperating(Mode::Live, 20.0, 120, seed + 100).observe(request(0), 10_000.0);
        let later = first.end.at.signed_since(wall(0.0)) as f64 / 1e6;
        shift(&mut own, 700.0, later - 700.0);
        own.events
            .iter_mut()
            .for_each(|event| event.digest = event.digest.map(|it| !it));
        let verdict = of([first, own]);
        assert_eq!(
            codes(&verdict).first(),
            Some(&"workers.exhausted"),
            "{verdict:#?}"
        );
        assert!(!is_replay(&verdict), "{verdict:#?}");
    }
}

/// Asked so much later, and answered so much later still.
fn shift(probe: &mut Probe, asked: f64, waited: f64) {
    let later = |at: Wall, ms: f64| at + Nanos((ms * 1e6) as u64);
    let all = asked + waited;
    let interval = |it: Interval| Interval::new(later(it.earliest, all), later(it.latest, all));
    probe.request.sent = probe.request.sent.map(|at| later(at, asked));
    probe.request.scheduled = later(probe.request.scheduled, asked);
    if let Some(head) = &mut probe.head {
        head.arrival = interval(head.arrival);
    }
    for read in &mut probe.reads {
        (read.arrival, read.read) = (interval(read.arrival), later(read.read, all));
    }
    for chunk in &mut probe.chunks {
        chunk.arrival = interval(chunk.arrival);
    }
    for event in &mut probe.events {
        event.emitted = event.emitted.map(|at| later(at, all));
        event.due = event.due.map(|at| later(at, all));
    }
    probe.end.at = later(probe.end.at, all);
}

#[test]
fn a_backlog_alone_accuses_nobody() {
    for seed in 0..SEEDS {
        let mut first = first(seed);
        first.end.kind = EndKind::StillOpen;
        // All of the past, of a server that has just been started, and some of it.
        for from in [0, 5, 15] {
            let second = second(&first, 1_000.0, from);
            for verdict in both_ways(&first, &second) {
                assert!(!is_replay(&verdict), "from {from}: {verdict:#?}");
                assert!(!codes(&verdict).contains(&"cache.replay"), "{verdict:#?}");
                assert_eq!(verdict.word, Word::Live, "from {from}: {verdict:#?}");
            }
        }
        // The latest events, through a cache that marks whatever passes it.
        let mut second = second(&first, 1_000.0, 5);
        mark(&mut second, &[("Age", "3")]);
        for verdict in both_ways(&first, &second) {
            assert!(!is_replay(&verdict), "{verdict:#?}");
        }
    }
}

#[test]
fn the_same_events_in_their_own_time_are_no_recording() {
    for seed in 0..SEEDS {
        let first = first(seed);
        let mut second = first.clone();
        shift(&mut second, 4_000.0, 0.0);
        second.request.round = 1;
        for marks in [&VARNISH[..], &[]] {
            let mut second = second.clone();
            mark(&mut second, marks);
            for verdict in both_ways(&first, &second) {
                assert!(!is_replay(&verdict), "{verdict:#?}");
                assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
            }
        }
    }
}

#[test]
fn a_second_client_is_asked_for_once_and_after_the_end_of_the_first() {
    let reach = Reach {
        accepts_encodings: true,
        ..Reach::default()
    };
    let mut observations = Observations::default();
    let mut first = first(1);
    observations.probes.push(first.clone());
    let ask = |observations: &Observations| plan::next(observations, reach).map(|ask| ask.why);
    assert_eq!(ask(&observations), Some(Why::SecondClient));
    // One beside it that was asked before the end does not know what comes after that.
    observations.probes.push(Probe {
        request: request(0),
        ..second(&first, 700.0, 20)
    });
    assert_eq!(ask(&observations), Some(Why::SecondClient));
    observations.probes.push(second(&first, 4_000.0, 0));
    assert_eq!(ask(&observations), None);
    // Of a stream that goes on, one beside it is a second client.
    first.end.kind = EndKind::StillOpen;
    observations.probes.truncate(2);
    observations.probes[0] = first;
    assert_eq!(ask(&observations), None);
}
