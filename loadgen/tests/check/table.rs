//! A stream of target-server, what is true of it, and whether a check over real sockets finds that.

use crate::server_log::{confirms, was_away};
use crate::support::{
    TRIES, all_at_once, brief, check_that_counts, codes, foreign, plan, target_server,
};
use loadgen::check::Outcome;
use run_record::verdict::{HoldBy, Reason, Word};
use std::net::SocketAddr;

/// What any stream of target-server may be said to be besides: its events are named, and this machine is shared.
const ALWAYS: [&str; 3] = ["event.named", "own.stall", "run.next"];
/// The granularity of a hold in milliseconds.
const ROUNDING: f64 = 1.0;

/// One stream as one observer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    query: String,
    is_foreign: bool,
    per_second: f64,
    event_bytes: f64,
    truth: Truth,
}

/// What is true of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    words: Vec<Word>,
    reason: Option<Reason>,
    holds: Vec<HoldBy>,
    amount: Option<f64>,
    must: Vec<&'static str>,
    may: Vec<&'static str>,
}

impl Truth {
    pub(crate) fn is(word: Word) -> Truth {
        Truth::one_of(&[word])
    }

    /// More than one word is true, or the data that tell them apart cannot be had in ten seconds.
    pub(crate) fn one_of(words: &[Word]) -> Truth {
        Truth {
            words: words.to_vec(),
            reason: None,
            holds: Vec::new(),
            amount: None,
            must: Vec::new(),
            may: Vec::new(),
        }
    }

    pub(crate) fn undecided(reason: Reason) -> Truth {
        Truth {
            reason: Some(reason),
            ..Truth::is(Word::Inconclusive)
        }
    }

    pub(crate) fn held(word: Word, by: HoldBy) -> Truth {
        Truth {
            holds: vec![by],
            ..Truth::is(word)
        }
    }

    /// The parameter of the hold: bytes or milliseconds.
    pub(crate) fn of(self, amount: f64) -> Truth {
        Truth {
            amount: Some(amount),
            ..self
        }
    }

    /// A finding that must be there.
    pub(crate) fn with(mut self, code: &'static str) -> Truth {
        self.must.push(code);
        self
    }

    /// Another hold that is right too.
    pub(crate) fn or(mut self, by: HoldBy) -> Truth {
        self.holds.push(by);
        self
    }

    /// A finding that is as true where it is seen.
    pub(crate) fn may(mut self, code: &'static str) -> Truth {
        self.may.push(code);
        self
    }

    fn disagreement(&self, outcome: &Outcome, case: &Case, server: SocketAddr) -> Option<String> {
        let verdict = &outcome.verdict;
        if !self.words.contains(&verdict.word) {
            return Some(format!("the word is none of {:?}", self.words));
        }
        if self.reason.is_some() && verdict.reason != self.reason {
            return Some(format!("the reason is not {:?}", self.reason));
        }
        let found = codes(verdict);
        if let Some(code) = self.must.iter().find(|code| !found.contains(code)) {
            return Some(format!("there is no {code}"));
        }
        let allowed = [&self.must[..], &self.may[..], &ALWAYS[..]].concat();
        let is_true = |code: &str| allowed.contains(&code) || confirms(code, outcome, server);
        if let Some(code) = found.iter().find(|code| !is_true(code)) {
            return Some(format!("{code} is not true"));
        }
        self.wrong_hold(outcome, case)
    }

    fn wrong_hold(&self, outcome: &Outcome, case: &Case) -> Option<String> {
        let hold = outcome.verdict.hold.as_ref();
        if self.holds.is_empty() {
            let is_held = matches!(outcome.verdict.word, Word::Batched | Word::Buffered);
            return (hold.is_some() && !is_held).then(|| "nothing is held".to_owned());
        }
        let Some(hold) = hold else {
            return Some("there is no hold".to_owned());
        };
        if !self.holds.contains(&hold.by) {
            return Some(format!("the hold is by none of {:?}", self.holds));
        }
        let true_amount = self.amount?;
        let (measured, one_event) = match hold.by {
            HoldBy::Size => (hold.bytes, case.event_bytes),
            _ => (hold.ms, 1_000.0 / case.per_second),
        };
        let Some(measured) = measured else {
            return Some("the hold has no figure".to_owned());
        };
        let tolerance = one_event.max(0.05 * true_amount) + ROUNDING;
        let is_near = (measured as f64 - true_amount).abs() <= tolerance;
        (!is_near).then(|| format!("{measured} is not {true_amount}"))
    }
}

/// A stream at some rate, in events of some size; no size is as short as an event is, about 150 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) per_second: u64,
    pub(crate) size: Option<u64>,
}

/// As short as an event is.
pub(crate) fn short(per_second: u64) -> Pace {
    Pace {
        per_second,
        size: None,
    }
}

/// Events of just that size.
pub(crate) fn sized(per_second: u64, size: u64) -> Pace {
    Pace {
        per_second,
        size: Some(size),
    }
}

/// The cases of one mode, both observers at every pace. `extra` is the rest of the query.
pub(crate) fn both(paces: &[Pace], extra: &str, cooperating: &Truth, foreign: &Truth) -> Vec<Case> {
    let roles = [(false, cooperating), (true, foreign)];
    let cases = paces.iter().flat_map(|pace| {
        roles.map(|(is_foreign, truth)| {
            let size = pace.size.map(|size| format!("&size={size}"));
            let interval = 1_000_000 / pace.per_second;
            Case {
                query: format!("interval={interval}us{}{extra}", size.unwrap_or_default()),
                is_foreign,
                per_second: pace.per_second as f64,
                event_bytes: pace.size.unwrap_or(170) as f64,
                truth: truth.clone(),
            }
        })
    });
    cases.collect()
}

/// One mode three times: both observers at the first pace, and one who knows send times at the second.
pub(crate) fn three(
    paces: [Pace; 2],
    extra: &str,
    cooperating: &Truth,
    foreign: &Truth,
) -> Vec<Case> {
    let mut cases = both(&paces, extra, cooperating, foreign);
    cases.truncate(3);
    cases
}

/// Checks them all, each with a ticker of its own, and complains about every one that was not found out.
#[track_caller]
pub(crate) fn assert_found(cases: &[Case]) {
    let (_server, address) = target_server();
    let numbered: Vec<_> = cases.iter().enumerate().collect();
    all_at_once(&numbered, |(number, case)| case.run(address, *number));
}

/// Whether the check says itself that this machine was away meanwhile, or the server does by its log: what was to be
/// found may then not have been there.
fn was_disturbed(outcome: &Outcome, address: SocketAddr) -> bool {
    codes(&outcome.verdict).contains(&"own.stall") || was_away(outcome, address)
}

impl Case {
    fn run(&self, address: SocketAddr, seed: usize) -> Result<(), String> {
        let path = format!("/prices?{}&seed={seed}", self.query);
        let plan = plan(address, &path);
        let watch = plan.watch;
        let plan = if self.is_foreign { foreign(plan) } else { plan };
        let who = if self.is_foreign {
            "foreign"
        } else {
            "cooperating"
        };
        let mut outcome = check_that_counts(&plan);
        let mut shown = format!("{path} {who} -> {}", brief(&outcome));
        for _ in 1..TRIES {
            let contradiction = self.truth.disagreement(&outcome, self, address);
            let Some(why) = contradiction.filter(|_| was_disturbed(&outcome, address)) else {
                break;
            };
            println!("{why}, on a machine that was away, once more: {shown}");
            outcome = check_that_counts(&plan);
            shown = format!("{path} {who} -> {}", brief(&outcome));
        }
        println!("{shown}");
        let elapsed = outcome.ended - outcome.started;
        // One look of 50 ms, and a machine that is shared.
        if elapsed.as_secs_f64() > watch.as_secs_f64() + 1.0 {
            return Err(format!("too long: {shown}"));
        }
        match self.truth.disagreement(&outcome, self, address) {
            Some(why) => Err(format!("{why}: {shown}")),
            None => Ok(()),
        }
    }
}
