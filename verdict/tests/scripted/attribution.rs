//! How often the cause is named, and how often rightly: over all setups of the ground truth with their headers as
//! they are, with the marks of programs stripped by a hop in front, and with versions, buffers and headers that no
//! table has.

use run_record::verdict::{Confidence, Verdict};
use verdict::observations::{Head, Probe};

use crate::check::Scene;
use crate::measured::{APPLICATIONS, CORK, OTHERS, PROXIES, RUBY, Setup, all, mark};
use crate::server::Mode;
use crate::source::Rhythm;

const SEEDS: u64 = 5;

/// How the attribution of some setups came out.
#[derive(Default)]
struct Score {
    held: usize,
    named: usize,
    right: usize,
    unnamed: Vec<String>,
    wrong: Vec<String>,
    wrong_and_high: Vec<String>,
}

impl Score {
    fn add(&mut self, setup: &Setup, verdict: &Verdict, about: &str) {
        self.held += 1;
        let named: Vec<_> = verdict
            .causes
            .iter()
            .filter(|cause| is_named(&cause.code))
            .collect();
        let Some(first) = named.first() else {
            self.unnamed.push(format!("{} {about}", setup.name));
            return;
        };
        self.named += 1;
        // Two that fit equally are both named: then either may stand first.
        let is_right = first.code == setup.cause
            || (setup.allows(&first.code) && named.iter().any(|cause| cause.code == setup.cause));
        let codes: Vec<_> = named
            .iter()
            .map(|cause| (cause.code.as_str(), cause.confidence))
            .collect();
        let line = format!("{} {about}: {codes:?}, not {}", setup.name, setup.cause);
        if is_right {
            self.right += 1;
        } else {
            self.wrong.push(line.clone());
        }
        let is_wrong_and_high =
            |confidence, code: &str| confidence == Confidence::High && !setup.allows(code);
        if named
            .iter()
            .any(|cause| is_wrong_and_high(cause.confidence, &cause.code))
        {
            self.wrong_and_high.push(line);
        }
    }

    #[expect(clippy::print_stdout, reason = "a test tells what it has measured")]
    fn tell(&self, what: &str) {
        println!(
            "causes | {what} | {} held | {} named | {} right | {} wrong with high confidence",
            self.held,
            self.named,
            self.right,
            self.wrong_and_high.len()
        );
    }

    fn assert(&self, least_named: f64) {
        assert!(
            self.named as f64 >= least_named * self.held as f64,
            "{} of {} named, but not {:#?}",
            self.named,
            self.held,
            self.unnamed
        );
        assert!(
            self.right as f64 >= 0.95 * self.named as f64,
            "{} of {} right: {:#?}",
            self.right,
            self.named,
            self.wrong
        );
        assert_eq!(self.wrong_and_high, Vec::<String>::new());
    }
}

/// Whether a code names a program.
fn is_named(code: &str) -> bool {
    !code.starts_with("unknown.") && !code.starts_with("source.")
}

/// Those of some setups that are held back, and for which a cause is to be named.
fn held(setups: &[Setup]) -> impl Iterator<Item = &Setup> {
    setups
        .iter()
        .filter(|setup| is_named(setup.cause) && !setup.cause.is_empty())
}

/// The two shapes of the ground truth: events of 1 KiB, and those of 300 bytes that most real setups send.
fn shapes(setup: &Setup, seed: u64) -> [(&'static str, Scene); 2] {
    let scene = setup.scene(seed);
    let shorter = Scene {
        size: 300,
        count: Some(300),
        ..scene.clone()
    };
    [("1 KiB", scene), ("300 B", shorter)]
}

fn scored(setups: &[Setup], change: impl Fn(Scene) -> Scene, strip: impl Fn(&mut Probe)) -> Score {
    let mut score = Score::default();
    for setup in held(setups) {
        for seed in 0..SEEDS {
            for (shape, scene) in shapes(setup, seed) {
                let mut observations = change(scene).check().observations;
                observations.probes.iter_mut().for_each(&strip);
                let verdict = verdict::diagnose(&observations);
                score.add(setup, &verdict, &format!("{shape} seed {seed}"));
            }
        }
    }
    score
}

const TABLES: [(&str, &[Setup]); 4] = [
    ("5.1 Ruby", RUBY),
    ("5.2 proxies", PROXIES),
    ("5.3 applications", APPLICATIONS),
    ("others", OTHERS),
];

#[test]
fn causes_are_named_with_headers_as_they_are() {
    for (table, setups) in TABLES {
        let score = scored(setups, |scene| scene, |_| {});
        score.tell(&format!("{table}, as they are"));
        score.assert(0.8);
    }
}

#[test]
fn causes_are_named_without_send_times_too() {
    for (table, setups) in TABLES {
        let score = scored(setups, |scene| scene.foreign(), |_| {});
        score.tell(&format!("{table}, without send times"));
        // 200 ms without a mark are as likely the rhythm of the source.
        score.assert(if table == "others" { 0.7 } else { 0.8 });
    }
}

#[test]
fn nothing_wrong_is_said_with_high_confidence_once_marks_are_stripped() {
    for (table, setups) in TABLES {
        for foreign in [false, true] {
            let role = |scene: Scene| if foreign { scene.foreign() } else { scene };
            let score = scored(setups, role, strip);
            score.tell(&format!("{table}, stripped, foreign: {foreign}"));
            assert_eq!(score.wrong_and_high, Vec::<String>::new());
        }
    }
}

#[test]
fn live_setups_are_given_no_cause() {
    for setup in all().filter(|setup| setup.cause.is_empty()) {
        for seed in 0..SEEDS {
            for (shape, scene) in shapes(setup, seed) {
                for scene in [scene.clone(), scene.foreign()] {
                    let verdict = scene.check().verdict;
                    assert_eq!(
                        verdict.word, setup.word,
                        "{} {shape}: {verdict:#?}",
                        setup.name
                    );
                    assert_eq!(verdict.causes, [], "{} {shape}", setup.name);
                }
            }
        }
    }
}

/// What a hop in front takes away: `Server`, `Via`, `X-` and what looks like an ETag.
pub(crate) fn strip(probe: &mut Probe) {
    let is_mark = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("x-") || ["server", "via", "etag", "age"].contains(&name.as_str())
    };
    if let Some(head) = &mut probe.head {
        head.headers.retain(|(name, _)| !is_mark(name));
    }
}

/// The same programs in other versions, with other buffers, and with what networks in front add.
#[test]
fn the_rules_hold_for_what_no_table_has() {
    let mut score = Score::default();
    for variation in variations() {
        for setup in all().filter(|setup| setup.name == variation.of) {
            for seed in 0..SEEDS {
                for (shape, scene) in shapes(setup, seed) {
                    let scene = Scene {
                        mode: variation.mode.unwrap_or(scene.mode),
                        ..scene
                    };
                    let mut observations = scene.check().observations;
                    let heads = observations.probes.iter_mut();
                    heads
                        .filter_map(|probe| probe.head.as_mut())
                        .for_each(variation.change);
                    let verdict = verdict::diagnose(&observations);
                    let about = format!("{} {shape} seed {seed}", variation.what);
                    score.add(setup, &verdict, &about);
                }
            }
        }
    }
    score.tell("variations");
    score.assert(0.8);
}

/// A setup changed in a way that does not change its cause.
struct Variation {
    of: &'static str,
    what: &'static str,
    mode: Option<Mode>,
    change: fn(&mut Head),
}

fn variations() -> Vec<Variation> {
    let changed = |of, what, change| Variation {
        of,
        what,
        mode: None,
        change,
    };
    let sized = |of, what, mode| Variation {
        of,
        what,
        mode: Some(mode),
        change: |_| {},
    };
    vec![
        sized(
            "nginx-default",
            "pages of 8 KiB",
            Mode::Proxied { bytes: 8192 },
        ),
        sized(
            "nginx-default",
            "buffers of 16k",
            Mode::Proxied { bytes: 16_384 },
        ),
        sized(
            "nginx-default",
            "buffers of 2k",
            Mode::Proxied { bytes: 2048 },
        ),
        changed("nginx-default", "another version", |head| {
            set(head, "Server", "nginx/1.18.0 (Ubuntu)")
        }),
        changed("nginx-default", "the last version before", |head| {
            set(head, "Server", "nginx/1.29.6")
        }),
        changed("nginx-default", "no version", |head| {
            set(head, "Server", "nginx")
        }),
        changed("nginx-default", "openresty", |head| {
            set(head, "Server", "openresty/1.21.4.1")
        }),
        changed("nginx-default", "behind a network", |head| {
            set(head, "Server", "cloudflare");
            add(head, "cf-ray", "8f0e1c2d3b4a5960-FRA");
        }),
        changed("nginx-default", "another order", |head| {
            head.headers.reverse()
        }),
        changed("nginx-fastcgi", "no version", |head| {
            set(head, "Server", "nginx")
        }),
        changed("puma", "Rails 7 with Rack 3", |head| {
            for (name, _) in &mut head.headers {
                // Rack 3 writes names in lower case, Puma its own ones not.
                if name != "Transfer-Encoding" {
                    name.make_ascii_lowercase();
                }
            }
        }),
        sized("puma", "a segment of 1,448 bytes and small events", CORK),
        changed("puma", "the headers that Rails adds by default", |head| {
            add(head, "X-Frame-Options", "SAMEORIGIN");
            add(head, "X-Permitted-Cross-Domain-Policies", "none");
            add(head, "Referrer-Policy", "strict-origin-when-cross-origin");
        }),
        changed("puma-blog", "a request id of a network", |head| {
            add(head, "x-amzn-trace-id", "Root=1-67")
        }),
        changed("webrick", "another version", |head| {
            set(head, "Server", "WEBrick/1.9.1 (Ruby/3.3.8/2025-04-09)")
        }),
        changed("lighttpd-0", "another version", |head| {
            set(head, "Server", "lighttpd/1.4.76")
        }),
        changed("lighttpd-0", "names in lower case", lower),
        changed("varnish-nostream", "another version", |head| {
            set(head, "Via", "1.1 web-1 (Varnish/7.6)")
        }),
        changed("haproxy-default", "an application that signs", |head| {
            add(head, "server", "uvicorn")
        }),
        changed("haproxy-default", "cookies", |head| {
            add(head, "set-cookie", "id=1; path=/")
        }),
        changed("mod-php-flush-only", "expose_php", |head| {
            add(head, "X-Powered-By", "PHP/8.3.6")
        }),
        changed("mod-php-flush-only", "no version", |head| {
            set(head, "Server", "Apache")
        }),
        changed("apache-fcgi", "no version", |head| {
            set(head, "Server", "Apache")
        }),
        changed("express-compression", "helmet", |head| {
            add(head, "X-Content-Type-Options", "nosniff");
            add(head, "Strict-Transport-Security", "max-age=31536000");
        }),
        changed("express-compression", "names in lower case", lower),
        changed("express-compression", "brotli", |head| {
            set(head, "Content-Encoding", "br")
        }),
        changed("Go without a flush", "no date", |head| {
            head.headers.retain(|(name, _)| name != "Date")
        }),
        changed(
            "Django with a sync generator on uvicorn",
            "daphne",
            |head| set(head, "server", "daphne"),
        ),
        changed(
            "Django with a sync generator on uvicorn",
            "hypercorn",
            |head| set(head, "server", "hypercorn-h11"),
        ),
    ]
}

fn set(head: &mut Head, name: &str, value: &str) {
    for (key, old) in &mut head.headers {
        if key.eq_ignore_ascii_case(name) {
            value.clone_into(old);
        }
    }
}

fn add(head: &mut Head, name: &str, value: &str) {
    head.headers.push((name.to_owned(), value.to_owned()));
}

fn lower(head: &mut Head) {
    for (name, _) in &mut head.headers {
        name.make_ascii_lowercase();
    }
}

/// A stream shorter than every block and window says little, and nothing wrong.
#[test]
fn short_streams_are_not_misjudged() {
    let mut score = Score::default();
    for (_, setups) in TABLES {
        for setup in held(setups) {
            for seed in 0..SEEDS {
                let scene = Scene {
                    count: Some(20),
                    rhythm: Rhythm::Regular { gap: 100.0 },
                    size: 60,
                    ..setup.scene(seed)
                };
                score.add(setup, &scene.check().verdict, &format!("seed {seed}"));
            }
        }
    }
    score.tell("20 events of 60 B");
    score.assert(0.5);
}

/// An application that signs behind a proxy that holds: the outermost signs, and what it cannot do is not charged to it.
#[test]
fn who_signs_is_not_who_holds() {
    type Signed = (&'static str, Mode, &'static [(&'static str, &'static str)]);
    let cases: [Signed; 5] = [
        (
            "a corked application behind nginx",
            CORK,
            &[("Server", "nginx/1.22.1")],
        ),
        (
            "blocks behind Caddy",
            Mode::Proxied { bytes: 4096 },
            &[("Via", "1.1 Caddy")],
        ),
        (
            "held behind nginx",
            Mode::HoldAll,
            &[("Server", "nginx/1.22.1")],
        ),
        (
            "collected behind nginx",
            Mode::ContentLength,
            &[("Server", "nginx/1.22.1")],
        ),
        (
            "held behind HAProxy",
            Mode::HoldAll,
            &[("via", "1.1 haproxy")],
        ),
    ];
    for (name, mode, headers) in cases {
        for seed in 0..SEEDS {
            let scene = Scene {
                count: Some(200),
                can_vary: false,
                ..Scene::cooperating(mode, 50.0, 1024, seed)
            };
            let mut observations = scene.check().observations;
            for probe in &mut observations.probes {
                mark(probe, headers);
            }
            let verdict = verdict::diagnose(&observations);
            let accused = headers[0].1.to_ascii_lowercase();
            let is_charged = |code: &str| accused.contains(code.split('.').next().unwrap_or(code));
            let named = verdict.causes.iter().find(|cause| is_charged(&cause.code));
            assert_eq!(named, None, "{name}: {verdict:#?}");
        }
    }
}
