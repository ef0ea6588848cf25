//! Plans and servers for the tests of the engine.

use loadgen::engine::{self, Instrument, Outcome};
use loadgen::plan::{
    Endpoint, Format, Load, Output, Plan, SequenceSource, ServerClock, Share, StampSource,
    SubscriberPolicy, Target, TracePlan,
};
use loadgen::request::{HttpVersion, Request};
use loadgen::schedule::Arrivals;
use run_record::measured::Group;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use target_server::{Config, Server, StreamTruth};

/// A target-server on a free port, with a control address.
pub(crate) fn target() -> Server {
    let control = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    Server::start(Config {
        control,
        ..Config::default()
    })
    .unwrap()
}

/// The truth of the only stream that a server has served.
pub(crate) fn truth(server: &Server, stream: &str) -> StreamTruth {
    let url = format!("http://{}/truth/{stream}", server.control_addr().unwrap());
    let response = reqwest::blocking::get(url)
        .unwrap()
        .error_for_status()
        .unwrap();
    let truth: StreamTruth = serde_json::from_slice(&response.bytes().unwrap()).unwrap();
    assert_eq!(truth.evicted, 0, "the truth log must be whole");
    truth
}

/// A plan for `connections` subscribers of `path` at a TCP address, without reconnecting.
pub(crate) fn plan(address: SocketAddr, path: &str, connections: u32) -> Plan {
    let host = address.to_string();
    Plan {
        url: format!("http://{host}{path}").parse().unwrap(),
        target: Target {
            endpoints: vec![Endpoint::Tcp(address)],
            host,
            tls: None,
        },
        request: Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: vec![("Accept".to_owned(), "text/event-stream".to_owned())],
            body: Vec::new(),
            version: HttpVersion::Http11,
        },
        users: None,
        load: Load {
            connections,
            share: Share::WHOLE,
            processes: 1,
            start_at: None,
            ramp: Duration::from_millis(u64::from(connections)),
            arrivals: Arrivals::Constant,
            hold: Duration::from_secs(20),
            workers: 2,
            sources: Vec::new(),
        },
        subscriber: SubscriberPolicy {
            reconnect: false,
            ..SubscriberPolicy::default()
        },
        stamps: StampSource::Auto,
        server_clock: ServerClock::Same,
        sequence: SequenceSource::Auto,
        due_every: None,
        format: Format::Auto,
        by: None,
        limits: Vec::new(),
        trace: TracePlan {
            streams: 5,
            events_per_stream: 1_000,
        },
        output: Output::default(),
        keep_going: false,
    }
}

/// Runs a plan to its end.
pub(crate) fn run(plan: Plan) -> Outcome {
    run_with(plan, Instrument::default())
}

/// Runs a plan to its end, with what tests switch on.
pub(crate) fn run_with(plan: Plan, instrument: Instrument) -> Outcome {
    engine::run(plan, instrument, &AtomicBool::new(false), |_| {}).unwrap()
}

/// All groups of an outcome.
pub(crate) fn total(outcome: &Outcome) -> Group {
    outcome.measured.total()
}
