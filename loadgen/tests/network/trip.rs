//! One run over a link: target-server in one network, loadgen and the capture in the other.

use crate::capture::Capture;
use crate::link::{DEVICE, Link, Loses, SERVER};
use crate::namespace::Namespace;
use crate::support::plan;
use crate::witness::{Watched, log_of, watch};
use std::net::SocketAddr;
use std::time::Duration;
use target_server::{Config, Listen, Server};

/// What is asked for, and how long it takes to come.
pub(crate) struct Trip {
    pub(crate) path: String,
    pub(crate) connections: u32,
    pub(crate) delay: Duration,
}

impl Trip {
    /// Runs it over a link that loses what `loses` says.
    pub(crate) fn run(&self, loses: Loses) -> Watched {
        let (near, far) = (Namespace::new(), Namespace::new());
        let _link = Link::between(&near, &far, self.delay, loses);
        let server = near.inside(serve);
        let address = server.local_addr().unwrap();
        far.inside(|| {
            let capture = Capture::begin(DEVICE, address);
            let plan = plan(address, &self.path, self.connections);
            watch(plan, capture, || near.inside(|| log_of(&server)))
        })
    }
}

fn serve() -> Server {
    Server::start(Config {
        listen: vec![Listen::Tcp(SocketAddr::from((SERVER, 0)))],
        control: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        allow_misbehave: true,
        ..Config::default()
    })
    .unwrap()
}
