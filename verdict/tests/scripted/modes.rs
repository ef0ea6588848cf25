//! The modes of target-server that hold nothing back, or only the beginning.

use run_record::verdict::{HoldBy, Reason, Word};
use verdict::observations::{Observations, Request};

use crate::check::Scene;
use crate::server::Mode;
use crate::table::{RATES, Role, SEEDS, Truth, assert_right, endless, in_both_roles};

#[test]
fn live_is_live() {
    in_both_roles(Mode::Live, endless, |_, _| Truth::is(Word::Live));
    in_both_roles(Mode::LateHead, endless, |_, _| Truth::is(Word::Live));
    in_both_roles(Mode::Gzip, endless, |_, _| Truth::is(Word::Live));
}

#[test]
fn a_beginning_that_is_always_late_is_batched_by_first() {
    for ms in [200.0, 1_500.0] {
        let mode = Mode::LateFirst { ms };
        let first = Truth::held(Word::Batched, HoldBy::First, ms);
        assert_right(mode, Role::Cooperating, endless, |_, _| first);
        assert_right(mode, Role::Foreign, endless, |_, _| Truth::is(Word::Live));
    }
    let foreign = Scene::cooperating(Mode::LateFirst { ms: 1_500.0 }, 20.0, 300, 1).foreign();
    assert!(foreign.check().has_finding("backlog.on-connect"));
}

#[test]
fn a_beginning_that_was_late_once_is_a_finding() {
    let late = Scene::cooperating(Mode::LateFirst { ms: 1_500.0 }, 20.0, 300, 1);
    let live = Scene {
        mode: Mode::Live,
        ..late.clone()
    };
    let request = |round| Request {
        round,
        accept_encoding: Some("gzip".into()),
        ..Request::default()
    };
    let probes = vec![
        late.observe(request(0), 5_000.0),
        live.observe(request(1), 5_000.0),
    ];
    let verdict = verdict::diagnose(&Observations {
        probes,
        ..Observations::default()
    });
    assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
    assert!(
        verdict
            .findings
            .iter()
            .any(|finding| finding.code == "first.late")
    );
}

#[test]
fn a_live_stream_that_ends_in_a_burst_is_not_buffered() {
    // The last third is held for nearly a second and leaves with the end.
    let stall = Mode::Stall { ms: 940.0, at: 40 };
    for seed in 0..SEEDS {
        let scene = Scene {
            count: Some(60),
            ..Scene::cooperating(stall, 20.0, 300, seed)
        };
        for scene in [scene.clone(), scene.foreign()] {
            let verdict = scene.check().verdict;
            assert_eq!(verdict.word, Word::Live, "{verdict:#?}");
        }
    }
}

#[test]
fn a_stall_is_a_finding() {
    let stall = Mode::Stall {
        ms: 1_500.0,
        at: 10,
    };
    in_both_roles(stall, endless, |_, _| Truth::is(Word::Live));
    for seed in 0..SEEDS {
        for rate in RATES {
            let checked = Scene::cooperating(stall, rate, 300, seed).check();
            assert!(checked.has_finding("stall.once"), "{:?}", checked.verdict);
        }
    }
}

#[test]
fn what_is_no_stream_is_said_at_once() {
    for mode in [Mode::WrongType, Mode::Status { code: 503 }] {
        in_both_roles(mode, endless, |_, _| Truth::is(Word::NoStream));
    }
}

#[test]
fn a_stream_without_events_accuses_nobody() {
    for foreign in [false, true] {
        for (mode, reason) in [
            (Mode::Empty, Reason::Empty),
            (Mode::CommentsOnly, Reason::Silence),
        ] {
            let scene = Scene::cooperating(mode, 5.0, 300, 3);
            let checked = if foreign { scene.foreign() } else { scene }.check();
            assert_eq!(checked.verdict.word, Word::Inconclusive);
            assert_eq!(checked.verdict.reason, Some(reason));
            assert!(checked.has_finding("run.next"));
        }
    }
}

#[test]
fn lost_doubled_and_reordered_events_are_findings() {
    let modes = [
        (Mode::Lose { nth: 7 }, "loss.silent"),
        (Mode::Duplicate { nth: 7 }, "order.duplicate"),
        (Mode::Reorder { nth: 7 }, "order.reordered"),
        (Mode::Reorder { nth: 4 }, "order.reordered"),
    ];
    for (mode, code) in modes {
        in_both_roles(mode, endless, |_, _| Truth::is(Word::Live));
        let checked = Scene::cooperating(mode, 20.0, 300, 5).check();
        assert!(checked.has_finding(code), "{:?}", checked.verdict.findings);
    }
}
