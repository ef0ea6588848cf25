//! One setup after the other: started with what stands behind it, checked, surveyed, stopped.
//! It must not know how the rows look.

use super::row::{Found, Row};
use super::survey;
use crate::check;
use crate::commands::check::judged;
use crate::plan::{CheckPlan, Expect, Format, Offer, Output, SequenceSource, StampSource, Target};
use crate::request::Asked;
use crate::setups::{Plan, Running, Setup, StartError};
use anyhow::{Context, Result};
use run_record::matrix::ProgramVersion;
use run_record::verdict::{Reason, Word};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use url::Url;

/// What is the same for all setups.
pub(super) struct Visit<'a> {
    pub(super) watch: Option<Duration>,
    pub(super) idle: Option<Duration>,
    pub(super) streams: Option<u16>,
    pub(super) only_verdict: bool,
    pub(super) output: Output,
    pub(super) command_line: &'a [String],
    pub(super) interrupt: &'a AtomicBool,
}

/// A setup that runs, and its origin where it has one. Dropping it stops the proxy before its origin, so that it does not
/// complain in between.
pub(super) struct Servers(Vec<Running>);

impl Servers {
    /// The one that is asked.
    pub(super) fn front(&self) -> &Running {
        self.0.last().unwrap_or_else(|| self.origin())
    }

    /// The one behind it, or itself.
    pub(super) fn origin(&self) -> &Running {
        &self.0[0]
    }

    /// Where connections go.
    pub(super) fn target(&self, host: String) -> Target {
        Target {
            endpoints: vec![self.front().endpoint().clone()],
            host,
            tls: self.front().tls().cloned(),
        }
    }

    /// Stops all.
    pub(super) fn stop(self) {
        drop(self);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        while self.0.pop().is_some() {}
    }
}

impl Visit<'_> {
    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Everything that was asked for about one setup.
    ///
    /// Errors: faults of this machine or program.
    pub(super) fn row(&self, setup: &Setup) -> Result<Row> {
        let origin = setup.origin()?;
        let needed = origin.iter().chain([setup]);
        if let Some(command) = needed.clone().find_map(Setup::missing) {
            let why = format!("{command} is not installed");
            return Ok(Row::of(setup, Found::Skipped(why)));
        }
        let found = self.check(setup, origin.as_ref())?;
        let mut row = Row::of(setup, found);
        row.summary.versions = versions(setup);
        if row.was_checked() {
            survey::survey(self, setup, origin.as_ref(), &mut row.summary)?;
            row.judge_silence(setup.description.idle);
        }
        Ok(row)
    }

    /// Starts a setup and what stands behind it.
    pub(super) fn start(
        &self,
        setup: &Setup,
        origin: Option<&Setup>,
    ) -> Result<Servers, (String, StartError)> {
        let mut running = Vec::new();
        for setup in origin.into_iter().chain([setup]) {
            let started = Running::start(setup, running.last(), self.interrupt);
            running.push(started.map_err(|error| (setup.name.clone(), error))?);
        }
        Ok(Servers(running))
    }

    fn check(&self, setup: &Setup, origin: Option<&Setup>) -> Result<Found> {
        let servers = match self.start(setup, origin) {
            Ok(servers) => servers,
            Err((_, StartError::Interrupted)) => return Ok(Found::Interrupted),
            Err((name, error)) => return Ok(Found::Failed(format!("{name} {error}"))),
        };
        let path = setup.path(Plan::Check, origin);
        let path = path.context("every setup has a stream to check")?;
        let plan = self.plan(setup, &servers, &path)?;
        let outcome = check::run(&plan, false, self.interrupt, &mut |_| {})
            .with_context(|| format!("{} could not be checked", setup.name))?;
        servers.stop();
        if outcome.interrupted {
            return Ok(Found::Interrupted);
        }
        let (record, _) = judged(&outcome, &plan, self.command_line);
        Ok(Found::checked(record))
    }

    fn plan(&self, setup: &Setup, servers: &Servers, path: &str) -> Result<CheckPlan> {
        let description = &setup.description;
        let address = servers.front().url(path);
        let url = Url::parse(&address).with_context(|| format!("{address} is no address"))?;
        let (request, host) = Asked::default().into_request(&url);
        Ok(CheckPlan {
            target: servers.target(host),
            url,
            request,
            own_encoding: None,
            http: Offer::Newest,
            watch: self.watch.unwrap_or(CheckPlan::DEFAULT_WATCH),
            watch_given: self.watch.is_some(),
            idle: None,
            streams: self.streams.or(description.streams),
            stamps: StampSource::Auto,
            sequence: SequenceSource::Auto,
            due_every: None,
            format: description.format.unwrap_or(Format::Auto),
            repeat: 1,
            expect: match description.expect.demand.word {
                Word::Live => Expect::Live,
                Word::Batched => Expect::Batched,
                Word::Buffered => Expect::Buffered,
                Word::Cut => Expect::Cut,
                Word::NoStream | Word::Inconclusive | Word::Invalid => Expect::Any,
            },
            output: self.output.clone(),
        })
    }
}

impl Row {
    /// Whether a busy machine spoiled it: it may be repeated when the machine is idle.
    pub(super) fn is_spoiled(&self) -> bool {
        self.verdict().is_some_and(|verdict| {
            verdict.word == Word::Invalid || verdict.reason == Some(Reason::OwnMachine)
        })
    }
}

fn versions(setup: &Setup) -> Vec<ProgramVersion> {
    let versions = setup.versions().into_iter();
    versions
        .map(|(program, version, measured)| ProgramVersion {
            program,
            version,
            measured,
        })
        .collect()
}
