//! TLS and Unix sockets: other ways to the same verdicts.

use crate::support::{all_at_once, brief, check_that_counts, foreign, plan, plan_for};
use loadgen::plan::{CheckPlan, Endpoint, TlsPlan, Trust};
use loadgen::request::HttpVersion;
use run_record::verdict::{HoldBy, Word};
use std::net::SocketAddr;
use target_server::{Config, Listen, Server, TlsFiles};

const LIVE: &str = "/prices?interval=20ms";
const HELD: &str = "/prices?interval=50ms&mode=hold-time:200ms";

/// A target-server that speaks TLS, with a certificate that nobody knows.
pub(crate) fn tls_server() -> (Server, SocketAddr) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let certificate = files.path().join("certificate.pem");
    let key = files.path().join("key.pem");
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = Server::start(Config {
        tls: Some(TlsFiles { certificate, key }),
        ..Config::default()
    });
    let server = server.unwrap();
    let address = server.local_addr().unwrap();
    (server, address)
}

/// The same plan over TLS, whoever the server is.
pub(crate) fn secured(plan: CheckPlan) -> CheckPlan {
    let url = plan.url.as_str().replacen("http:", "https:", 1);
    let tls = TlsPlan::new("localhost", &Trust::Anyone, HttpVersion::Http11).unwrap();
    let mut plan = CheckPlan {
        url: url.parse().unwrap(),
        ..plan
    };
    plan.target.tls = Some(tls);
    plan
}

/// LIVE and a timer of 200 ms, for both observers.
fn assert_told_apart(plan: impl Fn(&str) -> CheckPlan + Sync) {
    let cases = [(LIVE, false), (LIVE, true), (HELD, false), (HELD, true)];
    all_at_once(&cases, |(path, is_foreign)| {
        let plan = plan(path);
        let outcome = check_that_counts(&if *is_foreign { foreign(plan) } else { plan });
        let verdict = &outcome.verdict;
        let is_right = match (*path, &verdict.hold) {
            (LIVE, None) => verdict.word == Word::Live,
            (HELD, Some(hold)) => {
                let is_near = hold.ms.is_some_and(|ms| ms.abs_diff(200) <= 51);
                verdict.word == Word::Batched && hold.by == HoldBy::Time && is_near
            }
            _ => false,
        };
        is_right
            .then_some(())
            .ok_or_else(|| format!("{path}: {}", brief(&outcome)))
    });
}

#[test]
fn tls_hides_nothing() {
    let (_server, address) = tls_server();
    assert_told_apart(|path| secured(plan(address, path)));
}

#[test]
fn a_unix_socket_has_no_stamps_and_the_same_verdicts() {
    let directory = tempfile::tempdir().unwrap();
    let path_of_socket = directory.path().join("stream.sock");
    let server = Server::start(Config {
        listen: vec![Listen::Unix(path_of_socket.clone())],
        ..Config::default()
    });
    let _server = server.unwrap();
    assert_told_apart(|path| plan_for(Endpoint::Unix(path_of_socket.clone()), "localhost", path));
}
