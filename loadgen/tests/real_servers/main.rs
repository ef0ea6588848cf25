//! `loadgen run` against real servers: Node behind nginx, TLS through nginx, Rails on Puma over TCP and a Unix socket.
//!
//! The counts are exact, because every stream has a known number of events and a subscriber that comes back is answered 204, which
//! ends it. `./scripts/test` installs the servers and runs these tests; a plain `cargo test` skips them.

mod outcome;
mod setup;

use outcome::{Counts, run};
use setup::Setup;

#[test]
#[ignore = "needs node and nginx: ./scripts/test installs them"]
fn two_thousand_subscribers_on_node_behind_nginx_get_every_event() {
    let node = Setup::start("node-http");
    let nginx = Setup::start_before_origin("nginx-buffering-off", &node);
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
    let node = Setup::start("node-http");
    let nginx = Setup::start_before_origin("nginx-buffering-off", &node);
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
    let puma = Setup::start("puma");
    let outcome = run(&puma.url("/live/small?lm=1"), &["-c", "5"]);
    outcome.assert_counts(Counts {
        subscribers: 5,
        events_each: 20,
    });
}

#[test]
#[ignore = "needs puma and Rails: ./scripts/test installs them"]
fn rails_on_puma_serves_its_five_streams_over_a_unix_socket() {
    let puma = Setup::start_on_socket("puma-unix", "http.sock");
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
    let node = Setup::start("node-http");
    let nginx = Setup::start_before_origin("nginx-buffering-off", &node);
    let groups = [node.group(), nginx.group()];
    for group in groups {
        assert_eq!(nix::sys::signal::killpg(group, None), Ok(()));
    }
    drop(nginx);
    drop(node);
    for group in groups {
        assert_eq!(
            nix::sys::signal::killpg(group, None),
            Err(nix::errno::Errno::ESRCH)
        );
    }
}
