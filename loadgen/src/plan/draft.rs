//! A plan before its target was looked up: everything the command line says, nothing the network says.
//! It must not know the command line's form or look anything up.

use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use super::{CheckPlan, ClockAsked, Endpoint, Plan, Route};

/// A run as asked for. `preflight` makes it a [`Plan`], or says why it cannot work.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its endpoints are empty until [`Draft::complete`]; therefore private.
    plan: Plan,
    route: Route,
    wait: Duration,
    allowed_host: Option<String>,
    clock: ClockAsked,
    processes: Processes,
    /// The option that says how many connections.
    option: &'static str,
}

/// How many processes are to hold the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processes {
    /// As many as their descriptors demand.
    Auto,
    /// This many; at least 1.
    Exactly(u32),
}

impl Draft {
    /// `plan` without endpoints, and the way to them. The target is tried for `wait` (zero: once).
    /// `allowed_host` is the name whose owner agreed to heavy load.
    pub fn new(plan: Plan, route: Route, wait: Duration, allowed_host: Option<String>) -> Self {
        Self {
            plan,
            route,
            wait,
            allowed_host,
            clock: ClockAsked::Auto,
            processes: Processes::Exactly(1),
            option: "-c",
        }
    }

    /// The same, with the number of connections said by another option than `-c`.
    #[must_use]
    pub fn counted_by(self, option: &'static str) -> Self {
        Self { option, ..self }
    }

    /// The option that says how many connections: for messages.
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// The same, with the times that the server tells put on this machine's clock in another way.
    #[must_use]
    pub fn with_clock(self, clock: ClockAsked) -> Self {
        Self { clock, ..self }
    }

    /// The same, held by another number of processes.
    #[must_use]
    pub fn with_processes(self, processes: Processes) -> Self {
        Self { processes, ..self }
    }

    /// How many processes are to hold the connections.
    pub fn processes(&self) -> Processes {
        self.processes
    }

    /// The same, with the plan changed where one process of several has a part of its own.
    #[must_use]
    pub fn change(mut self, change: impl FnOnce(&mut Plan)) -> Self {
        change(&mut self.plan);
        self
    }

    /// The same, with the number of processes that it takes.
    #[must_use]
    pub fn held_by(mut self, processes: u32) -> Self {
        self.plan.load.processes = processes;
        self
    }

    /// How the times that the server tells are put on this machine's clock.
    pub fn clock(&self) -> &ClockAsked {
        &self.clock
    }

    /// Everything but the endpoints.
    pub fn asked(&self) -> &Plan {
        &self.plan
    }

    /// The way to the server.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// How long the target may take to answer at all.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// The name whose owner agreed to heavy load, spelled out by the user.
    pub fn allowed_host(&self) -> Option<&str> {
        self.allowed_host.as_deref()
    }

    /// The plan, with endpoints that answered (at least one) and the addresses to start from.
    pub fn complete(mut self, endpoints: Vec<Endpoint>, sources: Vec<IpAddr>) -> Plan {
        self.plan.target.endpoints = endpoints;
        self.plan.load.sources = sources;
        self.plan
    }
}

/// A check as asked for. `preflight` makes it a [`CheckPlan`], or says why it cannot work.
#[derive(Clone, Debug)]
pub struct CheckDraft {
    /// Its endpoints are empty until [`CheckDraft::complete`]; therefore private.
    plan: CheckPlan,
    route: Route,
    wait: Duration,
    server: Vec<OsString>,
    wants_http3: bool,
}

impl CheckDraft {
    /// `plan` without endpoints, and the way to them. The target is tried for `wait`; zero does not try it at all,
    /// the first probe will. `server` is the command that starts it, with its arguments; empty if it runs already.
    pub fn new(plan: CheckPlan, route: Route, wait: Duration, server: Vec<OsString>) -> Self {
        Self {
            plan,
            route,
            wait,
            server,
            wants_http3: false,
        }
    }

    /// The same, for a request that asks for HTTP/3 and is sent over an older version.
    #[must_use]
    pub fn without_http3(self) -> Self {
        Self {
            wants_http3: true,
            ..self
        }
    }

    /// Everything but the endpoints.
    pub fn asked(&self) -> &CheckPlan {
        &self.plan
    }

    /// The way to the server.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// How long the target may take until it accepts a connection; zero does not try it.
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Whether HTTP/3 was asked for, which is not spoken.
    pub fn wants_http3(&self) -> bool {
        self.wants_http3
    }

    /// The command that starts the server, with its arguments; empty if it runs already.
    pub fn server(&self) -> &[OsString] {
        &self.server
    }

    /// The plan, with at least one endpoint.
    pub fn complete(mut self, endpoints: Vec<Endpoint>) -> CheckPlan {
        self.plan.target.endpoints = endpoints;
        self.plan
    }
}
