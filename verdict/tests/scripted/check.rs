//! A check on scripted time: asks as `verdict::plan` says, until nothing more
//! would be told.

use run_record::verdict::Verdict;
use verdict::glossary::FINDINGS;
use verdict::observations::{Asked, Count, Observations, Own, Probe, Request, Truth, Way};
use verdict::plan::{self, Reach};

use crate::chance::Chance;
use crate::client::{self, Path};
use crate::server::{self, Mode, Response};
use crate::source::{self, Rhythm};

/// What is checked, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub mode: Mode,
    pub rhythm: Rhythm,
    pub size: u64,
    /// How many events before the response ends; absent for a stream without end.
    pub count: Option<u64>,
    pub path: Path,
    /// Whether events carry send times.
    pub stamps: bool,
    /// Whether rate and size can be asked for.
    pub can_vary: bool,
    /// Whether the server's log can be read.
    pub truth: bool,
    /// How long a probe may take, in milliseconds.
    pub watch: f64,
    /// What the components of a real setup add to the response.
    pub dress: fn(&mut Probe),
    pub seed: u64,
}

impl Scene {
    /// A cooperating check of a regular source: it can vary rate and size.
    pub(crate) fn cooperating(mode: Mode, rate: f64, size: u64, seed: u64) -> Self {
        Self {
            mode,
            rhythm: Rhythm::Regular {
                gap: 1_000.0 / rate,
            },
            size,
            count: None,
            path: Path::default(),
            stamps: true,
            can_vary: true,
            truth: false,
            watch: 10_000.0,
            dress: |_| {},
            seed,
        }
    }

    /// The same with the stamps stripped: arrivals only, nothing can be asked.
    pub(crate) fn foreign(self) -> Self {
        Self {
            stamps: false,
            can_vary: false,
            ..self
        }
    }

    /// Makes the check. Each finding has a code that can be looked up.
    pub(crate) fn check(&self) -> Checked {
        let mut observations = Observations::default();
        let first = Asked {
            interval: None,
            size: Some(self.size).filter(|_| self.can_vary),
            count: self
                .can_vary
                .then(|| self.count.map_or(Count::Endless, Count::Events)),
        };
        let reach = Reach {
            first,
            way: Way::default(),
            can_vary: self.can_vary,
            accepts_encodings: true,
            ..Reach::default()
        };
        while let Some(ask) = plan::next(&observations, reach) {
            assert!(
                observations.probes.len() < 6,
                "the plan does not end: {self:?}"
            );
            let request = Request {
                round: observations.probes.len() as u16,
                method: "GET".into(),
                accept_encoding: ask.accept_encoding.then(|| "gzip, br, zstd".into()),
                asked: ask.asked,
                way: ask.way,
                ..Request::default()
            };
            observations.probes.push(self.probe(request));
        }
        let verdict = verdict::diagnose(&observations);
        for finding in &verdict.findings {
            let is_known = FINDINGS.iter().any(|known| known.code == finding.code);
            assert!(is_known, "{} cannot be looked up", finding.code);
        }
        Checked {
            verdict,
            observations,
        }
    }

    /// One probe: short if that settles it, else the whole watch.
    fn probe(&self, request: Request) -> Probe {
        const SHORT: f64 = 3_000.0;
        let short = self.observe(request.clone(), SHORT.min(self.watch));
        if plan::is_settled(&short, &Own::default()) {
            short
        } else {
            self.observe(request, self.watch)
        }
    }

    /// What a probe sees until `until`.
    pub(crate) fn observe(&self, request: Request, until: f64) -> Probe {
        let seed = self.seed * 1_000 + u64::from(request.round);
        let mut chance = Chance::new(seed).on_busy_machine(self.path.busy.max(1.0));
        let rhythm = match (self.rhythm, request.asked.interval) {
            (Rhythm::Regular { .. }, Some(asked)) => Rhythm::Regular {
                gap: asked.as_micros_f64() / 1e3,
            },
            (rhythm, _) => rhythm,
        };
        let size = request.asked.size.unwrap_or(self.size);
        let count = match request.asked.count {
            Some(Count::Events(count)) => Some(count),
            Some(Count::Endless) => None,
            None => self.count,
        };
        let made = source::make(rhythm, size, count, until, &mut chance);
        let truth = Truth {
            emitted_events: made.len() as u64,
            emitted_bytes: Some(made.iter().map(|made| made.bytes).sum()),
            written_events: 0,
            more_to_come: count.is_none_or(|count| count > made.len() as u64),
        };
        let finished = count.is_some_and(|count| made.len() as u64 >= count);
        let coded = request.accept_encoding.is_some();
        let response: Response = server::respond(self.mode, made, finished, coded, &mut chance);
        let mut probe = client::observe(
            request,
            &response,
            &self.path,
            self.stamps,
            until,
            &mut chance,
        );
        probe.truth = self.truth.then_some(truth);
        (self.dress)(&mut probe);
        probe
    }
}

/// A check and what it rests on.
#[derive(Debug)]
pub(crate) struct Checked {
    pub verdict: Verdict,
    pub observations: Observations,
}

impl Checked {
    pub(crate) fn has_finding(&self, code: &str) -> bool {
        self.verdict
            .findings
            .iter()
            .any(|finding| finding.code == code)
    }
}
