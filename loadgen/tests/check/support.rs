//! Plans and servers for the tests of the check.

use loadgen::check::{self, Outcome};
use loadgen::plan::{
    CheckPlan, Color, Endpoint, Expect, Format, Output, SequenceSource, StampSource, Target,
};
use loadgen::request::{HttpVersion, Request};
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A check of `path` at a TCP address, with every default.
pub(crate) fn plan(address: SocketAddr, path: &str) -> CheckPlan {
    let host = address.to_string();
    CheckPlan {
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
        own_encoding: None,
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
        output: Output {
            record: None,
            json: false,
            progress: false,
            color: Color::Never,
            ascii: false,
        },
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

pub(crate) fn check(plan: &CheckPlan) -> Outcome {
    check::run(plan, false, &AtomicBool::new(false), &mut |_| {}).unwrap()
}
