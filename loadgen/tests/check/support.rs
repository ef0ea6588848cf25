//! Plans and servers for the tests of the check, and the gate that keeps them from disturbing each other.

use loadgen::check::{self, Outcome};
use loadgen::plan::{
    CheckPlan, Endpoint, Expect, Format, Offer, Output, SequenceSource, StampSource, Target,
};
use loadgen::request::{HttpVersion, Request};
use run_record::verdict::{Reason, Verdict};
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use target_server::{Config, Server};

/// A check mostly waits; more of them at once on two cores would be late by each other.
const AT_ONCE: usize = 6;

/// A check of `path` at a TCP address, with every default.
pub(crate) fn plan(address: SocketAddr, path: &str) -> CheckPlan {
    plan_for(Endpoint::Tcp(address), &address.to_string(), path)
}

/// The same of an endpoint that has another name.
pub(crate) fn plan_for(endpoint: Endpoint, host: &str, path: &str) -> CheckPlan {
    CheckPlan {
        url: format!("http://{host}{path}").parse().unwrap(),
        target: Target {
            endpoints: vec![endpoint],
            host: host.to_owned(),
            tls: None,
        },
        request: Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: vec![("Accept".to_owned(), "text/event-stream".to_owned())],
            body: Vec::new(),
            version: HttpVersion::Http11,
        },
        own_encoding: None,
        http: Offer::Newest,
        watch: Duration::from_secs(10),
        watch_given: false,
        idle: None,
        streams: None,
        stamps: StampSource::Auto,
        sequence: SequenceSource::Auto,
        due_every: None,
        format: Format::Auto,
        repeat: 1,
        expect: Expect::Live,
        output: Output::default(),
    }
}

/// The same as seen by somebody who does not know the payload: arrivals alone.
pub(crate) fn foreign(plan: CheckPlan) -> CheckPlan {
    CheckPlan {
        stamps: StampSource::None,
        sequence: SequenceSource::None,
        ..plan
    }
}

/// A third of the time: as long as it takes where nothing is to come.
pub(crate) fn briefly(plan: CheckPlan) -> CheckPlan {
    CheckPlan {
        watch: Duration::from_millis(3_500),
        ..plan
    }
}

/// Runs a check when the gate lets it.
pub(crate) fn check(plan: &CheckPlan) -> Outcome {
    let _turn = Gate::enter(1);
    check::run(plan, false, &AtomicBool::new(false), &mut |_| {}).unwrap()
}

/// How often a check is asked at most that this machine has disturbed.
pub(crate) const TRIES: u32 = 5;

/// A check that counts: one that says itself that this machine was too busy to tell is repeated, and the log says so.
///
/// A word about the server is never repeated here, whatever it is: that refusal is the only one.
pub(crate) fn check_that_counts(plan: &CheckPlan) -> Outcome {
    for _ in 1..TRIES {
        let outcome = check(plan);
        if outcome.verdict.reason != Some(Reason::OwnMachine) {
            return outcome;
        }
        println!("does not count, once more: {}", brief(&outcome));
    }
    check(plan)
}

/// A target-server of its own on a free port, and where it is.
pub(crate) fn target_server() -> (Server, SocketAddr) {
    let server = Server::start(Config::default()).unwrap();
    let address = server.local_addr().unwrap();
    (server, address)
}

/// Runs all at the same time, as far as the gate lets them; panics with every complaint.
#[track_caller]
pub(crate) fn all_at_once<T: Sync>(cases: &[T], case: impl Fn(&T) -> Result<(), String> + Sync) {
    let complaints: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|one| scope.spawn(|| case(one))).collect();
        running
            .into_iter()
            .filter_map(|one| {
                one.join()
                    .expect("a case complains, and does not panic")
                    .err()
            })
            .collect()
    });
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

/// A verdict in one line, for a complaint.
pub(crate) fn brief(outcome: &Outcome) -> String {
    let verdict = &outcome.verdict;
    format!(
        "{}: {} | {:?} {:?} | hold {:?} | {:?} | {:.2} s, {:?} | {:?}",
        verdict.word.label(),
        verdict.gloss,
        verdict.confidence,
        verdict.reason,
        verdict.hold,
        codes(verdict),
        (outcome.ended - outcome.started).as_secs_f64(),
        outcome.purposes,
        outcome.observations.own,
    )
}

/// The codes of all findings.
pub(crate) fn codes(verdict: &Verdict) -> Vec<&str> {
    let findings = verdict.findings.iter();
    findings.map(|finding| finding.code.as_str()).collect()
}

/// Admits as many as do not disturb each other.
pub(crate) struct Gate {
    places: usize,
}

static TAKEN: Mutex<usize> = Mutex::new(0);
static LEFT: Condvar = Condvar::new();

impl Gate {
    /// Takes so many places, as soon as they are free.
    fn enter(places: usize) -> Gate {
        let taken = TAKEN.lock().unwrap();
        let is_full = |taken: &mut usize| *taken + places > AT_ONCE;
        *LEFT.wait_while(taken, is_full).unwrap() += places;
        Gate { places }
    }

    /// One place.
    pub(crate) fn beside_others() -> Gate {
        Gate::enter(1)
    }

    /// All places: nobody else runs meanwhile.
    pub(crate) fn alone() -> Gate {
        Gate::enter(AT_ONCE)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap() -= self.places;
        LEFT.notify_all();
    }
}
