//! Real setups as they were measured, replayed on scripted time: the word, the
//! hold and the cause; and with the marks of the components stripped, nothing
//! wrong that is said with high confidence.

use run_record::verdict::{Confidence, HoldBy, Verdict, Word};
use verdict::observations::{EndKind, Probe};

use crate::check::Scene;
use crate::server::Mode;
use crate::source::Rhythm;

/// One setup: what it does, the marks it leaves, and what must be found.
struct Setup {
    name: &'static str,
    mode: Mode,
    dress: fn(&mut Probe),
    word: Word,
    by: Option<HoldBy>,
    /// The cause that stands first; empty where none may be named.
    cause: &'static str,
    /// Other causes that fit as well.
    rivals: &'static [&'static str],
}

const CORK: Mode = Mode::Cork { segment: 65_483 };

const SETUPS: &[Setup] = &[
    Setup {
        name: "webrick",
        mode: Mode::ContentLength,
        dress: |probe| {
            mark(
                probe,
                &[
                    ("Server", "WEBrick/1.8.1 (Ruby/3.1.2/2022-04-12)"),
                    ("X-Runtime", "0.100"),
                ],
            )
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "webrick.collects-body",
        rivals: &[],
    },
    Setup {
        name: "puma without Last-Modified",
        mode: Mode::HoldAll,
        dress: |probe| {
            mark(probe, &[("ETag", "W/\"0f1e\"")]);
            runtime_of_whole_response(probe);
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "rack.etag",
        rivals: &[],
    },
    Setup {
        name: "puma over TCP",
        mode: CORK,
        dress: |probe| {
            mark(
                probe,
                &[("X-Runtime", "0.102"), ("Cache-Control", "no-cache")],
            )
        },
        word: Word::Batched,
        by: Some(HoldBy::Time),
        cause: "puma.cork",
        rivals: &["haproxy.msg-more"],
    },
    Setup {
        name: "puma on a Unix socket",
        mode: Mode::Live,
        dress: |probe| mark(probe, &[("X-Runtime", "0.102")]),
        word: Word::Live,
        by: None,
        cause: "",
        rivals: &[],
    },
    Setup {
        name: "thin",
        mode: Mode::HoldAll,
        dress: |probe| {
            unframe(probe);
            mark(probe, &[("Server", "thin"), ("X-Runtime", "0.004")]);
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "thin.reactor",
        rivals: &[],
    },
    Setup {
        name: "thin --threaded",
        mode: Mode::Ticker { ms: 1_000.0 },
        dress: |probe| {
            unframe(probe);
            mark(probe, &[("Server", "thin"), ("X-Runtime", "0.004")]);
        },
        word: Word::Batched,
        by: None,
        cause: "thin.threaded-wakeup",
        rivals: &[],
    },
    Setup {
        name: "rainbows with EventMachine",
        mode: Mode::HoldAll,
        dress: |probe| {
            mark(
                probe,
                &[("Connection", "keep-alive"), ("X-Runtime", "0.004")],
            )
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "rainbows.eventmachine",
        rivals: &[],
    },
    Setup {
        name: "rackup -s puma, development",
        mode: Mode::ContentLength,
        dress: |probe| mark(probe, &[("X-Runtime", "0.100")]),
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "rack.content-length",
        rivals: &[],
    },
    Setup {
        name: "unicorn",
        mode: Mode::Live,
        dress: |probe| {
            unframe(probe);
            mark(probe, &[("X-Runtime", "0.100")]);
        },
        word: Word::Live,
        by: None,
        cause: "",
        rivals: &[],
    },
    Setup {
        name: "nginx 1.22 in front of an HTTP/1.0 upstream",
        mode: Mode::Proxied { bytes: 4096 },
        dress: |probe| {
            mark(
                probe,
                &[("Server", "nginx/1.22.1"), ("Connection", "keep-alive")],
            )
        },
        word: Word::Batched,
        by: Some(HoldBy::Size),
        cause: "nginx.proxy-buffering",
        rivals: &[],
    },
    Setup {
        name: "nginx 1.29.8 in front of an upstream that closes",
        mode: Mode::Proxied { bytes: 4096 },
        dress: |probe| mark(probe, &[("Server", "nginx/1.29.8")]),
        word: Word::Batched,
        by: Some(HoldBy::Size),
        cause: "nginx.unframed-upstream",
        rivals: &[],
    },
    Setup {
        name: "nginx with gzip",
        mode: Mode::GzipUnflushed { plain: 800_000 },
        dress: |probe| mark(probe, &[("Server", "nginx/1.22.1")]),
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "nginx.gzip",
        rivals: &[],
    },
    Setup {
        name: "haproxy",
        mode: CORK,
        dress: lower_case_names,
        word: Word::Batched,
        by: Some(HoldBy::Time),
        cause: "haproxy.msg-more",
        rivals: &["puma.cork"],
    },
    Setup {
        name: "a corked server",
        mode: CORK,
        dress: |_| {},
        word: Word::Batched,
        by: Some(HoldBy::Time),
        cause: "tcp.cork",
        rivals: &["puma.cork", "haproxy.msg-more"],
    },
    Setup {
        name: "Apache with PHP-FPM",
        mode: Mode::Rounded { bytes: 4096 },
        dress: |probe| {
            one_chunk_per_event(probe);
            mark(probe, &[("Server", "Apache/2.4.71 (Debian)")]);
        },
        word: Word::Batched,
        by: None,
        cause: "apache.proxy-fcgi",
        rivals: &[],
    },
    Setup {
        name: "mod_php that only flushes",
        mode: Mode::Rounded { bytes: 4096 },
        dress: |probe| {
            mark(
                probe,
                &[
                    ("Server", "Apache/2.4.71 (Debian)"),
                    ("X-Powered-By", "PHP/8.2.20"),
                ],
            )
        },
        word: Word::Batched,
        by: None,
        cause: "php.output-buffering",
        rivals: &[],
    },
    Setup {
        name: "varnish with do_stream = false",
        mode: Mode::ContentLength,
        dress: |probe| {
            let age = seconds(probe).round().to_string();
            mark(
                probe,
                &[
                    ("X-Varnish", "2"),
                    ("Age", &age),
                    ("Via", "1.1 varnish (Varnish/7.1)"),
                ],
            );
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "varnish.do-stream",
        rivals: &["varnish.esi"],
    },
    Setup {
        name: "lighttpd",
        mode: Mode::ContentLength,
        dress: |probe| mark(probe, &[("Server", "lighttpd/1.4.69")]),
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "lighttpd.stream-response-body",
        rivals: &[],
    },
    Setup {
        name: "express with compression",
        mode: Mode::GzipUnflushed { plain: 800_000 },
        dress: |probe| {
            mark(
                probe,
                &[("X-Powered-By", "Express"), ("Vary", "Accept-Encoding")],
            )
        },
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "express.compression",
        rivals: &[],
    },
    Setup {
        name: "somebody who collects",
        mode: Mode::HoldAll,
        dress: |_| {},
        word: Word::Buffered,
        by: Some(HoldBy::End),
        cause: "unknown.whole",
        rivals: &[],
    },
];

impl Setup {
    /// The application of the setups: 200 events of 1 KiB, 20 ms apart.
    fn scene(&self, seed: u64) -> Scene {
        Scene {
            count: Some(200),
            can_vary: false,
            dress: self.dress,
            ..Scene::cooperating(self.mode, 50.0, 1024, seed)
        }
    }
}

fn mark(probe: &mut Probe, headers: &[(&str, &str)]) {
    if let Some(head) = &mut probe.head {
        let owned = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        head.headers.extend(owned);
    }
}

fn seconds(probe: &Probe) -> f64 {
    let start = probe.request.sent.unwrap_or_default();
    (probe.end.at - start).as_secs_f64()
}

fn runtime_of_whole_response(probe: &mut Probe) {
    let runtime = format!("{:.6}", seconds(probe));
    mark(probe, &[("X-Runtime", &runtime)]);
}

/// Neither length nor chunks: the connection closes at the end.
fn unframe(probe: &mut Probe) {
    probe.chunks.clear();
    if let Some(head) = &mut probe.head {
        head.headers.retain(|(name, _)| name != "Transfer-Encoding");
        head.headers.push(("Connection".into(), "close".into()));
    }
    if probe.end.kind == EndKind::LastChunk {
        probe.end.kind = EndKind::Close;
    }
}

fn lower_case_names(probe: &mut Probe) {
    for (name, _) in probe.head.iter_mut().flat_map(|head| &mut head.headers) {
        name.make_ascii_lowercase();
    }
}

fn one_chunk_per_event(probe: &mut Probe) {
    let chunk = |event: &verdict::observations::Event| verdict::observations::Chunk {
        bytes: event.bytes,
        arrival: probe.reads[event.read].arrival,
    };
    probe.chunks = probe.events.iter().map(chunk).collect();
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict
        .causes
        .iter()
        .map(|cause| cause.code.as_str())
        .collect()
}

#[test]
fn each_setup_gets_its_word_its_hold_and_its_cause() {
    for setup in SETUPS {
        for seed in 0..5 {
            let verdict = setup.scene(seed).check().verdict;
            let name = setup.name;
            assert_eq!(verdict.word, setup.word, "{name}: {verdict:#?}");
            if let Some(by) = setup.by {
                assert_eq!(
                    verdict.hold.as_ref().map(|hold| hold.by),
                    Some(by),
                    "{name}: {verdict:#?}"
                );
            }
            assert_eq!(
                codes(&verdict).first().copied().unwrap_or_default(),
                setup.cause,
                "{name}: {verdict:#?}"
            );
            let allowed = |code: &&str| *code == setup.cause || setup.rivals.contains(code);
            assert!(
                codes(&verdict).iter().all(allowed),
                "{name}: {:?}",
                codes(&verdict)
            );
            let cured = verdict.causes.iter().all(|cause| cause.remedy.is_some());
            assert!(cured, "{name}");
        }
    }
}

/// The stream of the post: twenty short events, or five a second apart.
#[test]
fn short_streams_get_the_same_word() {
    let sizes_hold_them_whole = |mode| matches!(mode, Mode::Proxied { .. } | Mode::Rounded { .. });
    for setup in SETUPS {
        for (rate, count) in [(10.0, 20), (1.0, 5)] {
            for seed in 0..5 {
                let scene = Scene {
                    count: Some(count),
                    ..setup.scene(seed)
                };
                let scene = Scene {
                    rhythm: Rhythm::Regular {
                        gap: 1_000.0 / rate,
                    },
                    size: 60,
                    ..scene
                };
                let verdict = scene.check().verdict;
                let name = setup.name;
                // Less than a block: nothing came before the end, and that is what is said.
                let whole = sizes_hold_them_whole(setup.mode);
                let word = if whole { Word::Buffered } else { setup.word };
                // A timer of a second holds single events at one a second, and few of them.
                let is_open =
                    matches!(setup.mode, Mode::Ticker { .. }) && verdict.word == Word::Inconclusive;
                assert!(
                    verdict.word == word || is_open,
                    "{name} {rate}/s: {verdict:#?}"
                );
            }
        }
    }
}

#[test]
fn puma_over_tcp_is_batched_by_time_at_ten_events_a_second() {
    let puma = SETUPS
        .iter()
        .find(|setup| setup.name == "puma over TCP")
        .expect("it is in the table");
    for seed in 0..30 {
        let rhythm = Rhythm::Regular { gap: 100.0 };
        let verdict = Scene {
            rhythm,
            size: 60,
            count: Some(100),
            ..puma.scene(seed)
        }
        .check()
        .verdict;
        let hold = verdict.hold.as_ref().expect("it is held");
        assert_eq!(hold.by, HoldBy::Time, "{verdict:#?}");
        assert!(
            (195..=220).contains(&hold.ms.unwrap_or_default()),
            "{verdict:#?}"
        );
        assert_eq!(verdict.causes[0].code, "puma.cork");
    }
}

#[test]
fn without_marks_nothing_wrong_is_said_with_high_confidence() {
    for setup in SETUPS {
        let mut verdict_stripped = None;
        for seed in 0..5 {
            let mut observations = setup.scene(seed).check().observations;
            for head in observations
                .probes
                .iter_mut()
                .filter_map(|probe| probe.head.as_mut())
            {
                head.headers.retain(|(name, _)| {
                    let name = name.to_ascii_lowercase();
                    !(name.starts_with("x-") || name == "server" || name == "via")
                });
            }
            let verdict = verdict::diagnose(&observations);
            assert_eq!(verdict.word, setup.word, "{}: {verdict:#?}", setup.name);
            let wrong = verdict.causes.iter().filter(|cause| {
                let is_known =
                    cause.code == setup.cause || setup.rivals.contains(&cause.code.as_str());
                cause.confidence == Confidence::High && !is_known
            });
            assert_eq!(wrong.count(), 0, "{}: {verdict:#?}", setup.name);
            verdict_stripped = Some(verdict);
        }
        let named_by_shape = ["tcp.cork", "haproxy.msg-more", "unknown."];
        let is_shape = |code: &&str| named_by_shape.iter().any(|shape| code.starts_with(shape));
        // A cause that rests on a mark alone must be gone with the mark.
        if let (Some(verdict), "lighttpd" | "webrick" | "thin") = (verdict_stripped, setup.name) {
            assert!(
                codes(&verdict).iter().all(is_shape),
                "{}: {:?}",
                setup.name,
                codes(&verdict)
            );
        }
    }
}

#[test]
fn a_server_that_is_live_is_given_no_cause_whatever_it_signs() {
    for server in [
        "nginx/1.22.1",
        "lighttpd/1.4.69",
        "WEBrick/1.8.1",
        "thin",
        "Apache/2.4.71",
    ] {
        let mut observations = Scene::cooperating(Mode::Live, 20.0, 300, 1)
            .check()
            .observations;
        mark(
            &mut observations.probes[0],
            &[("Server", server), ("ETag", "W/\"1\"")],
        );
        assert_eq!(codes(&verdict::diagnose(&observations)), Vec::<&str>::new());
    }
}
