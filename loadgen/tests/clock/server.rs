//! A target-server whose clock is wrong, and what its truth is.

use loadgen::plan::{ClockServer, Endpoint, Target};
use std::net::SocketAddr;
use target_server::{Config, Server, Skew};

pub(crate) const MS: i64 = 1_000_000;

/// A server whose clock is ahead by `offset_ns` at the start and runs away by `drift_ppm`.
pub(crate) fn skewed(offset_ns: i64, drift_ppm: i64) -> Server {
    Server::start(Config {
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        skew: Skew {
            offset_ns,
            drift_ppb: drift_ppm * 1_000,
        },
        ..Config::default()
    })
    .unwrap()
}

/// How far its clock really is ahead when this machine's shows `at`.
pub(crate) fn really_ahead(server: &Server, at: u64) -> i64 {
    server.shown(at).cast_signed() - at.cast_signed()
}

/// What this machine's clock showed when the server's showed `shown`: the inverse, which the drift moves by picoseconds.
pub(crate) fn really_at(server: &Server, shown: u64) -> u64 {
    let near = shown
        .checked_add_signed(-really_ahead(server, shown))
        .unwrap();
    shown
        .checked_add_signed(-really_ahead(server, near))
        .unwrap()
}

/// `/clock` of whatever listens at `address`.
pub(crate) fn clock_at(address: SocketAddr) -> ClockServer {
    ClockServer {
        url: format!("http://{address}/clock"),
        target: Target {
            endpoints: vec![Endpoint::Tcp(address)],
            host: address.to_string(),
            tls: None,
        },
        path: "/clock".to_owned(),
    }
}
