//! Preflight as a whole, and plans for the tests of its parts.

use crate::schedule::Arrivals;
use std::net::TcpListener;
use std::time::Duration;

use super::*;
use crate::plan::{
    CheckPlan, Expect, Format, Load, Offer, Output, Route, SequenceSource, ServerClock, Share,
    StampSource, SubscriberPolicy, Target, TracePlan,
};
use crate::request::Asked;

pub(super) fn tcp(address: &str) -> Endpoint {
    Endpoint::Tcp(address.parse().unwrap())
}

pub(super) fn load(connections: u32) -> Load {
    Load {
        connections,
        share: Share::WHOLE,
        processes: 1,
        start_at: None,
        ramp: Duration::ZERO,
        arrivals: Arrivals::Constant,
        hold: Duration::from_secs(1),
        workers: 2,
        sources: Vec::new(),
    }
}

/// A plan for `http://stream.example/`.
pub(super) fn plan(connections: u32) -> Plan {
    let url = url::Url::parse("http://stream.example/").unwrap();
    let (request, host) = Asked::default().into_request(&url);
    Plan {
        url,
        target: Target {
            endpoints: Vec::new(),
            host,
            tls: None,
        },
        request,
        users: None,
        load: load(connections),
        subscriber: SubscriberPolicy::default(),
        stamps: StampSource::Auto,
        server_clock: ServerClock::Same,
        sequence: SequenceSource::Auto,
        due_every: None,
        format: Format::Auto,
        by: None,
        limits: Vec::new(),
        trace: TracePlan {
            streams: 5,
            events_per_stream: 10_000,
        },
        output: Output::default(),
        keep_going: false,
    }
}

/// A check of `http://stream.example/`.
pub(super) fn check_plan() -> CheckPlan {
    let run = plan(1);
    CheckPlan {
        url: run.url,
        target: run.target,
        request: run.request,
        own_encoding: None,
        http: Offer::Newest,
        watch: CheckPlan::DEFAULT_WATCH,
        watch_given: false,
        idle: None,
        streams: None,
        stamps: run.stamps,
        sequence: run.sequence,
        due_every: None,
        format: run.format,
        repeat: 1,
        expect: Expect::Live,
        output: run.output,
    }
}

fn admitted(plan: Plan, endpoints: &[Endpoint]) -> Result<Admitted, PreflightError> {
    let draft = Draft::new(plan, Route::Known(endpoints.to_vec()), Duration::ZERO, None);
    admit(draft, &mut || Mono(0))
}

#[test]
fn a_run_that_can_work_becomes_a_plan() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = Endpoint::Tcp(listener.local_addr().unwrap());
    let dead = Endpoint::Tcp(
        TcpListener::bind("127.77.1.1:0")
            .unwrap()
            .local_addr()
            .unwrap(),
    );
    let admitted = admitted(plan(10), &[dead.clone(), open.clone()]).unwrap();
    assert_eq!(admitted.plan.target.endpoints, [open]);
    let [Note::Dropped(refusal)] = &admitted.notes[..] else {
        panic!("{:?}", admitted.notes)
    };
    assert_eq!(refusal.endpoint, dead);
}

#[test]
fn the_machine_is_looked_at_before_the_target() {
    // Nothing listens there, and nobody has asked yet when the machine refuses.
    let dead = [tcp("127.77.1.2:1")];
    let error = admitted(plan(u32::MAX), &dead).unwrap_err();
    // Where descriptors have no limit, memory has.
    assert!(
        matches!(
            error,
            PreflightError::Descriptors(_) | PreflightError::Memory(_)
        ),
        "{error}"
    );
    let mut unwritable = plan(1);
    unwritable.output.record = Some("/no/such/directory/run.json".into());
    let error = admitted(unwritable, &dead).unwrap_err();
    assert!(matches!(error, PreflightError::Output(_)), "{error}");
    let error = admitted(plan(1), &dead).unwrap_err();
    assert!(matches!(error, PreflightError::Reach(_)), "{error}");
}

#[test]
fn every_refusal_has_its_exit_code() {
    let dead = tcp("127.77.1.3:1");
    let exit = |plan: Plan| {
        admitted(plan, std::slice::from_ref(&dead))
            .unwrap_err()
            .exit()
    };
    assert_eq!(exit(plan(u32::MAX)), Exit::Machine);
    assert_eq!(exit(plan(1)), Exit::NoStream);
    let mut unwritable = plan(1);
    unwritable.output.record = Some("/".into());
    assert_eq!(exit(unwritable), Exit::Usage);
    let too_few = PortsError::TooFew {
        connections: 2,
        available: 1,
        sources: 2,
    };
    assert_eq!(PreflightError::from(too_few).exit(), Exit::Machine);
    assert_eq!(
        PreflightError::from(PortsError::Families).exit(),
        Exit::Usage
    );
}
