//! The same stream at several places of its way: which hop is named, which is not blamed, and which causes are left.

use run_record::hops::{Change, Standing};
use run_record::verdict::{Confidence, Word};
use verdict::hops::{Found, Hop, compare, finding};
use verdict::observations::{Asked, Observations, Probe, Request};

use crate::check::Scene;
use crate::server::Mode;

const CORK: Mode = Mode::Cork { segment: 65_483 };
const NGINX: Mode = Mode::Proxied { bytes: 4096 };

/// The check of one hop: what it does, and the headers that it adds.
fn seen(mode: Mode, headers: &[(&str, &str)], seed: u64) -> Observations {
    let scene = Scene::cooperating(mode, 20.0, 300, seed);
    let count = Some(100);
    dressed(Scene { count, ..scene }, headers)
}

fn foreign(mode: Mode, headers: &[(&str, &str)], seed: u64) -> Observations {
    dressed(Scene::cooperating(mode, 20.0, 300, seed).foreign(), headers)
}

fn dressed(scene: Scene, headers: &[(&str, &str)]) -> Observations {
    let mut observations = scene.check().observations;
    for head in observations
        .probes
        .iter_mut()
        .filter_map(|probe| probe.head.as_mut())
    {
        let added = headers.iter();
        head.headers
            .extend(added.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    }
    observations
}

fn compared(all: &[(&str, &Observations)]) -> (Vec<Found>, String) {
    let hops: Vec<Hop> = all
        .iter()
        .map(|&(name, observations)| Hop { name, observations })
        .collect();
    let found = compare(&hops, &[]);
    let text = finding(&hops, &found).map_or(String::new(), |finding| finding.text);
    (found, text)
}

fn standings(found: &[Found]) -> Vec<Standing> {
    found.iter().map(|hop| hop.standing).collect()
}

fn codes(found: &Found) -> Vec<&str> {
    found
        .verdict
        .causes
        .iter()
        .map(|cause| &*cause.code)
        .collect()
}

#[test]
fn the_first_hop_that_is_worse_is_named_and_one_behind_it_is_not_blamed() {
    use Standing::{Behind, HoldsBack, Passes, Worsens};
    let live = || seen(Mode::Live, &[], 1);
    let held = || seen(NGINX, &[], 2);
    let whole = || seen(Mode::ContentLength, &[], 3);
    let cases = [
        (vec![live(), live(), live()], vec![Passes, Passes, Passes]),
        (
            vec![live(), held(), held()],
            vec![Passes, HoldsBack, Behind],
        ),
        (
            vec![live(), live(), held()],
            vec![Passes, Passes, HoldsBack],
        ),
        (vec![held(), held()], vec![HoldsBack, Behind]),
        (vec![held(), whole()], vec![HoldsBack, Worsens]),
        (vec![whole(), held()], vec![HoldsBack, Behind]),
        (vec![held(), live()], vec![HoldsBack, Passes]),
    ];
    for (hops, expected) in cases {
        let named: Vec<_> = hops.iter().map(|hop| ("h", hop)).collect();
        let (found, text) = compared(&named);
        assert_eq!(standings(&found), expected, "{text}");
        let is_bad = expected.contains(&HoldsBack);
        assert_eq!(!text.is_empty(), is_bad, "{text}");
        for (hop, standing) in found.iter().zip(expected) {
            assert!(
                standing != Behind || hop.verdict.causes.is_empty(),
                "{hop:#?}"
            );
        }
    }
}

#[test]
fn the_sentence_names_both_sides_and_who_does_it() {
    let server = [("Server", "nginx/1.22.1")];
    let (found, text) = compared(&[
        ("origin", &seen(Mode::Live, &[], 1)),
        ("edge", &seen(NGINX, &server, 2)),
    ]);
    assert_eq!(
        text,
        "the hop between origin and edge holds the stream back (nginx): origin is LIVE, edge is BATCHED"
    );
    assert_eq!(codes(&found[1]), ["nginx.proxy-buffering"]);
    let added: Vec<_> = found[1]
        .headers_changed
        .iter()
        .map(|it| (&*it.name, it.change))
        .collect();
    assert!(added.contains(&("Server", Change::Added)), "{added:?}");
    assert!(
        added.contains(&("Transfer-Encoding", Change::ReChunked)),
        "{added:?}"
    );
}

#[test]
fn a_cork_behind_a_live_origin_is_not_pumas() {
    let rails = [("X-Runtime", "0.102"), ("Cache-Control", "no-cache")];
    for seed in 0..10 {
        let held = seen(CORK, &rails, seed);
        let alone = verdict::diagnose(&held);
        assert_eq!(alone.causes[0].code, "puma.cork");
        let (found, text) = compared(&[
            ("origin", &seen(Mode::Live, &rails, seed + 50)),
            ("edge", &held),
        ]);
        assert!(
            !codes(&found[1]).contains(&"puma.cork"),
            "{:?}",
            codes(&found[1])
        );
        let haproxy = found[1]
            .verdict
            .causes
            .iter()
            .find(|cause| cause.code == "haproxy.msg-more");
        assert_eq!(
            haproxy.map(|cause| cause.confidence),
            Some(Confidence::Medium),
            "{text}"
        );
    }
}

#[test]
fn a_cork_of_the_origin_itself_is_not_a_proxys_that_leaves_no_mark() {
    let rails = [("X-Runtime", "0.102")];
    let (found, text) = compared(&[
        ("origin", &seen(CORK, &rails, 1)),
        ("edge", &seen(CORK, &rails, 2)),
    ]);
    assert_eq!(codes(&found[0]), ["puma.cork"], "{text}");
    assert!(
        text.starts_with("origin itself holds the stream back (Puma): it is BATCHED"),
        "{text}"
    );
    assert_eq!(found[1].standing, Standing::Behind);
}

#[test]
fn an_applications_own_marks_do_not_accuse_it_behind_a_live_origin() {
    let marks: [(Mode, &[(&str, &str)]); 5] = [
        (
            Mode::HoldAll,
            &[("ETag", "W/\"0f1e\""), ("X-Runtime", "6.0")],
        ),
        (
            Mode::ContentLength,
            &[("Server", "WEBrick/1.8.1"), ("X-Runtime", "0.1")],
        ),
        (Mode::HoldAll, &[("X-Runtime", "0.004")]),
        (
            Mode::GzipUnflushed { plain: 800_000 },
            &[("X-Powered-By", "Express")],
        ),
        (
            Mode::Rounded { bytes: 4096 },
            &[("X-Powered-By", "PHP/8.2")],
        ),
    ];
    for (mode, marks) in marks {
        let held = seen(mode, marks, 7);
        let alone = verdict::diagnose(&held);
        let (found, _) = compared(&[("origin", &seen(Mode::Live, marks, 8)), ("edge", &held)]);
        let wrong = [
            "rack.",
            "webrick.",
            "thin.",
            "express.",
            "php.",
            "rainbows.",
            "source.",
        ];
        let is_wrong = |code: &&str| wrong.iter().any(|family| code.starts_with(family));
        assert!(
            alone.causes.iter().any(|it| is_wrong(&&*it.code)),
            "{mode:?}: the control names it"
        );
        assert!(
            !codes(&found[1]).iter().any(is_wrong),
            "{mode:?}: {:?}",
            codes(&found[1])
        );
        assert_eq!(found[1].standing, Standing::HoldsBack);
    }
}

#[test]
fn a_live_hop_before_makes_arrivals_alone_a_proof() {
    let held = foreign(NGINX, &[("Server", "nginx/1.22.1")], 3);
    assert_eq!(verdict::diagnose(&held).confidence, Confidence::Medium);
    let (found, _) = compared(&[("origin", &foreign(Mode::Live, &[], 4)), ("edge", &held)]);
    assert_eq!(found[1].verdict.word, Word::Batched);
    assert_eq!(found[1].verdict.confidence, Confidence::High);
    assert!(!codes(&found[1]).contains(&"source.batches"));
    // Two that are held alike prove nothing about the source.
    let (found, _) = compared(&[("origin", &foreign(NGINX, &[], 5)), ("edge", &held)]);
    assert_eq!(found[0].verdict.confidence, Confidence::Medium);
    assert_eq!(found[1].verdict.confidence, Confidence::Medium);
}

#[test]
fn silence_is_a_hold_beside_a_live_hop_and_only_with_a_head() {
    let scene =
        Scene::cooperating(Mode::GzipUnflushed { plain: 8_000_000 }, 20.0, 300, 6).foreign();
    let silent = |with_head: bool| {
        let mut probe = scene.observe(
            Request {
                accept_encoding: Some("gzip".into()),
                ..Request::default()
            },
            10_000.0,
        );
        assert!(probe.events.is_empty());
        probe.head = probe.head.filter(|_| with_head);
        Observations {
            probes: vec![probe],
            ..Observations::default()
        }
    };
    let origin = foreign(Mode::Live, &[], 7);
    let alone = verdict::diagnose(&silent(true));
    assert_eq!(alone.word, Word::Inconclusive);
    let (found, text) = compared(&[("origin", &origin), ("edge", &silent(true))]);
    assert_eq!(found[1].verdict.word, Word::Buffered, "{text}");
    assert_eq!(found[1].standing, Standing::HoldsBack);
    let (found, text) = compared(&[("origin", &origin), ("edge", &silent(false))]);
    assert_eq!(found[1].verdict.word, Word::Inconclusive);
    assert!(text.contains("cannot be told"), "{text}");
}

#[test]
fn an_origin_that_is_no_stream_accuses_nobody() {
    let (found, text) = compared(&[
        ("origin", &seen(Mode::Status { code: 404 }, &[], 1)),
        ("edge", &seen(NGINX, &[], 2)),
    ]);
    assert_eq!(standings(&found), [Standing::Unknown, Standing::Unknown]);
    assert!(text.contains("origin is NO STREAM"), "{text}");
    let (found, text) = compared(&[
        ("origin", &seen(Mode::Live, &[], 1)),
        ("edge", &seen(Mode::Status { code: 502 }, &[], 2)),
    ]);
    assert!(text.contains("does not hand the stream on"), "{text}");
    assert_eq!(standings(&found), [Standing::Passes, Standing::HoldsBack]);
}

/// Caddy 2.11 or Varnish before express with compression: held to the end whatever the client accepts.
#[test]
fn a_proxy_that_asks_for_compression_by_itself_is_told() {
    let origin = dressed(
        Scene::cooperating(Mode::GzipUnflushed { plain: 800_000 }, 20.0, 300, 1),
        &[("Vary", "Accept-Encoding")],
    );
    let edge = seen(
        Mode::HoldAll,
        &[("Vary", "Accept-Encoding"), ("Via", "1.1 Caddy")],
        2,
    );
    let (found, _) = compared(&[("origin", &origin), ("edge", &edge)]);
    assert_eq!(standings(&found), [Standing::HoldsBack, Standing::Behind]);
    assert_eq!(codes(&found[1]), ["proxy.adds-accept-encoding"]);
    // One that only hands on what the browser asked for does not.
    let (found, _) = compared(&[("origin", &origin), ("edge", &origin)]);
    assert!(codes(&found[1]).is_empty(), "{:?}", codes(&found[1]));
}

#[test]
fn a_header_of_the_request_is_not_called_changed() {
    let one = seen(
        Mode::Live,
        &[
            ("Date", "a"),
            ("X-Runtime", "0.1"),
            ("Set-Cookie", "s=1"),
            ("X-Accel-Buffering", "no"),
        ],
        1,
    );
    let other = seen(
        Mode::Live,
        &[
            ("date", "b"),
            ("X-Runtime", "0.2"),
            ("Set-Cookie", "s=2"),
            ("Via", "1.1 v"),
        ],
        2,
    );
    let (found, _) = compared(&[("origin", &one), ("edge", &other)]);
    let changes: Vec<_> = found[1]
        .headers_changed
        .iter()
        .map(|it| (&*it.name, it.change))
        .collect();
    assert_eq!(
        changes,
        [
            ("Via", Change::Added),
            ("X-Accel-Buffering", Change::Removed)
        ]
    );
    assert!(found[0].headers_changed.is_empty());
}

#[test]
fn events_with_the_same_number_are_compared_one_by_one() {
    let watched = |mode, seed| {
        let scene = Scene::cooperating(mode, 20.0, 300, seed);
        scene.observe(
            Request {
                asked: Asked::default(),
                ..Request::default()
            },
            3_000.0,
        )
    };
    let origin = Observations::default();
    let hops = [
        Hop {
            name: "a",
            observations: &origin,
        },
        Hop {
            name: "b",
            observations: &origin,
        },
    ];
    let beside: [Probe; 2] = [
        watched(Mode::Live, 1),
        watched(Mode::HoldTime { ms: 150.0 }, 1),
    ];
    let added = compare(&hops, &beside)[1]
        .added
        .expect("they share their numbers");
    assert!(added.events >= 40, "{added:?}");
    assert!(
        (140_000_000..200_000_000).contains(&added.max_us.0),
        "{added:?}"
    );
    // Another stream, whose numbers mean other events.
    let mut other = beside.clone();
    other[1]
        .events
        .iter_mut()
        .for_each(|event| event.emitted = None);
    assert_eq!(compare(&hops, &other)[1].added, None);
}
