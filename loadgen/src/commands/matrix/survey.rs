//! What is measured of a setup beside its verdict: single streams of three shapes, compression, streams at once, a client that
//! leaves, a stream that falls silent.
//!
//! Each part starts the setup afresh, because some servers play a stream to its end whether or not somebody listens. It must not know
//! what is expected, or how it looks.

use super::visit::{Servers, Visit};
use crate::clock;
use crate::plan::{Format, SequenceSource, StampSource};
use crate::probe::witness::Spec;
use crate::probe::{Order, Prober};
use crate::request::Asked;
use crate::setups::{Leaving, Plan, Running, Setup};
use anyhow::{Context, Result};
use run_record::matrix::{
    CompressionRecord, CrowdRecord, LeavingRecord, SetupSummary, ShapeRecord, SilenceRecord,
};
use run_record::time::Nanos;
use run_record::verdict::Word;
use std::thread;
use std::time::Duration;
use url::Url;
use verdict::observations::{self, Observations, Probe, ServerClock};

/// What browsers send, in their order.
const AS_BROWSER: &str = "gzip, deflate, br, zstd";
/// The longest that a single stream is watched: all of them are over before.
const SHAPE_WATCH: Nanos = Nanos::from_secs(12);
/// Streams at once.
const CROWDS: [u16; 3] = [1, 10, 50];
/// Who has no event by then waits for another stream to end: an event is due each tenth of a second.
const IN_TIME: Nanos = Nanos::from_millis(2_000);
/// How long a stream flows before its client leaves.
const STAY: Nanos = Nanos::from_millis(1_000);
/// For how long the origin is asked whether it has noticed.
const NOTICED_WITHIN: Nanos = Nanos::from_secs(5);
/// Pause between two such questions.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How target-server counts its streams.
const SUBSCRIBERS: &str = "target_server_subscribers ";

/// Fills in what was asked for. What the setup has no stream for, or where it could not be started again, stays absent.
///
/// Errors: faults of this machine.
pub(super) fn survey(
    visit: &Visit<'_>,
    setup: &Setup,
    origin: Option<&Setup>,
    summary: &mut SetupSummary,
) -> Result<()> {
    let survey = Survey {
        visit,
        setup,
        origin,
    };
    if !visit.only_verdict {
        survey.shapes(summary)?;
        for asked in CROWDS {
            let crowd = survey.crowd(asked)?;
            let is_hopeless = crowd.as_ref().is_none_or(|crowd| crowd.served == 0);
            summary.crowds.extend(crowd);
            // Where nobody is served in time, more will not be either.
            if is_hopeless {
                break;
            }
        }
        summary.leaving = survey.leaving()?;
    }
    if let Some(idle) = visit.idle {
        summary.silence = survey.silence(idle.into())?;
    }
    Ok(())
}

struct Survey<'a> {
    visit: &'a Visit<'a>,
    setup: &'a Setup,
    origin: Option<&'a Setup>,
}

/// One stream that was watched to its end, or as long as it was wanted.
struct Seen {
    probe: Probe,
    verdict: run_record::verdict::Verdict,
}

impl Survey<'_> {
    fn shapes(&self, summary: &mut SetupSummary) -> Result<()> {
        if let Some(small) = self.single(Plan::Small, AS_BROWSER)? {
            summary.compression = Some(self.compression(&small)?);
            summary.shapes.push(shape(Plan::Small, small));
        }
        for plan in [Plan::Large, Plan::Lone] {
            let seen = self.single(plan, AS_BROWSER)?;
            summary.shapes.extend(seen.map(|seen| shape(plan, seen)));
        }
        Ok(())
    }

    /// Asked again without `Accept-Encoding` only where that could make a difference.
    fn compression(&self, small: &Seen) -> Result<CompressionRecord> {
        let head = small.probe.head.as_ref();
        let without = match small.verdict.word {
            Word::Live => None,
            _ => self.single(Plan::Small, "")?,
        };
        Ok(CompressionRecord {
            coding: head.and_then(observations::Head::content_coding),
            with: small.verdict.word,
            without: without.map(|seen| seen.verdict.word),
        })
    }

    /// One stream of a plan, watched to its end.
    fn single(&self, plan: Plan, encoding: &str) -> Result<Option<Seen>> {
        let Some((servers, mut prober, order)) = self.ready(plan, encoding)? else {
            return Ok(None);
        };
        let began = clock::mono();
        let number = prober.start(order);
        while !prober.witness(number).is_over()
            && clock::mono() - began < SHAPE_WATCH
            && !self.visit.is_interrupted()
        {
            prober.turn()?;
        }
        let own = prober.own();
        let mut probes = prober.into_probes();
        servers.stop();
        let observations = Observations {
            probes: probes.clone(),
            own,
        };
        let verdict = verdict::diagnose(&observations);
        Ok(probes.pop().map(|probe| Seen { probe, verdict }))
    }

    fn crowd(&self, asked: u16) -> Result<Option<CrowdRecord>> {
        let Some((servers, mut prober, order)) = self.ready(Plan::Long, AS_BROWSER)? else {
            return Ok(None);
        };
        let began = clock::mono();
        let numbers: Vec<usize> = (0..asked).map(|_| prober.start(order.clone())).collect();
        let mut served = 0;
        while served < usize::from(asked)
            && clock::mono() - began < IN_TIME
            && !self.visit.is_interrupted()
        {
            prober.turn()?;
            let has_event = |number: &&usize| !prober.witness(**number).probe().events.is_empty();
            served = numbers.iter().filter(has_event).count();
        }
        drop(prober);
        servers.stop();
        Ok(Some(CrowdRecord {
            asked,
            served: served as u16,
            within_us: IN_TIME,
        }))
    }

    fn leaving(&self) -> Result<Option<LeavingRecord>> {
        let behind = self.origin.unwrap_or(self.setup);
        let Some(sign) = behind.description.leaving else {
            return Ok(None);
        };
        let Some((servers, mut prober, order)) = self.ready(Plan::Long, AS_BROWSER)? else {
            return Ok(None);
        };
        let began = clock::mono();
        let number = prober.start(order);
        while clock::mono() - began < STAY {
            prober.turn()?;
        }
        prober.stop(number);
        let left = clock::mono();
        loop {
            let noticed = has_noticed(servers.origin(), sign);
            let after_us = clock::mono() - left;
            if noticed || after_us >= NOTICED_WITHIN || self.visit.is_interrupted() {
                return Ok(Some(LeavingRecord { noticed, after_us }));
            }
            thread::sleep(ASK_EVERY);
        }
    }

    fn silence(&self, watch: Nanos) -> Result<Option<SilenceRecord>> {
        let Some((_servers, mut prober, order)) = self.ready(Plan::Silent, AS_BROWSER)? else {
            return Ok(None);
        };
        let began = clock::mono();
        let number = prober.start(order);
        while !prober.witness(number).is_over()
            && clock::mono() - began < watch
            && !self.visit.is_interrupted()
        {
            prober.turn()?;
        }
        let watched_us = clock::mono() - began;
        let witness = prober.witness(number);
        Ok(Some(SilenceRecord {
            event_arrived: !witness.probe().events.is_empty(),
            cut_after_us: witness.is_over().then_some(watched_us),
            watched_us,
        }))
    }

    /// The setup started afresh, and a request for a stream of this plan; `None` where it has no such stream or does not start.
    fn ready(&self, plan: Plan, encoding: &str) -> Result<Option<(Servers, Prober, Order)>> {
        if self.visit.is_interrupted() {
            return Ok(None);
        }
        let Some(path) = self.setup.path(plan, self.origin) else {
            return Ok(None);
        };
        let Ok(servers) = self.visit.start(self.setup, self.origin) else {
            return Ok(None);
        };
        let address = servers.front().url(&path);
        let url = Url::parse(&address).with_context(|| format!("{address} is no address"))?;
        let (mut request, host) = Asked::default().into_request(&url);
        if !encoding.is_empty() {
            let field = ("Accept-Encoding".to_owned(), encoding.to_owned());
            request.headers.push(field);
        }
        let noted = observations::Request {
            method: request.method.clone(),
            accept_encoding: (!encoding.is_empty()).then(|| encoding.to_owned()),
            ..observations::Request::default()
        };
        let spec = Spec {
            format: self.setup.description.format.unwrap_or(Format::Auto),
            stamps: StampSource::Auto,
            sequence: SequenceSource::Auto,
            due_every: None,
            server_clock: ServerClock::Within(Nanos::ZERO),
        };
        let prober = Prober::new(servers.target(host), url, spec)?;
        Ok(Some((servers, prober, Order { request, noted })))
    }
}

/// An answer that does not come is no sign.
fn has_noticed(origin: &Running, sign: Leaving) -> bool {
    match sign {
        Leaving::Log => origin.has_logged("gone").unwrap_or_default(),
        Leaving::Metrics => {
            let metrics = origin.get("/metrics").unwrap_or_default();
            let mut counts = metrics
                .lines()
                .filter_map(|line| line.strip_prefix(SUBSCRIBERS));
            counts.next() == Some("0")
        }
    }
}

fn shape(plan: Plan, seen: Seen) -> ShapeRecord {
    let probe = &seen.probe;
    let arrival = |event: &observations::Event| Some(probe.reads.get(event.read)?.arrival.latest);
    let transit = |event: &observations::Event| Some(arrival(event)? - event.emitted?);
    let mut transits: Vec<Nanos> = probe.events.iter().filter_map(transit).collect();
    transits.sort_unstable();
    let first = probe.events.first().and_then(arrival);
    ShapeRecord {
        shape: plan.to_string(),
        verdict: seen.verdict.word,
        hold: seen.verdict.hold,
        events: probe.events.len() as u64,
        first_event_us: first
            .zip(probe.request.sent)
            .map(|(first, sent)| first - sent),
        transit_p50_us: transits.get(transits.len() / 2).copied(),
        transit_max_us: transits.last().copied(),
    }
}
