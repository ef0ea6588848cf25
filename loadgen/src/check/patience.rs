//! How long a request is watched: the budget of a check as rules over plain values. Pure; it reads no clock.

use super::questions::is_silent;
use crate::plan::CheckPlan;
use run_record::time::Nanos;
use verdict::observations::{EndKind, Probe};
use verdict::plan::{Ask, Why};

/// Where nothing has come and a person watches, silence is sat through for so long (DESIGN section 4).
const LONGEST_SILENCE: Nanos = Nanos::from_secs(90);
/// The default of `--for`: who asks for more wants to see what happens later.
const DEFAULT_WATCH: Nanos = Nanos::from_secs(10);
/// Of a longer watch, so much at most is kept for the other requests.
const RESERVE: Nanos = Nanos::from_secs(10);
/// A second stream begins so long after the first, when that has shown that it is served.
const COMPANION_AFTER: Nanos = Nanos::from_millis(700);
/// A second stream without an event for this long waits in a queue.
const COMPANION_WAITS: Nanos = Nanos::from_millis(1_300);
/// Events of the second stream that show that it is served.
const COMPANION_EVENTS: usize = 5;
/// Where nothing has come by then, head and all, a request without Accept-Encoding gets so much more: a compressor that
/// nobody flushes holds an endless stream for good, and where it is the application's own the head as well.
pub(super) const CONTROL_OF_SILENCE: Nanos = Nanos::from_secs(5);
/// Two looks at a stream are less than this apart.
const SHORTLY: Nanos = Nanos::from_millis(100);
/// Any other request needs at least this much time to say something.
const LEAST_USEFUL: Nanos = Nanos::from_millis(1_000);

/// The budget of one check.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    /// What all requests together may take.
    limit: Nanos,
    /// When the present request is given up at the latest.
    deadline: Nanos,
    /// What the first request may take, whatever it shows, before others are asked; zero lets it stop early.
    first_at_least: Nanos,
    /// What it takes where it is live, and only the rhythm of its events says so.
    live_at_least: Nanos,
    /// How long the previous request was watched: what happened once is given as long to happen again.
    previous: Nanos,
    /// A silence that must be sat through.
    idle: Option<Nanos>,
    waits: bool,
    /// Whether the present request is the control of a silence.
    is_of_silence: bool,
}

/// What the present request has shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// How long it has been watched.
    pub watched: Nanos,
    /// Nothing more can come of it.
    pub is_over: bool,
    /// More of the same would not change what it says.
    pub is_settled: bool,
    /// So far each event came as it should.
    pub is_live: bool,
    /// The response has begun.
    pub has_head: bool,
    /// Nothing says that it comes from no target-server.
    pub may_be_target_server: bool,
    /// And says that it comes from a target-server.
    pub is_target_server: bool,
    /// Events so far.
    pub events: usize,
    /// Time since the last byte.
    pub silence: Nanos,
    /// Another request would tell more than this one.
    pub wants_another: bool,
    /// Events of a second stream, and how long it has been watched.
    pub companion: Option<(usize, Nanos)>,
}

impl Patience {
    pub(super) fn new(plan: &CheckPlan, waits: bool) -> Patience {
        let watch = Nanos::from(plan.watch);
        let idle = plan.idle.map(Nanos::from);
        let is_long = plan.watch_given && watch > DEFAULT_WATCH;
        let reserve = Nanos(watch.0 / 4).min(RESERVE);
        let limit = watch + idle.unwrap_or_default();
        Patience {
            limit,
            deadline: limit,
            first_at_least: if is_long {
                watch - reserve
            } else {
                Nanos::ZERO
            },
            live_at_least: Nanos(watch.0 / 2),
            previous: Nanos::ZERO,
            idle,
            waits: waits && !plan.watch_given,
            is_of_silence: false,
        }
    }

    /// When the check ends at the latest.
    pub(super) fn limit(&self) -> Nanos {
        self.limit
    }

    /// Whether it is time to ask what else could be asked: at half of the budget, of a stream that has not decided;
    /// of one that is silent, head and all, at its end.
    pub(super) fn asks_what_else(&self, look: &Look) -> bool {
        let is_undecided = !look.is_over && !look.is_settled;
        // Silence is not cut short: a response that is held to its end, head and all, must be able to end. One that can
        // be asked for more is asked for it.
        let says_something = look.events > 0 || look.has_head || look.may_be_target_server;
        let from = match says_something {
            true => Nanos(self.limit.0 / 2),
            false => self.limit - SHORTLY,
        };
        is_undecided && look.watched >= from
    }

    /// Whether a second stream is to be started beside the first.
    pub(super) fn wants_companion(&self, look: &Look) -> bool {
        let is_served = look.events > 0 && (look.is_live || look.is_settled);
        // Beside one that has ended it would be no second stream.
        !look.is_over && is_served && (look.is_settled || look.watched >= COMPANION_AFTER)
    }

    /// Whether the present request has been watched for long enough; `elapsed` counts from the check's beginning.
    pub(super) fn is_over(&mut self, ask: &Ask, look: &Look, elapsed: Nanos) -> bool {
        // What it gets once the first has ended tells a queue from a cache.
        if let Some((events, watched)) = look.companion
            && events < COMPANION_EVENTS
            && watched < COMPANION_WAITS
            && elapsed < self.limit
        {
            return false;
        }
        if look.is_over {
            return true;
        }
        let is_first = ask.why == Why::AsBrowser;
        if elapsed >= self.deadline {
            let may_go_on = self.waits && self.limit < LONGEST_SILENCE;
            let is_last = (is_first && !look.wants_another) || self.is_of_silence;
            let goes_on = may_go_on && is_last && look.events == 0;
            if goes_on {
                self.limit = LONGEST_SILENCE;
                self.deadline = LONGEST_SILENCE;
            }
            return !goes_on;
        }
        if is_first && let Some(idle) = self.idle {
            return look.silence >= idle;
        }
        if is_first && look.watched < self.first_at_least {
            return false;
        }
        // Thirty events on time are soon there; what lets a beginning pass and holds or cuts the rest is not seen in them
        // (causes 5.6 asks for ten seconds of a foreign stream: this one and those that follow it). A target-server
        // says itself when it sent.
        let is_foreign = look.is_live && !look.is_target_server;
        if is_first && is_foreign && look.watched < self.live_at_least {
            return false;
        }
        if ask.why == Why::Again && look.watched < self.previous + Nanos(self.previous.0 / 10) {
            return false;
        }
        // In a silence that goes on, the cut is yet to come.
        let is_silent = self.idle.is_some() && look.silence > Nanos(self.previous.0 / 2);
        if ask.why == Why::Again && is_silent {
            return false;
        }
        look.is_settled || look.wants_another
    }

    /// A request was watched for this long.
    pub(super) fn note(&mut self, watched: Nanos) {
        self.previous = watched;
    }

    /// Whether enough time is left for an answer: what took its time once takes it again.
    ///
    /// A silence that ended in a cut is sat through once more: one run does not tell a limit of silence from one of
    /// age.
    pub(super) fn affords(&mut self, ask: &Ask, done: &[Probe], elapsed: Nanos) -> bool {
        let Some(last) = done.last() else {
            return true;
        };
        let ended = last.end.kind != EndKind::StillOpen;
        self.is_of_silence =
            ask.why == Why::WithoutCompression && !ended && done.iter().all(is_silent);
        if self.is_of_silence {
            self.limit = self.limit.max(elapsed + CONTROL_OF_SILENCE);
            self.deadline = self.limit;
            return true;
        }
        let again = self.idle.filter(|_| ended && ask.why == Why::Again);
        self.deadline = self.limit + again.unwrap_or_default();
        let left = self.deadline - elapsed;
        let took = last.end.at - last.request.sent.unwrap_or(last.request.scheduled);
        let needed = match ask.why {
            Why::AsBrowser => Nanos::ZERO,
            Why::WithoutCompression | Why::Again | Why::OverHttp11 | Why::OverHttp10 if ended => {
                took + Nanos(took.0 / 20)
            }
            _ => LEAST_USEFUL,
        };
        left > needed
    }
}

/// Whoever answers like this is not asked again.
pub(super) fn is_refusal(probe: &Probe) -> bool {
    let status = probe.head.as_ref().map(|head| head.status);
    probe.failure.is_some() || status.is_some_and(|status| status != 200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use verdict::observations::{Asked, Offer, Way};

    const FIRST: Ask = Ask {
        accept_encoding: true,
        asked: Asked {
            interval: None,
            size: None,
            count: None,
        },
        way: Way {
            http: Offer::Newest,
            max_segment: None,
        },
        why: Why::AsBrowser,
    };

    fn patience() -> Patience {
        Patience {
            limit: Nanos::from_secs(10),
            deadline: Nanos::from_secs(10),
            first_at_least: Nanos::ZERO,
            live_at_least: Nanos::from_secs(5),
            previous: Nanos::ZERO,
            idle: None,
            waits: false,
            is_of_silence: false,
        }
    }

    fn seconds(watched: u64) -> Look {
        Look {
            watched: Nanos::from_secs(watched),
            events: 1,
            ..Look::default()
        }
    }

    #[test]
    fn what_is_settled_or_over_is_not_watched_any_longer() {
        let is_over = |look: Look| patience().is_over(&FIRST, &look, look.watched);
        assert!(!is_over(seconds(3)));
        assert!(is_over(Look {
            is_settled: true,
            ..seconds(3)
        }));
        assert!(is_over(Look {
            is_over: true,
            ..seconds(0)
        }));
        assert!(is_over(seconds(10)));
    }

    #[test]
    fn a_live_stream_has_half_of_the_time_unless_it_says_itself_when_it_sent() {
        let is_over = |ask: &Ask, watched, is_target_server| {
            let look = Look {
                is_settled: true,
                is_live: true,
                is_target_server,
                ..seconds(watched)
            };
            patience().is_over(ask, &look, look.watched)
        };
        assert!(!is_over(&FIRST, 4, false));
        assert!(is_over(&FIRST, 5, false));
        assert!(is_over(&FIRST, 2, true));
        let later = Ask {
            why: Why::WithoutCompression,
            ..FIRST
        };
        assert!(is_over(&later, 2, false));
    }

    #[test]
    fn silence_goes_on_where_a_person_watches_and_up_to_ninety_seconds() {
        let silent = |watched| Look {
            events: 0,
            ..seconds(watched)
        };
        let mut patience = Patience {
            waits: true,
            ..patience()
        };
        assert!(!patience.is_over(&FIRST, &silent(10), Nanos::from_secs(10)));
        assert_eq!(patience.limit(), LONGEST_SILENCE);
        assert!(patience.is_over(&FIRST, &silent(90), Nanos::from_secs(90)));
        let mut alone = Patience {
            waits: false,
            ..patience
        };
        alone.limit = Nanos::from_secs(10);
        alone.deadline = alone.limit;
        assert!(alone.is_over(&FIRST, &silent(10), Nanos::from_secs(10)));
    }

    #[test]
    fn a_silence_head_and_all_gives_way_to_its_control_which_has_time_of_its_own() {
        let silent = |watched| Look {
            events: 0,
            ..seconds(watched)
        };
        let mut patience = Patience {
            waits: true,
            ..patience()
        };
        assert!(!patience.asks_what_else(&silent(5)));
        assert!(patience.asks_what_else(&silent(10)));
        let wants_another = |watched| Look {
            wants_another: true,
            ..silent(watched)
        };
        assert!(patience.is_over(&FIRST, &wants_another(10), Nanos::from_secs(10)));
        let control = Ask {
            accept_encoding: false,
            why: Why::WithoutCompression,
            ..FIRST
        };
        let done = [Probe::default()];
        assert!(patience.affords(&control, &done, Nanos::from_secs(10)));
        assert_eq!(patience.limit(), Nanos::from_secs(15));
        assert!(!patience.is_over(&control, &silent(4), Nanos::from_secs(14)));
        // Nobody said a word: a person who watches may go on watching.
        assert!(!patience.is_over(&control, &silent(5), Nanos::from_secs(15)));
        assert_eq!(patience.limit(), LONGEST_SILENCE);
        patience.waits = false;
        assert!(patience.is_over(&control, &silent(80), Nanos::from_secs(90)));
    }

    #[test]
    fn at_half_time_an_undecided_stream_may_give_way_and_a_silent_one_does_not() {
        assert!(!patience().asks_what_else(&seconds(4)));
        assert!(patience().asks_what_else(&seconds(5)));
        let silent = Look {
            events: 0,
            ..seconds(5)
        };
        assert!(!patience().asks_what_else(&silent));
        assert!(patience().asks_what_else(&Look {
            has_head: true,
            ..silent
        }));
    }

    #[test]
    fn a_second_stream_is_given_time_to_be_served() {
        let beside = |events, watched| Look {
            is_settled: true,
            companion: Some((events, Nanos::from_millis(watched))),
            ..seconds(2)
        };
        let is_over = |look: Look| patience().is_over(&FIRST, &look, look.watched);
        assert!(!is_over(beside(0, 500)));
        assert!(is_over(beside(5, 500)));
        assert!(is_over(beside(0, 1_300)));
        // The first one's end may be what it waits for.
        let after_the_end = |events| Look {
            is_over: true,
            ..beside(events, 500)
        };
        assert!(!is_over(after_the_end(0)));
        assert!(is_over(after_the_end(5)));
    }

    #[test]
    fn what_does_not_fit_into_the_rest_is_not_begun() {
        let mut ended = Probe::default();
        ended.end.kind = EndKind::LastChunk;
        ended.end.at = run_record::time::Wall(6_000_000_000);
        let control = Ask {
            why: Why::WithoutCompression,
            ..FIRST
        };
        let affords = |elapsed| patience().affords(&control, std::slice::from_ref(&ended), elapsed);
        assert!(affords(Nanos::from_secs(3)));
        assert!(!affords(Nanos::from_secs(6)));
    }

    #[test]
    fn a_silence_that_ended_in_a_cut_is_sat_through_once_more() {
        let mut cut = Probe::default();
        cut.end.kind = EndKind::Truncated;
        cut.end.at = run_record::time::Wall(60_000_000_000);
        let again = Ask {
            why: Why::Again,
            ..FIRST
        };
        let mut patience = Patience {
            limit: Nanos::from_secs(75),
            idle: Some(Nanos::from_secs(65)),
            previous: Nanos::from_secs(60),
            ..patience()
        };
        assert!(patience.affords(&again, std::slice::from_ref(&cut), Nanos::from_secs(61)));
        let watched = |seconds| Look {
            watched: Nanos::from_secs(seconds),
            ..seconds_of_silence()
        };
        assert!(!patience.is_over(&again, &watched(60), Nanos::from_secs(121)));
        assert!(patience.is_over(&again, &watched(79), Nanos::from_secs(140)));
        let after = |silence| Look {
            silence: Nanos::from_secs(silence),
            wants_another: true,
            ..watched(67)
        };
        assert!(patience.is_over(&again, &after(15), Nanos::from_secs(128)));
        assert!(!patience.is_over(&again, &after(52), Nanos::from_secs(128)));
        cut.end.kind = EndKind::StillOpen;
        assert!(patience.affords(&again, &[cut], Nanos::from_secs(61)));
        assert!(
            patience.is_over(&again, &watched(14), Nanos::from_secs(75)),
            "not cut"
        );
    }

    fn seconds_of_silence() -> Look {
        Look {
            has_head: true,
            ..Look::default()
        }
    }
}
