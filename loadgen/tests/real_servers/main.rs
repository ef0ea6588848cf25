//! loadgen against real servers: `run` on Node behind nginx, with TLS, and on Rails; `check` on all servers of Rails; `matrix`.
//!
//! The counts of `run` are exact, because every stream has a known number of events and a subscriber that comes back is answered
//! 204, which ends it. `./scripts/test` installs the servers and runs these tests; a plain `cargo test` skips them.

#![cfg(test)]

mod attribution;
mod cures;
mod hops;
mod http2;
mod matrix;
mod outcome;
mod setup;
mod verdicts;

use std::fs;

use loadgen::setups::Running;
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use outcome::{Counts, run};
use setup::{start, start_before};

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn two_thousand_subscribers_on_node_behind_nginx_get_every_event() {
    let node = start("node-http");
    let nginx = start_before("nginx-buffering-off", &node);
    let outcome = run(
        &nginx.url("/prices?interval=1s&count=10"),
        &["-c", "2000", "--ramp", "2s"],
    );
    outcome.assert_counts(Counts {
        subscribers: 2_000,
        events_each: 10,
    });
    // Node counts what it wrote: nothing was lost on the way, and nothing was invented.
    let stats = node.get("/stats").expect("node still answers");
    assert!(
        stats.contains(r#"{"opened":2000,"open":0,"written":20000}"#),
        "{stats}"
    );
}

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn streams_arrive_whole_over_tls_through_nginx() {
    let node = start("node-http");
    let nginx = start_before("nginx-buffering-off", &node);
    let url = nginx.tls_url("/prices?interval=100ms&count=20");
    let certificate = nginx.file("cert.pem");
    let certificate = certificate.to_str().expect("a temporary path is text");
    let outcome = run(
        &url,
        &["-c", "100", "--ramp", "1s", "--cacert", certificate],
    );
    outcome.assert_counts(Counts {
        subscribers: 100,
        events_each: 20,
    });

    // Without that file nobody vouches for this server.
    run(&url, &["-c", "1", "--no-reconnect"]).assert_no_stream("UnknownIssuer");
}

#[test]
#[ignore = "needs puma and Rails: ./scripts/test installs them"]
fn rails_on_puma_serves_its_five_streams() {
    // Over TCP it corks: the verdict is the business of other tests.
    let puma = start("puma");
    let outcome = run(
        &puma.url("/live/small?lm=1"),
        &["-c", "5", "--expect", "any"],
    );
    outcome.assert_counts(Counts {
        subscribers: 5,
        events_each: 20,
    });
}

#[test]
#[ignore = "needs puma and Rails: ./scripts/test installs them"]
fn rails_on_puma_serves_its_five_streams_over_a_unix_socket() {
    let puma = start("puma-unix");
    let socket = puma.file("http.sock");
    let socket = socket.to_str().expect("a temporary path is text");
    let outcome = run(
        &puma.url("/live/small?lm=1"),
        &["-c", "5", "--unix-socket", socket],
    );
    outcome.assert_counts(Counts {
        subscribers: 5,
        events_each: 20,
    });
}

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn a_setup_is_gone_with_its_whole_group() {
    let node = start("node-http");
    let nginx = start_before("nginx-buffering-off", &node);
    // Both programs are the leaders of their groups, and say their process id themselves.
    let groups = [
        group(&fs::read_to_string(nginx.file("nginx.pid")).expect("nginx writes it")),
        group(&instance(&node)),
    ];
    for group in groups {
        assert_eq!(killpg(group, None), Ok(()));
    }
    drop(nginx);
    drop(node);
    for group in groups {
        assert_eq!(killpg(group, None), Err(Errno::ESRCH));
    }
}

fn group(id: &str) -> Pid {
    Pid::from_raw(id.trim().parse().expect("a process id is a number"))
}

/// The process that an event says it is from.
fn instance(node: &Running) -> String {
    let answer = node.get("/prices?count=1").expect("node answers");
    let (_, rest) = answer.split_once(r#""instance":"#).expect("an event");
    rest.split(',').next().unwrap_or_default().to_owned()
}
