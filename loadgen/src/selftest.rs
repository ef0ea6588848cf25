//! This machine, measured with loadgen's own prober and engine against a target that does nothing but send.
//!
//! What is seen here is the machine and loadgen, whatever server is measured later. It must not know how the result
//! looks, and it prints nothing.

mod floor;
mod judge;
mod ramp;
mod target;
mod timers;

use crate::plan::{self, Endpoint};
use crate::preflight;
use crate::request::{Asked, Request};
use run_record::metric::Metric;
use run_record::self_check::SelfCheck;
use run_record::selftest::{Floor, Load, Times};
use run_record::time::Nanos;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use url::Url;

/// What was measured; what an interrupt left out is absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// How late sleeps ended.
    pub timer_lateness: Option<Times>,
    /// What the machine adds to the events of one stream.
    pub floor: Option<Floor>,
    /// What it can hold.
    pub load: Option<Load>,
    /// The largest movement of the wall clock against the monotonic one.
    pub clock_step: Nanos,
}

/// What is measured next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Sleeps of a millisecond, 1.5 s.
    Timers,
    /// One stream, 3 s.
    Floor,
    /// So many connections, about 1 s.
    Load(u32),
}

/// Measures, for about 10 s, and with at most `connections` at once; `watch` is told what comes next.
///
/// An interrupt ends it within a second, with what was measured until then.
///
/// Errors: this machine refuses what loadgen cannot do without: a thread, a descriptor, a port of loopback.
pub fn run(
    connections: u32,
    interrupt: &AtomicBool,
    watch: &mut dyn FnMut(Part),
) -> io::Result<Findings> {
    let is_interrupted = || interrupt.load(Ordering::Relaxed);
    watch(Part::Timers);
    let lateness = timers::measure(interrupt);
    let mut findings = Findings {
        timer_lateness: Times::of(&lateness, Metric::TimerLag),
        ..Findings::default()
    };
    if is_interrupted() {
        return Ok(findings);
    }
    watch(Part::Floor);
    let Some(watched) = floor::measure(interrupt)? else {
        return Ok(findings);
    };
    findings.floor = Some(watched.floor);
    let descriptors = preflight::most_descriptors();
    let climb = ramp::measure(connections, descriptors, interrupt, &mut |next| {
        watch(Part::Load(next))
    })?;
    findings.load = Some(climb.load);
    findings.clock_step = watched.clock_step.max(climb.clock_step);
    Ok(findings)
}

impl Findings {
    /// Whether the machine is fit to measure, each figure against its limit.
    pub fn self_check(&self) -> SelfCheck {
        judge::check(self)
    }

    /// Two times that differ by less than this are the same here; `None` where the floor was not measured.
    pub fn noise(&self) -> Option<Nanos> {
        judge::noise(self)
    }
}

/// The way to a target on this machine.
#[derive(Debug)]
struct Address {
    url: Url,
    target: plan::Target,
    request: Request,
}

impl Address {
    fn of(address: SocketAddr) -> Address {
        let url = Url::parse(&format!("http://{address}/"))
            .expect("an address and a port make an address of a page");
        let (request, host) = Asked::default().into_request(&url);
        Address {
            url,
            target: plan::Target {
                endpoints: vec![Endpoint::Tcp(address)],
                host,
                tls: None,
            },
            request,
        }
    }
}
