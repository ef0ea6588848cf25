//! What the product promises beside the word: how soon, how sure, how honest.

use run_record::time::Nanos;
use run_record::verdict::{Cause, Confidence, Finding, HoldBy, Reason, Word};
use verdict::diagnose;
use verdict::observations::{Asked, Observations, Offer, Own, Request, ServerClock, Version, Way};
use verdict::plan::{self, Reach, Why};

use crate::check::Scene;
use crate::server::Mode;

const SEEDS: u64 = 30;

fn browser() -> Request {
    Request {
        method: "GET".into(),
        accept_encoding: Some("gzip, br, zstd".into()),
        ..Request::default()
    }
}

#[test]
fn a_live_stream_of_ten_a_second_is_settled_within_three_seconds() {
    let mut late = Vec::new();
    for rate in [10.0, 20.0, 100.0, 200.0] {
        for seed in 0..SEEDS {
            for stamps in [true, false] {
                let scene = Scene {
                    stamps,
                    ..Scene::cooperating(Mode::Live, rate, 300, seed)
                };
                let probe = scene.observe(browser(), 2_999.0);
                let settled = plan::is_settled(&probe, &Own::default());
                let word = diagnose(&Observations {
                    probes: vec![probe],
                    ..Observations::default()
                })
                .word;
                assert!(word == Word::Live || !settled, "{rate}/s seed {seed}");
                late.extend((!settled).then_some((rate, seed, stamps)));
            }
        }
    }
    // One late event of thirty is noise; then it takes a little longer.
    assert!(late.len() * 33 <= 4 * 2 * SEEDS as usize, "{late:?}");
}

#[test]
fn fewer_than_thirty_events_settle_nothing() {
    let scene = Scene::cooperating(Mode::Live, 10.0, 300, 4);
    assert!(!plan::is_settled(
        &scene.observe(browser(), 2_500.0),
        &Own::default()
    ));
}

#[test]
fn a_foreign_hold_is_never_more_than_medium() {
    let modes = [
        Mode::Rounded { bytes: 4096 },
        Mode::HoldTime { ms: 1_000.0 },
        Mode::HoldSize { bytes: 4096 },
    ];
    for mode in modes {
        for seed in 0..SEEDS {
            let scene = Scene::cooperating(mode, 50.0, 300, seed);
            let cooperating = scene.check().verdict;
            assert_eq!(
                (cooperating.word, cooperating.confidence),
                (Word::Batched, Confidence::High)
            );
            let foreign = scene.foreign().check().verdict;
            assert_eq!(
                (foreign.word, foreign.confidence),
                (Word::Batched, Confidence::Medium)
            );
            let mut causes = foreign.causes.iter();
            let may_be_the_source = causes.any(|cause| cause.code == "source.batches");
            // Whoever publishes in groups publishes whole events.
            let cuts_events = matches!(mode, Mode::HoldSize { .. });
            assert_eq!(may_be_the_source, !cuts_events);
        }
    }
}

#[test]
fn an_announced_length_is_proof_without_send_times() {
    let scene = Scene {
        count: Some(20),
        ..Scene::cooperating(Mode::ContentLength, 5.0, 300, 1)
    };
    let verdict = scene.foreign().check().verdict;
    assert_eq!(
        (verdict.word, verdict.confidence),
        (Word::Buffered, Confidence::High)
    );
    assert!(
        verdict
            .causes
            .iter()
            .all(|cause| cause.code != "source.batches")
    );
}

#[test]
fn live_lists_what_it_did_not_test() {
    let verdict = Scene::cooperating(Mode::Live, 20.0, 300, 1).check().verdict;
    let tested = |option: &str| verdict.not_tested.iter().any(|line| line.contains(option));
    assert!(tested("--idle 65s") && tested("--for 65s") && tested("--streams 10"));
    assert!(!tested("--sent-at"));
    assert!(tested("HTTP/2"));
    let mut over_http2 = Scene::cooperating(Mode::Live, 20.0, 300, 1).observe(browser(), 10_000.0);
    if let Some(head) = &mut over_http2.head {
        head.version = Version::Http2;
    }
    let verdict = diagnose(&Observations {
        probes: vec![over_http2],
        ..Observations::default()
    });
    assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
    assert!(!verdict.not_tested.iter().any(|it| it.contains("HTTP/2")));
    let foreign = Scene::cooperating(Mode::Live, 20.0, 300, 1)
        .foreign()
        .check()
        .verdict;
    assert!(
        foreign
            .not_tested
            .iter()
            .any(|line| line.contains("--sent-at"))
    );
}

/// A server whose clock is 300 ms behind, by an amount that nobody knows.
fn skewed(mode: Mode, rate: f64, seed: u64) -> run_record::verdict::Verdict {
    let scene = Scene::cooperating(mode, rate, 300, seed);
    let mut probe = scene.observe(browser(), 10_000.0);
    probe.server_clock = ServerClock::Unknown;
    for event in &mut probe.events {
        event.emitted = event
            .emitted
            .map(|emitted| emitted - Nanos::from_millis(300));
    }
    diagnose(&Observations {
        probes: vec![probe],
        ..Observations::default()
    })
}

#[test]
fn an_unknown_clock_offset_accuses_nobody() {
    for rate in [2.0, 10.0, 100.0] {
        for seed in 0..SEEDS {
            let verdict = skewed(Mode::Live, rate, seed);
            assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
            assert!(
                verdict
                    .not_tested
                    .iter()
                    .any(|line| line.contains("constant delay"))
            );
        }
    }
}

#[test]
fn with_an_unknown_clock_offset_groups_still_show() {
    for seed in 0..SEEDS {
        let verdict = skewed(Mode::HoldTime { ms: 500.0 }, 50.0, seed);
        assert_eq!(verdict.word, Word::Batched, "{verdict:#?}");
        assert_ne!(verdict.hold.map(|hold| hold.by), Some(HoldBy::Size));
    }
}

#[test]
fn a_stepped_clock_makes_the_check_invalid() {
    let scene = Scene::cooperating(Mode::Live, 10.0, 300, 1);
    let own = Own {
        clock_step: Some(Nanos::from_millis(40)),
        ..Own::default()
    };
    let verdict = diagnose(&Observations {
        probes: vec![scene.observe(browser(), 5_000.0)],
        own,
    });
    assert_eq!(verdict.word, Word::Invalid);
}

#[test]
fn a_refused_control_does_not_turn_the_word() {
    let live = Scene::cooperating(Mode::HoldTime { ms: 500.0 }, 20.0, 300, 1);
    let refusing = Scene {
        mode: Mode::Status { code: 429 },
        ..live.clone()
    };
    let probes = vec![
        live.observe(browser(), 5_000.0),
        refusing.observe(
            Request {
                round: 1,
                ..Request::default()
            },
            5_000.0,
        ),
    ];
    let observations = Observations {
        probes,
        ..Observations::default()
    };
    let verdict = diagnose(&observations);
    assert_eq!(verdict.word, Word::Batched, "{verdict:#?}");
    assert!(
        verdict
            .findings
            .iter()
            .any(|finding| finding.code == "probe.refused")
    );
    let reach = Reach {
        first: Asked::default(),
        way: Way::default(),
        can_vary: true,
        accepts_encodings: true,
        ..Reach::default()
    };
    assert_eq!(plan::next(&observations, reach), None);
}

#[test]
fn a_live_control_does_not_make_a_silent_stream_live() {
    // Five events in ten seconds without Accept-Encoding, none with it: a compressor
    // perhaps, or a source that had nothing to say.
    let compressed = Scene::cooperating(Mode::GzipUnflushed { plain: 60_000 }, 0.6, 300, 1);
    let verdict = compressed.foreign().check().verdict;
    assert_eq!(verdict.word, Word::Inconclusive, "{verdict:#?}");
    assert_eq!(verdict.reason, Some(Reason::Silence));
}

#[test]
fn streams_that_wait_for_others_are_counted() {
    // Ten at once: four are served, the other six hear nothing.
    let live = Scene::cooperating(Mode::Live, 10.0, 300, 1);
    let mut probes = vec![live.observe(browser(), 5_000.0)];
    for n in 0..10 {
        let mut probe = live.observe(
            Request {
                round: 1,
                ..browser()
            },
            5_000.0,
        );
        if n >= 4 {
            probe.head = None;
            probe.reads.clear();
            probe.events.clear();
            probe.chunks.clear();
        }
        probes.push(probe);
    }
    let verdict = diagnose(&Observations {
        probes,
        ..Observations::default()
    });
    assert_eq!(verdict.word, Word::Live);
    let limit = verdict
        .findings
        .iter()
        .find(|finding| finding.code == "streams.limit");
    assert_eq!(
        limit.map(|f| f.text.as_str()),
        Some("10 streams asked at once: 4 answered, the other 6 waited")
    );
}

/// Asked alike, one over HTTP/2 as a browser would, one over HTTP/1.1 through what holds there.
fn over_two_versions(over_http11: Mode) -> Observations {
    let over = |mode, version, http| {
        let request = Request {
            way: Way {
                http,
                ..Way::default()
            },
            ..browser()
        };
        let mut probe = Scene::cooperating(mode, 20.0, 300, 1).observe(request, 10_000.0);
        if let Some(head) = &mut probe.head {
            head.version = version;
        }
        probe
    };
    let only = Offer::Only(Version::Http11);
    Observations {
        probes: vec![
            over(Mode::Live, Version::Http2, Offer::Newest),
            over(over_http11, Version::Http11, only),
        ],
        ..Observations::default()
    }
}

#[test]
fn the_headline_is_what_a_browser_gets_and_the_other_version_is_a_finding() {
    let differs = |mode| {
        let verdict = diagnose(&over_two_versions(mode));
        assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        let codes = verdict.findings.iter().map(|finding| &*finding.code);
        codes.filter(|code| *code == "http2.differs").count()
    };
    assert_eq!(differs(Mode::Live), 0);
    assert_eq!(differs(Mode::HoldTime { ms: 200.0 }), 1);
    assert_eq!(
        differs(Mode::HoldAll),
        0,
        "nothing certain is known of an endless one"
    );
}

#[test]
fn over_http_2_the_plan_asks_once_more_over_http_1_1_and_no_more() {
    let mut observations = over_two_versions(Mode::Live);
    let second = observations.probes.pop().unwrap();
    let reach = Reach {
        first: Asked::default(),
        way: Way::default(),
        can_vary: false,
        accepts_encodings: true,
        ..Reach::default()
    };
    let ask = plan::next(&observations, reach).unwrap();
    assert_eq!((ask.why, ask.way), (Why::OverHttp11, second.request.way));
    observations.probes.push(second);
    let ask = plan::next(&observations, reach).unwrap();
    assert_eq!((ask.why, ask.way), (Why::SecondClient, Way::default()));
}

/// What is asked after this one, of a server that can be asked for anything.
fn next_after(mode: Mode, has_time: bool) -> Vec<Why> {
    let mut scene = Scene::cooperating(mode, 10.0, 150, 1);
    scene.watch = 20_000.0;
    let reach = Reach {
        can_vary: true,
        can_clamp: true,
        has_time,
        accepts_encodings: true,
        ..Reach::default()
    };
    let mut observations = Observations::default();
    let mut asked = Vec::new();
    while let Some(ask) = plan::next(&observations, reach) {
        asked.push(ask.why);
        assert!(asked.len() <= 6, "the plan does not end: {asked:?}");
        let request = Request {
            round: observations.probes.len() as u16,
            accept_encoding: ask.accept_encoding.then(|| "gzip".into()),
            asked: ask.asked,
            way: ask.way,
            ..browser()
        };
        observations.probes.push(scene.observe(request, 6_000.0));
    }
    asked
}

#[test]
fn what_is_live_is_asked_for_larger_events_and_with_time_for_lone_ones() {
    assert_eq!(
        next_after(Mode::Live, false),
        [Why::AsBrowser, Why::LargerEvents, Why::SecondClient]
    );
    assert_eq!(
        next_after(Mode::Live, true),
        [
            Why::AsBrowser,
            Why::LargerEvents,
            Why::LoneEvents,
            Why::LoneEvents,
            Why::SecondClient
        ]
    );
}

#[test]
fn what_the_kernels_timer_may_hold_is_asked_in_small_segments_once() {
    let count = |mode| {
        let asked = next_after(mode, false);
        asked
            .iter()
            .filter(|why| **why == Why::SmallSegments)
            .count()
    };
    assert_eq!(count(Mode::Cork { segment: 1_448 }), 1);
    assert_eq!(count(Mode::HoldTime { ms: 200.0 }), 1);
    assert_eq!(count(Mode::HoldTime { ms: 1_000.0 }), 0);
    assert_eq!(count(Mode::HoldSize { bytes: 4_096 }), 0);
    assert_eq!(count(Mode::Live), 0);
}

#[test]
fn lone_events_are_enough_after_five() {
    let lone = |seconds: f64| {
        let request = Request {
            asked: Asked {
                interval: Some(Nanos::from_millis(700)),
                ..Asked::default()
            },
            ..browser()
        };
        let scene = Scene::cooperating(Mode::Live, 10.0, 150, 1);
        plan::is_settled(&scene.observe(request, seconds * 1e3), &Own::default())
    };
    assert!(!lone(2.0) && lone(5.0));
}

#[test]
fn a_full_segment_that_goes_at_once_is_a_finding() {
    let clamped = |mode, rate| {
        let request = Request {
            way: Way {
                max_segment: Some(1_460),
                ..Way::default()
            },
            ..browser()
        };
        let timed = Scene::cooperating(Mode::HoldTime { ms: 200.0 }, 20.0, 250, 1);
        let fast = Scene::cooperating(mode, rate, 250, 1);
        let verdict = diagnose(&Observations {
            probes: vec![
                timed.observe(browser(), 5_000.0),
                fast.observe(request, 3_000.0),
            ],
            ..Observations::default()
        });
        assert_eq!(verdict.word, Word::Batched, "{verdict:#?}");
        let finds = |finding: &Finding| finding.code == "hold.segment";
        let corks = |cause: &Cause| {
            ["tcp.cork", "puma.cork", "haproxy.msg-more"].contains(&cause.code.as_str())
        };
        (
            verdict.findings.iter().any(finds),
            verdict.causes.iter().any(corks),
        )
    };
    assert_eq!(clamped(Mode::Cork { segment: 1_448 }, 200.0), (true, true));
    // Nothing that is corked holds more than a segment for as long.
    assert_eq!(clamped(Mode::HoldTime { ms: 200.0 }, 200.0), (false, false));
}
