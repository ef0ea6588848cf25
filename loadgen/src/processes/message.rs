//! What a run's processes say to each other: one JSON document a line.

use crate::engine::{EndOfRun, Gauges};
use crate::plan::{Endpoint, Part, Plan, Share};
use crate::request::{Request, Users};
use run_record::measured::Measured;
use run_record::offset::ClockRecord;
use run_record::self_check::SelfCheck;
use run_record::time::{Nanos, Wall};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::time::Duration;

/// What a copy is to do; all else it reads from its command line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) share: Share,
    /// Those of all processes: a search for the most asks for more and more of them.
    pub(super) connections: u32,
    pub(super) ramp: Duration,
    pub(super) hold: Duration,
    pub(super) workers: usize,
    pub(super) start_at: Wall,
    /// Those that answered.
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) sources: Vec<IpAddr>,
    /// What was read from standard input and environment, once.
    pub(super) request: Request,
    /// Those whose subscribers are this copy's.
    pub(super) users: Option<Users>,
}

impl Orders {
    /// The orders of one of the processes of a plan.
    pub(super) fn of(plan: &Plan, part: Part, start_at: Wall) -> Orders {
        let share = plan.load.share.of_process(part);
        let own = share.count(plan.load.connections).max(1) as usize;
        let workers = plan.load.workers / part.of as usize;
        Orders {
            share,
            connections: plan.load.connections,
            ramp: plan.load.ramp,
            hold: plan.load.hold,
            workers: workers.clamp(1, own),
            start_at,
            endpoints: plan.target.endpoints.clone(),
            sources: plan.load.sources.clone(),
            request: plan.request.clone(),
            users: plan
                .users
                .as_ref()
                .map(|users| users.of(share.of_worker(Part::WHOLE, plan.load.connections))),
        }
    }
}

/// What a copy says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// It has read its command line.
    Ready,
    /// What it has measured since it last said so.
    Snapshot(Box<Snapshot>),
    /// The last of them.
    End(Box<Ending>),
}

/// What a copy has measured since its snapshot before, and how it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    pub(super) measured: Measured,
    pub(super) gauges: Gauges,
    /// Processor time of the process so far.
    pub(super) cpu: Nanos,
    /// Descriptors in use, and how many it may use.
    pub(super) descriptors: (u64, u64),
}

/// What is known at the end only.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ending {
    pub(super) last: Snapshot,
    pub(super) ended: Wall,
    pub(super) end: EndOfRun,
    pub(super) workers_cpu: Nanos,
    pub(super) clock_step: Nanos,
    pub(super) checks: SelfCheck,
    pub(super) clock: Option<ClockRecord>,
}
