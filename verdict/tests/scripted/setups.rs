//! Real setups as they were measured, replayed on scripted time: the word, the hold and the cause.

use run_record::verdict::{HoldBy, Verdict, Word};

use crate::check::Scene;
use crate::measured::{all, mark};
use crate::server::Mode;
use crate::source::Rhythm;

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict
        .causes
        .iter()
        .map(|cause| cause.code.as_str())
        .collect()
}

#[test]
fn each_setup_gets_its_word_its_hold_and_its_cause() {
    for setup in all() {
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
            assert!(
                codes(&verdict).iter().all(|code| setup.allows(code)),
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
    let sizes_hold_them_whole = |mode| {
        matches!(
            mode,
            Mode::Proxied { .. }
                | Mode::GzipAfterPreamble { .. }
                | Mode::GzipOverBlocks { .. }
                | Mode::Rounded { .. }
                | Mode::FastCgi { .. }
                | Mode::HoldSize { .. }
        )
    };
    for setup in all() {
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
                let word = match setup.mode {
                    Mode::GzipLargeEvents { .. } => Word::Live,
                    _ if whole => Word::Buffered,
                    _ => setup.word,
                };
                // A timer of a second holds single events at one a second, and few of them; so does one behind.
                let is_open = matches!(
                    setup.mode,
                    Mode::Ticker { .. } | Mode::NextTick { .. } | Mode::GzipLag
                ) && verdict.word == Word::Inconclusive;
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
    let puma = all()
        .find(|setup| setup.name == "puma")
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
