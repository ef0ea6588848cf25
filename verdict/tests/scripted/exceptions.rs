//! The exceptions that the knowledge about causes says every suite must contain: what looks like one thing and is
//! another. Setups that are in a table of their own are judged there too; here each stands with its name.

use run_record::time::Nanos;
use run_record::verdict::{Confidence, HoldBy, Reason, Verdict, Word};
use verdict::diagnose;
use verdict::observations::{EndKind, Observations, Probe, Request, Version};

use crate::check::Scene;
use crate::client::{Path, wall};
use crate::measured::{all, lower_case_names, mark, unframe};
use crate::server::Mode;
use crate::source::Rhythm;

const SEEDS: u64 = 10;
const GZIP: &str = "gzip, deflate, br, zstd";

/// The stream of the ground truth, 50 events of 1 KiB a second.
fn stream(mode: Mode, dress: fn(&mut Probe), seed: u64) -> Scene {
    Scene {
        count: Some(200),
        can_vary: false,
        dress,
        ..Scene::cooperating(mode, 50.0, 1024, seed)
    }
}

fn judged(mode: Mode, dress: fn(&mut Probe)) -> impl Iterator<Item = Verdict> {
    (0..SEEDS).map(move |seed| stream(mode, dress, seed).check().verdict)
}

fn measured(name: &str) -> impl Iterator<Item = Verdict> {
    let setup = all()
        .find(|setup| setup.name == name)
        .expect("it has a row");
    (0..SEEDS).map(|seed| setup.scene(seed).check().verdict)
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict
        .causes
        .iter()
        .map(|cause| cause.code.as_str())
        .collect()
}

fn has_finding(verdict: &Verdict, code: &str) -> bool {
    verdict.findings.iter().any(|finding| finding.code == code)
}

fn request(round: u16, accept_encoding: Option<&str>) -> Request {
    Request {
        round,
        accept_encoding: accept_encoding.map(str::to_owned),
        ..Request::default()
    }
}

fn of(probes: Vec<Probe>) -> Verdict {
    diagnose(&Observations {
        probes,
        ..Observations::default()
    })
}

fn assert_live(verdicts: impl Iterator<Item = Verdict>) {
    for verdict in verdicts {
        assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        assert_eq!(verdict.causes, [], "{verdict:#?}");
    }
}

fn assert_named(verdicts: impl Iterator<Item = Verdict>, word: Word, cause: &str) {
    for verdict in verdicts {
        assert_eq!(verdict.word, word, "{verdict:#?}");
        assert_eq!(codes(&verdict).first(), Some(&cause), "{verdict:#?}");
    }
}

#[test]
fn nginx_with_buffering_on_is_live_for_a_chunked_upstream() {
    assert_live(measured("nginx-http11"));
}

#[test]
fn gzip_present_and_live() {
    assert_live(measured("apache-deflate"));
    assert_live(measured("express-compression-flush"));
}

#[test]
fn chunked_and_held() {
    assert_named(measured("puma-blog"), Word::Buffered, "rack.etag");
    assert_named(
        measured("rainbows-eventmachine"),
        Word::Buffered,
        "rainbows.eventmachine",
    );
}

#[test]
fn close_delimited_and_live() {
    assert_live(measured("unicorn"));
    assert_live(judged(Mode::Live, unframe));
}

#[test]
fn an_early_head_and_held() {
    let uvicorn = |probe: &mut Probe| mark(probe, &[("server", "uvicorn")]);
    assert_named(
        judged(Mode::EarlyHead, uvicorn),
        Word::Buffered,
        "django.sync-generator-asgi",
    );
    assert_named(
        judged(Mode::EarlyHead, |_| {}),
        Word::Buffered,
        "unknown.whole",
    );
}

#[test]
fn a_late_head_and_live() {
    assert_live(measured("node-http"));
}

#[test]
fn caddy_2_6_holds_large_events_and_no_small_ones() {
    let caddy = Mode::GzipLargeEvents { plain: 65_536 };
    let signed = |probe: &mut Probe| mark(probe, &[("Server", "Caddy")]);
    for seed in 0..SEEDS {
        let large = stream(caddy, signed, seed);
        let small = Scene {
            size: 60,
            ..large.clone()
        };
        assert_live(std::iter::once(small.check().verdict));
        let verdict = large.check().verdict;
        assert_eq!(verdict.word, Word::Batched, "{verdict:#?}");
        assert_eq!(codes(&verdict), ["caddy.encode"], "{verdict:#?}");
    }
}

#[test]
fn haproxy_holds_plain_http_and_nothing_over_tls() {
    assert_named(
        measured("haproxy-default"),
        Word::Batched,
        "haproxy.msg-more",
    );
    assert_live(judged(Mode::Live, lower_case_names));
}

#[test]
fn haproxy_with_gzip_and_no_delay_is_one_behind() {
    assert_named(
        measured("HAProxy with gzip and http-no-delay"),
        Word::Batched,
        "haproxy.gzip-lag",
    );
    // Where it can be asked for another rate, that tells it from a timer of just one gap, compressed or not.
    for seed in 0..SEEDS {
        let verdict = Scene::cooperating(Mode::GzipLag, 50.0, 300, seed)
            .check()
            .verdict;
        assert_eq!(held_by(&verdict), Some(HoldBy::Event), "{verdict:#?}");
    }
}

/// So few events look like a timer at the second rate, and perhaps at the first one too.
#[test]
fn one_behind_is_told_by_two_rates_however_few_events_there_are() {
    for seed in 0..200 {
        let scene = Scene::cooperating(Mode::GzipLag, 50.0, 300, seed);
        let probe = |round, accept_encoding, gap: u64, until| {
            let mut request = request(round, accept_encoding);
            request.asked.interval = Some(Nanos::from_millis(gap));
            scene.observe(request, until)
        };
        let verdict = of(vec![
            probe(0, Some(GZIP), 20, 560.0),
            probe(1, None, 20, 600.0),
            probe(2, Some(GZIP), 50, 355.0),
        ]);
        assert_eq!(held_by(&verdict), Some(HoldBy::Event), "{verdict:#?}");
    }
}

fn held_by(verdict: &Verdict) -> Option<HoldBy> {
    verdict.hold.as_ref().map(|hold| hold.by)
}

#[test]
fn puma_over_tcp_on_a_unix_socket_and_with_small_segments() {
    assert_named(measured("puma"), Word::Batched, "puma.cork");
    assert_live(measured("puma-unix"));
    let rails = |probe: &mut Probe| mark(probe, &[("X-Runtime", "0.102")]);
    // A segment of a real network: slow streams wait 200 ms, fast ones for 1,448 bytes.
    let segments = Mode::Cork { segment: 1_448 };
    for seed in 0..SEEDS {
        let slow = Scene {
            rhythm: Rhythm::Regular { gap: 100.0 },
            size: 60,
            count: None,
            can_vary: true,
            ..stream(segments, rails, seed)
        };
        let verdict = slow.check().verdict;
        assert_eq!(verdict.word, Word::Batched, "{verdict:#?}");
        assert_eq!(codes(&verdict).first(), Some(&"puma.cork"), "{verdict:#?}");
        let fast = Scene {
            rhythm: Rhythm::Regular { gap: 5.0 },
            size: 120,
            count: Some(600),
            ..stream(segments, rails, seed)
        };
        let verdict = fast.check().verdict;
        let hold = verdict.hold.as_ref().expect("it is held");
        assert_eq!(
            (hold.by, hold.bytes),
            (HoldBy::Size, Some(1_448)),
            "{verdict:#?}"
        );
        assert!(
            codes(&verdict)
                .iter()
                .all(|code| *code != "nginx.proxy-buffering")
        );
    }
}

#[test]
fn express_with_compression_holds_for_browsers_and_not_for_curl() {
    assert_named(
        measured("express-compression"),
        Word::Buffered,
        "express.compression",
    );
    let setup = all()
        .find(|setup| setup.name == "express-compression")
        .expect("it has a row");
    for seed in 0..SEEDS {
        let probe = setup.scene(seed).observe(request(0, None), 10_000.0);
        assert_live(std::iter::once(of(vec![probe])));
    }
}

#[test]
fn express_behind_a_decompressing_proxy_holds_for_everyone() {
    let name = "express with compression behind Varnish";
    for verdict in measured(name) {
        assert_eq!(verdict.word, Word::Buffered);
        assert_eq!(
            codes(&verdict),
            ["proxy.adds-accept-encoding"],
            "{verdict:#?}"
        );
        // Only a look at the application itself would be proof.
        assert!(verdict.causes[0].confidence < Confidence::High);
    }
}

#[test]
fn a_gzip_member_for_each_event_is_live_and_late_for_others() {
    let members = |probe: &mut Probe| {
        let is_coded = probe.request.accept_encoding.is_some();
        probe.gzip_members = if is_coded {
            probe.events.len() as u64
        } else {
            0
        };
        mark(probe, &[("server", "uvicorn")]);
    };
    for verdict in judged(Mode::Gzip, members) {
        assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        assert!(has_finding(&verdict, "gzip.members"), "{verdict:#?}");
        assert_eq!(codes(&verdict), ["django.gzip-members"]);
    }
}

#[test]
fn bytes_that_come_and_do_not_decode() {
    // tower-http before 0.5: a read for each event, and nothing in it that can be decoded.
    let late = |probe: &mut Probe| {
        if probe.request.accept_encoding.is_some() {
            probe.events.clear();
            mark(probe, &[("Content-Encoding", "gzip")]);
        }
    };
    for seed in 0..SEEDS {
        let scene = Scene {
            count: None,
            ..stream(Mode::Live, late, seed)
        };
        let verdict = scene.check().verdict;
        assert!(has_finding(&verdict, "decode.late"), "{verdict:#?}");
        assert!(
            codes(&verdict).contains(&"tower-http.compression"),
            "{verdict:#?}"
        );
        assert_ne!(verdict.word, Word::Live);
    }
}

#[test]
fn the_second_client_of_a_cache_gets_a_recording() {
    for seed in 0..SEEDS {
        let first = stream(Mode::Live, |_| {}, seed).observe(request(0, Some(GZIP)), 10_000.0);
        let recording = Scene {
            rhythm: Rhythm::Regular { gap: 0.1 },
            count: Some(20),
            ..stream(Mode::Live, |_| {}, seed)
        };
        let mut second = recording.observe(request(1, Some(GZIP)), 10_000.0);
        mark(
            &mut second,
            &[
                ("X-Varnish", "6 3"),
                ("Age", "9"),
                ("Via", "1.1 varnish (Varnish/7.1)"),
            ],
        );
        for event in &mut second.events {
            event.emitted = event.emitted.map(|at| at - Nanos::from_millis(9_000));
        }
        let verdict = of(vec![first.clone(), second.clone()]);
        assert!(has_finding(&verdict, "cache.replay"), "{verdict:#?}");
        assert_eq!(codes(&verdict), ["cache.replay"], "{verdict:#?}");
        // Without send times the marks of the cache remain; without those nobody can tell.
        for event in &mut second.events {
            event.emitted = None;
        }
        let verdict = of(vec![first.clone(), second.clone()]);
        assert!(has_finding(&verdict, "cache.replay"), "{verdict:#?}");
        if let Some(head) = &mut second.head {
            head.headers
                .retain(|(name, _)| name == "Content-Type" || name == "Transfer-Encoding");
        }
        let verdict = of(vec![first, second]);
        assert!(!has_finding(&verdict, "cache.replay"), "{verdict:#?}");
    }
}

/// Two responses, watched for 65 s each, as the holds of a check with `--idle 65s` are.
fn watched(one: &Scene, other: &Scene) -> Verdict {
    of(vec![
        one.observe(request(0, Some(GZIP)), 65_000.0),
        other.observe(request(1, Some(GZIP)), 65_000.0),
    ])
}

#[test]
fn envoy_cuts_a_busy_stream_at_sixteen_seconds() {
    let envoy = |probe: &mut Probe| {
        mark(
            probe,
            &[("server", "envoy"), ("x-envoy-upstream-service-time", "3")],
        );
    };
    let cut = Mode::CutAfter {
        ms: 16_000.0,
        clean: false,
    };
    for seed in 0..SEEDS {
        let at = |rate: f64| Scene {
            dress: envoy,
            ..Scene::cooperating(cut, rate, 60, seed)
        };
        let verdict = watched(&at(10.0), &at(25.0));
        assert_eq!(verdict.word, Word::Cut, "{verdict:#?}");
        assert!(has_finding(&verdict, "cut.total"), "{verdict:#?}");
        let cause = &verdict.causes[0];
        assert_eq!(
            (cause.code.as_str(), cause.component.as_str()),
            ("timeout.total", "Envoy")
        );
        let remedy = cause.remedy.as_ref().expect("Envoy has a knob");
        assert_eq!(remedy.config.as_deref(), Some("timeout: 0s"));
        assert!(remedy.text.contains("no heartbeat"), "{remedy:?}");
        // One response is no proof of a limit, and what nobody signs is not named.
        let mut once = at(10.0).observe(request(0, Some(GZIP)), 65_000.0);
        if let Some(head) = &mut once.head {
            head.headers
                .retain(|(name, _)| !name.contains("envoy") && name != "server");
        }
        let verdict = of(vec![once]);
        assert_eq!(
            (verdict.word, codes(&verdict)),
            (Word::Cut, vec![]),
            "{verdict:#?}"
        );
    }
}

#[test]
fn limits_of_silence_are_named_with_their_knob_and_the_heartbeat() {
    type Signed = fn(&mut Probe);
    let limits: [(f64, &str, &str, Signed); 5] = [
        (60_050.0, "nginx", "proxy_read_timeout 3600s;", |probe| {
            mark(probe, &[("Server", "nginx/1.22.1")])
        }),
        (61_400.0, "Varnish", "between_bytes_timeout", |probe| {
            mark(probe, &[("X-Varnish", "3")])
        }),
        (60_070.0, "Apache", "ProxyTimeout 3600", |probe| {
            mark(probe, &[("Server", "Apache/2.4.71")])
        }),
        (30_000.0, "h2o", "proxy.timeout.io: 3600000", |probe| {
            mark(probe, &[("Server", "h2o/2.2.5")])
        }),
        (
            50_100.0,
            "HAProxy",
            "timeout server 3600s",
            lower_case_names,
        ),
    ];
    for (ms, component, knob, dress) in limits {
        for seed in 0..SEEDS {
            let after = |events| Scene {
                rhythm: Rhythm::Stops {
                    gap: 500.0,
                    after: events,
                },
                dress,
                ..Scene::cooperating(Mode::CutIdle { ms, clean: false }, 2.0, 60, seed)
            };
            let probes = [5, 9]
                .map(|events| after(events).observe(request(events as u16, Some(GZIP)), 75_000.0));
            let verdict = of(probes.into());
            assert_eq!(verdict.word, Word::Cut, "{verdict:#?}");
            let cause = verdict.causes.first();
            let cause = cause.unwrap_or_else(|| panic!("{component}: {verdict:#?}"));
            assert_eq!(cause.code, "timeout.idle", "{component}: {verdict:#?}");
            assert!(
                cause.component.starts_with(component),
                "{component}: {verdict:#?}"
            );
            let remedy = cause.remedy.as_ref().expect("it has a knob");
            assert_eq!(remedy.config.as_deref(), Some(knob));
            assert!(
                remedy.text.contains("comment line every 15 s"),
                "{remedy:?}"
            );
        }
    }
}

#[test]
fn nginx_loses_the_event_that_it_had_buffered_for_sixty_seconds() {
    // The head comes with the end, and the event that the origin wrote never does.
    let nginx = |probe: &mut Probe| mark(probe, &[("Server", "nginx/1.22.1")]);
    let scene = Scene {
        rhythm: Rhythm::Once,
        truth: true,
        dress: nginx,
        ..Scene::cooperating(Mode::Live, 1.0, 60, 1)
    };
    let mut probe = scene.observe(request(0, Some(GZIP)), 70_000.0);
    probe.reads.clear();
    probe.events.clear();
    probe.chunks.clear();
    if let Some(head) = &mut probe.head {
        head.arrival = run_record::time::Interval::exact(wall(60_060.0));
    }
    probe.end.kind = EndKind::Truncated;
    probe.end.at = wall(60_061.0);
    if let Some(truth) = &mut probe.truth {
        truth.written_events = 1;
    }
    let verdict = of(vec![probe]);
    assert_eq!(verdict.word, Word::Cut, "{verdict:#?}");
    assert!(has_finding(&verdict, "loss.silent"), "{verdict:#?}");
    let cause = &verdict.causes[0];
    assert_eq!(
        (cause.code.as_str(), cause.component.as_str()),
        ("timeout.idle", "nginx")
    );
    // Once is not twice: silence and age are the same here.
    assert_eq!(cause.confidence, Confidence::Low);
}

#[test]
fn rails_over_http_1_0_gives_one_event_and_a_clean_end() {
    for seed in 0..SEEDS {
        let scene = stream(
            Mode::Live,
            |probe| mark(probe, &[("X-Runtime", "0.102")]),
            seed,
        );
        let newer = scene.observe(request(0, Some(GZIP)), 10_000.0);
        let one = Scene {
            count: Some(1),
            ..scene
        };
        let mut older = one.observe(request(1, Some(GZIP)), 10_000.0);
        unframe(&mut older);
        as_http10(&mut older);
        let verdict = of(vec![newer, older]);
        assert!(has_finding(&verdict, "loss.silent"), "{verdict:#?}");
        assert!(codes(&verdict).contains(&"client.http10"), "{verdict:#?}");
        assert_eq!(verdict.word, Word::Live);
    }
}

fn as_http10(probe: &mut Probe) {
    if let Some(head) = &mut probe.head {
        head.version = Version::Http10;
    }
}

#[test]
fn a_source_that_publishes_in_groups_is_only_consistent_with_a_hold() {
    let bursts = |seed| Scene {
        rhythm: Rhythm::Bursts {
            gap: 1_000.0,
            events: 6,
        },
        ..Scene::cooperating(Mode::Live, 1.0, 300, seed)
    };
    for seed in 0..SEEDS {
        assert_eq!(bursts(seed).check().verdict.word, Word::Live);
        let foreign = bursts(seed).foreign().check().verdict;
        assert!(foreign.confidence <= Confidence::Medium);
        assert!(codes(&foreign).contains(&"source.batches"), "{foreign:#?}");
    }
}

#[test]
fn a_silent_source_is_not_accused() {
    let silent = Scene {
        count: Some(0),
        ..Scene::cooperating(Mode::CommentsOnly, 1.0, 60, 1)
    };
    let verdict = Scene {
        rhythm: Rhythm::Heartbeats { gap: 1_000.0 },
        count: None,
        ..silent
    }
    .check()
    .verdict;
    assert_eq!(
        (verdict.word, verdict.reason),
        (Word::Inconclusive, Some(Reason::Silence))
    );
    assert_eq!(verdict.causes, []);
}

#[test]
fn a_client_that_was_stalled_does_not_accuse() {
    for seed in 0..SEEDS {
        let stalled = Scene {
            path: Path {
                absences: vec![(500.0, 300.0), (1_400.0, 450.0)],
                knows_absences: true,
                ..Path::default()
            },
            ..Scene::cooperating(Mode::Live, 50.0, 300, seed)
        };
        for scene in [stalled.clone(), stalled.foreign()] {
            let verdict = scene.check().verdict;
            assert!(
                !matches!(verdict.word, Word::Batched | Word::Buffered),
                "{verdict:#?}"
            );
            assert_eq!(verdict.causes, []);
        }
    }
}

#[test]
fn nagle_delays_no_stream_of_one_direction() {
    // Three writes per event with Nagle on: measured without any delay, as long as the client says nothing.
    assert_live((0..SEEDS).map(|seed| {
        Scene::cooperating(Mode::Pieces { writes: 3 }, 20.0, 300, seed)
            .check()
            .verdict
    }));
    // And a hold of 40 ms is a timer of 40 ms, of which nobody is accused.
    let forty = Scene::cooperating(Mode::HoldTime { ms: 40.0 }, 100.0, 300, 1)
        .check()
        .verdict;
    assert_eq!(codes(&forty), ["unknown.time"], "{forty:#?}");
}

#[test]
fn ten_streams_of_which_five_run_hold_all_threads_of_puma() {
    let live = stream(
        Mode::Live,
        |probe| mark(probe, &[("X-Runtime", "0.102")]),
        1,
    );
    let endless = Scene {
        count: None,
        ..live
    };
    let mut probes = vec![endless.observe(request(0, Some(GZIP)), 5_000.0)];
    for n in 0..10 {
        let mut probe = endless.observe(request(1, Some(GZIP)), 5_000.0);
        if n >= 5 {
            probe.head = None;
            probe.reads.clear();
            probe.events.clear();
            probe.chunks.clear();
        }
        probes.push(probe);
    }
    let verdict = of(probes);
    assert_eq!(verdict.word, Word::Live);
    let cause = verdict.causes.first().expect("somebody queued");
    assert_eq!(cause.code, "workers.exhausted");
    let remedy = cause.remedy.as_ref().expect("Puma has a setting");
    assert_eq!(remedy.config.as_deref(), Some("threads 64, 64"));
}
