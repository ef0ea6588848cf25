//! Is it live? Asks the fewest requests that can tell, and hands what they saw to the diagnosis.
//!
//! Which request would tell more is `verdict::plan`'s business; this module keeps the budget, the politeness and the
//! clock. It prints nothing, and must not know the command line or how a verdict looks.

mod hops;
mod outline;
mod patience;
mod questions;
mod truth;

use crate::clock;
use crate::plan::CheckPlan;
use crate::probe::Prober;
use crate::probe::witness::Spec;
use patience::{Look, Patience};
use questions::Questions;
use run_record::time::{Nanos, Wall};
use run_record::verdict::Verdict;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use verdict::observations::{Asked, Observations, Own, Probe, ServerClock};
use verdict::plan::{self, Ask, Why};

pub use hops::{Hop, HopsOutcome, compare};
pub use outline::{announcement, announcement_of_hops, outline, outline_of_hops};

/// Requests of one check that follow one another; more would tell nothing new.
const MAX_QUESTIONS: usize = 6;
/// How often what has come so far is judged: often enough to stop early, seldom enough not to be late.
const LOOK_EVERY: Nanos = Nanos::from_millis(50);
/// The longest a round of streams is watched for who is served.
const CROWD_WATCH: Nanos = Nanos::from_secs(10);
/// The shortest, so that a queue shows.
const CROWD_WATCH_AT_LEAST: Nanos = Nanos::from_secs(2);
/// How much longer, after the first of them has ended.
const CROWD_AFTER_END: Nanos = Nanos::from_millis(300);

/// What a check has found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Everything that was seen, in the order in which the requests were started.
    pub observations: Observations,
    /// What each request was for, in the same order.
    pub purposes: Vec<Purpose>,
    /// The answer.
    pub verdict: Verdict,
    /// When the first request was sent.
    pub started: Wall,
    /// When the last one ended.
    pub ended: Wall,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
}

/// What a request of a check is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// One that the diagnosis wants.
    Question(Why),
    /// Whether the server serves two streams at once.
    Companion,
    /// How many streams it serves at once.
    Crowd,
}

/// How a check goes, while it goes on.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What the present request is for.
    pub purpose: Purpose,
    /// Events it has brought so far.
    pub events: usize,
    /// Time since the check began.
    pub elapsed: Nanos,
    /// When the check ends at the latest, counted from its beginning.
    pub limit: Nanos,
}

/// Checks the plan's target until it is told, its time is over, or `interrupt` is set.
///
/// `waits` goes on for up to 90 s where nothing has come, as on a terminal, where a person can end it. `watch` is
/// called about twenty times a second.
///
/// Errors: this machine refuses a descriptor, or a poll fails. What the server does is never an error.
pub fn run(
    plan: &CheckPlan,
    waits: bool,
    interrupt: &AtomicBool,
    watch: &mut dyn FnMut(&Progress),
) -> io::Result<Outcome> {
    let prober = prober(plan)?;
    let mut check = Check {
        started: clock::wall(),
        patience: Patience::new(plan, waits),
        questions: Questions::new(plan),
        plan,
        prober,
        interrupt,
        watch,
        done: Vec::new(),
        purposes: Vec::new(),
        next_look: Nanos::ZERO,
    };
    check.ask_all()?;
    check.crowd()?;
    Ok(check.conclude())
}

fn prober(plan: &CheckPlan) -> io::Result<Prober> {
    let spec = Spec {
        format: plan.format,
        stamps: match plan.is_loopback() {
            true => plan.stamps.clone().on_this_machine(clock::boot()),
            false => plan.stamps.clone(),
        },
        sequence: plan.sequence.clone(),
        due_every: plan.due_every,
        server_clock: if plan.is_loopback() {
            ServerClock::Within(Nanos::ZERO)
        } else {
            ServerClock::Unknown
        },
    };
    Prober::new(plan.target.clone(), plan.url.clone(), spec)
}

struct Check<'a> {
    plan: &'a CheckPlan,
    prober: Prober,
    interrupt: &'a AtomicBool,
    watch: &'a mut dyn FnMut(&Progress),
    patience: Patience,
    questions: Questions,
    started: Wall,
    /// What requests that are over have seen.
    done: Vec<Probe>,
    purposes: Vec<Purpose>,
    next_look: Nanos,
}

impl Check<'_> {
    fn elapsed(&self) -> Nanos {
        self.prober.now().wall - self.started
    }

    fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    fn ask_all(&mut self) -> io::Result<()> {
        for _ in 0..MAX_QUESTIONS {
            let observations = self.observations(&self.done);
            let Some(ask) = plan::next(&observations, self.questions.reach()) else {
                break;
            };
            // Many at once are second clients too, and one stream less is left behind.
            if ask.why == Why::SecondClient && self.plan.streams.is_some() {
                break;
            }
            if !self.may_ask(1) || !self.patience.affords(&ask, &self.done, self.elapsed()) {
                break;
            }
            self.ask(ask)?;
            if self.is_interrupted() {
                break;
            }
        }
        Ok(())
    }

    /// A request that may have effects, or cost money, is sent as often as the user said.
    fn may_ask(&self, more: usize) -> bool {
        self.plan.is_safe() || self.prober.started() + more <= usize::from(self.plan.repeat)
    }

    /// One request, watched until it has said what it can, and beside it a second one if this is a target-server.
    fn ask(&mut self, ask: Ask) -> io::Result<()> {
        let round = self.next_round();
        let first = self.prober.start(self.questions.order(&ask, round));
        self.purposes.push(Purpose::Question(ask.why));
        let began = self.elapsed();
        let mut companion = None;
        loop {
            self.prober.turn()?;
            if !self.time_to_look(Purpose::Question(ask.why), first) {
                continue;
            }
            let watched = self.elapsed() - began;
            let look = self.look(&ask, first, companion, watched);
            if companion.is_none() && self.wants_companion(&ask, &look) {
                companion = Some(self.prober.start(self.questions.order(&ask, round)));
                self.purposes.push(Purpose::Companion);
                continue;
            }
            if self.is_interrupted() || self.patience.is_over(&ask, &look, self.elapsed()) {
                break;
            }
        }
        self.patience.note(self.elapsed() - began);
        for number in [Some(first), companion].into_iter().flatten() {
            self.close(number);
        }
        Ok(())
    }

    /// Every 50 ms, and at once when a response has ended: then there is nothing to wait for.
    fn time_to_look(&mut self, purpose: Purpose, number: usize) -> bool {
        let elapsed = self.elapsed();
        let is_over = self.prober.witness(number).is_over();
        if elapsed < self.next_look && !is_over && !self.is_interrupted() {
            return false;
        }
        self.next_look = elapsed + LOOK_EVERY;
        let events = self.prober.witness(number).probe().events.len();
        let limit = self.patience.limit();
        (self.watch)(&Progress {
            purpose,
            events,
            elapsed,
            limit,
        });
        true
    }

    fn look(&mut self, ask: &Ask, first: usize, companion: Option<usize>, watched: Nanos) -> Look {
        let own = self.prober.own();
        let beside = companion.map(|number| self.prober.witness(number).probe().clone());
        let now = self.prober.now().wall;
        let witness = self.prober.witness(first);
        let probe = witness.probe();
        let is_over = witness.is_over();
        let is_settled = is_over
            || match ask.why {
                Why::SecondClient => plan::is_compared(probe, &own),
                _ => plan::is_settled(probe, &own),
            };
        let is_settled_together = beside
            .as_ref()
            .is_some_and(|beside| plan::is_settled_together(&[probe, beside], &own));
        let last_byte = probe.reads.last().map(|read| read.arrival.latest);
        let silence = last_byte.map_or(watched, |at| now - at);
        let mut look = Look {
            watched,
            is_over,
            is_settled: is_settled || is_settled_together,
            is_live: plan::is_live_so_far(probe, &own),
            has_head: probe.head.is_some(),
            may_be_target_server: self.questions.may_be_target_server(),
            is_target_server: questions::is_of_target_server(probe),
            events: probe.events.len(),
            silence,
            wants_another: false,
            companion: beside.map(|beside| (beside.events.len(), now - beside.request.scheduled)),
        };
        if self.patience.asks_what_else(&look) && self.may_ask(1) {
            look.wants_another = self.would_tell_more(first);
        }
        look
    }

    /// Whether another request would tell more than watching this one any longer.
    fn would_tell_more(&mut self, number: usize) -> bool {
        let mut so_far = self.done.clone();
        so_far.push(self.noted(number));
        let observations = self.observations(&so_far);
        let is_coded = so_far.iter().any(|probe| {
            let head = probe.head.as_ref();
            head.is_some_and(|head| head.content_coding().is_some())
        });
        // A second client says nothing of how the first is served.
        let next = plan::next(&observations, self.questions.reach());
        match next.filter(|ask| ask.why != Why::SecondClient) {
            Some(ask) => {
                let is_control = ask.why == Why::WithoutCompression;
                !is_control || is_coded || so_far.iter().all(questions::is_silent)
            }
            None => false,
        }
    }

    /// What a request has seen so far, with what it asked of a server that can be asked.
    fn noted(&mut self, number: usize) -> Probe {
        let witness = self.prober.witness(number);
        let mut probe = witness.probe().clone();
        let is_own_server = witness.is_own_server();
        self.questions.learn(&probe, is_own_server);
        // Asked before it was known that anything could be asked for: of the first, and of the one beside it.
        if probe.request.asked == Asked::default() {
            probe.request.asked = self.questions.reach().first;
        }
        probe
    }

    /// A target-server holds thousands of streams, and a second one halves the time to its answer. Of any other server
    /// each stream may take a thread that somebody needs: there it is for the user to ask (`--streams`).
    fn wants_companion(&self, ask: &Ask, look: &Look) -> bool {
        let is_first = ask.why == Why::AsBrowser;
        let is_welcome = look.is_target_server && outline::may_have_companion(self.plan);
        is_first && is_welcome && self.patience.wants_companion(look)
    }

    fn next_round(&self) -> u16 {
        let rounds = self.done.iter().map(|probe| probe.request.round + 1);
        rounds.max().unwrap_or(0)
    }

    fn close(&mut self, number: usize) {
        self.prober.stop(number);
        let mut probe = self.noted(number);
        if self.plan.is_loopback() && self.plan.is_safe() && truth::is_wanted(&probe, &self.done) {
            let peer = self.prober.local_address(number);
            probe.truth = truth::of(&self.plan.target, peer, &probe);
        }
        self.done.push(probe);
    }

    /// As many streams at once as the user asked for, until it is clear who is served.
    fn crowd(&mut self) -> io::Result<()> {
        let Some(streams) = self.plan.streams.map(usize::from) else {
            return Ok(());
        };
        let is_refused = self.done.iter().any(patience::is_refusal);
        if is_refused || self.is_interrupted() || !self.may_ask(streams) {
            return Ok(());
        }
        let round = self.next_round();
        let ask = self.questions.first();
        let began = self.elapsed();
        let numbers: Vec<usize> = (0..streams)
            .map(|_| self.prober.start(self.questions.order(&ask, round)))
            .collect();
        self.purposes.extend(vec![Purpose::Crowd; streams]);
        let (mut first_sign, mut first_end) = (None, None);
        loop {
            self.prober.turn()?;
            if !self.time_to_look(Purpose::Crowd, numbers[0]) {
                continue;
            }
            let watched = self.elapsed() - began;
            let (mut served, mut ended) = (0, false);
            for number in &numbers {
                let witness = self.prober.witness(*number);
                served += usize::from(!witness.probe().events.is_empty());
                ended |= witness.is_over();
            }
            if served > 0 && first_sign.is_none() {
                first_sign = Some(watched);
            }
            // Whoever is served has a first event about when the first one has; four times that is a queue.
            let enough = first_sign.map_or(CROWD_WATCH, |sign| {
                Nanos(sign.0.saturating_mul(4)).clamp(CROWD_WATCH_AT_LEAST, CROWD_WATCH)
            });
            if ended && first_end.is_none() {
                first_end = Some(watched);
            }
            // What comes of those that waited for that end.
            let is_seen = first_end.is_some_and(|end| watched >= end + CROWD_AFTER_END);
            if served == streams || is_seen || watched >= enough || self.is_interrupted() {
                break;
            }
        }
        for number in numbers {
            self.close(number);
        }
        Ok(())
    }

    fn observations(&self, probes: &[Probe]) -> Observations {
        Observations {
            probes: probes.to_vec(),
            own: self.prober.own(),
        }
    }

    fn conclude(self) -> Outcome {
        let interrupted = self.is_interrupted();
        let own: Own = self.prober.own();
        let ended = self.prober.now().wall;
        let observations = Observations {
            probes: self.done,
            own,
        };
        Outcome {
            verdict: verdict::diagnose(&observations),
            observations,
            purposes: self.purposes,
            started: self.started,
            ended,
            interrupted,
        }
    }
}
