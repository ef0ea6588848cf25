//! A source of events: what it sends next and when, for all of its subscribers at once.
//! It reads no clock and knows no subscriber; the pacer owns it.

pub(crate) mod chat;
pub(crate) mod prices;
pub(crate) mod schedule;
pub(crate) mod topic;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::clock::Nanos;
use crate::frame::{Author, Frame, Stamp};
use chat::{ChatScript, ChatSpec};
use prices::{PriceFeed, PricesSpec};
use schedule::Schedule;
use topic::{Message, Topic, TopicName};

/// Names a source in `X-Stream` and `/truth/{stream}`: `t1`, `t2`, ... in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SourceId(pub u32);

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

impl FromStr for SourceId {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        name.strip_prefix('t')
            .and_then(|number| number.parse().ok())
            .map(Self)
            .ok_or(())
    }
}

/// What a subscriber asks to be fed from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SourceSpec {
    /// The ticker that all subscribers with these parameters share.
    Prices(PricesSpec),
    /// A ticker of its own.
    PrivatePrices(PricesSpec),
    /// A completion of its own.
    Chat(ChatSpec),
    /// What is published to a topic.
    Topic(TopicName),
}

impl SourceSpec {
    /// Whether an equal specification means the same source.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Prices(_) | Self::Topic(_))
    }

    /// The word for it in the list of streams.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Prices(_) | Self::PrivatePrices(_) => "prices",
            Self::Chat(_) => "chat",
            Self::Topic(_) => "topic",
        }
    }
}

/// A source at work.
#[derive(Debug)]
pub(crate) struct Source {
    feed: Feed,
    heartbeat: Option<Heartbeat>,
    last_seq: u64,
}

#[derive(Debug)]
enum Feed {
    Prices { feed: PriceFeed, schedule: Schedule },
    Chat(ChatScript),
    Topic(Topic),
}

#[derive(Debug)]
struct Heartbeat {
    every: Duration,
    next: Nanos,
}

/// Topics are silent for long; without a comment now and then proxies would cut their subscribers.
const TOPIC_HEARTBEAT: Duration = Duration::from_secs(15);

impl Source {
    /// A source whose schedule starts at `now`.
    pub(crate) fn new(spec: &SourceSpec, author: Author, now: Nanos) -> Self {
        let (feed, heartbeat) = match spec {
            SourceSpec::Prices(prices) | SourceSpec::PrivatePrices(prices) => {
                let schedule = Schedule::new(prices.interval, prices.jitter, prices.seed, now);
                let feed = PriceFeed::new(prices.clone(), author);
                (Feed::Prices { feed, schedule }, prices.heartbeat)
            }
            SourceSpec::Chat(chat) => {
                (Feed::Chat(ChatScript::new(chat.clone(), author, now)), None)
            }
            SourceSpec::Topic(_) => (Feed::Topic(Topic::default()), Some(TOPIC_HEARTBEAT)),
        };
        let heartbeat = heartbeat.map(|every| Heartbeat {
            every,
            next: now + every,
        });
        Self {
            feed,
            heartbeat,
            last_seq: 0,
        }
    }

    /// Goes on after a time without subscribers: numbers continue, the schedule starts anew.
    pub(crate) fn restart(&mut self, now: Nanos) {
        if let Feed::Prices { schedule, .. } = &mut self.feed {
            schedule.restart(now);
        }
        self.postpone_heartbeat(now);
    }

    /// When it has something to send next; absent if that depends on others, or never.
    pub(crate) fn next(&self) -> Option<Nanos> {
        let heartbeat = self.heartbeat.as_ref().map(|heartbeat| heartbeat.next);
        match (self.next_tick(), heartbeat) {
            (Some(tick), Some(heartbeat)) => Some(tick.min(heartbeat)),
            (tick, heartbeat) => tick.or(heartbeat),
        }
    }

    /// Builds all that is due at `next()`; `clock` is read once for each event, just before it is built.
    ///
    /// How late the caller is changes `emitted` and nothing else.
    pub(crate) fn tick(&mut self, clock: impl Fn() -> Nanos, frames: &mut Vec<Frame>) {
        let Some(due) = self.next() else { return };
        if self.next_tick() != Some(due) {
            frames.push(Frame::comment("heartbeat"));
            // One comment ends a silence, however long it was.
            self.postpone_heartbeat(due.max(clock()));
            return;
        }
        let last_seq = &mut self.last_seq;
        let mut stamp = || {
            *last_seq += 1;
            Stamp {
                seq: *last_seq,
                due,
                emitted: clock(),
            }
        };
        match &mut self.feed {
            Feed::Prices { feed, schedule } => {
                frames.extend((0..feed.spec().burst).map(|_| feed.event(stamp())));
                schedule.advance();
            }
            Feed::Chat(script) => frames.push(script.event(stamp())),
            Feed::Topic(_) => {}
        }
        self.postpone_heartbeat(due);
    }

    /// Whether nothing will ever come from it again.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(&self.feed, Feed::Chat(script) if script.next().is_none())
    }

    /// Adds a message to a topic; absent if this is none.
    pub(crate) fn publish(&mut self, message: &Message, now: Nanos) -> Option<Frame> {
        let Feed::Topic(topic) = &mut self.feed else {
            return None;
        };
        self.last_seq += 1;
        let frame = topic.event(
            Stamp {
                seq: self.last_seq,
                due: now,
                emitted: now,
            },
            message,
        );
        self.postpone_heartbeat(now);
        Some(frame)
    }

    /// What a returning subscriber missed; only topics remember.
    pub(crate) fn replay(&self, last_event_id: u64) -> Vec<Frame> {
        match &self.feed {
            Feed::Topic(topic) => topic.replay(last_event_id).cloned().collect(),
            Feed::Prices { .. } | Feed::Chat(_) => Vec::new(),
        }
    }

    /// The number of events so far.
    pub(crate) fn last_seq(&self) -> u64 {
        self.last_seq
    }

    fn next_tick(&self) -> Option<Nanos> {
        match &self.feed {
            Feed::Prices { schedule, .. } => Some(schedule.next()),
            Feed::Chat(script) => script.next(),
            Feed::Topic(_) => None,
        }
    }

    fn postpone_heartbeat(&mut self, from: Nanos) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.next = from + heartbeat.every;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::prices::Pad;
    use super::schedule::Jitter;
    use super::*;

    const START: Nanos = Nanos(1_000_000_000_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn prices(burst: u32, heartbeat: Option<Duration>) -> Source {
        let spec = PricesSpec {
            interval: SECOND,
            jitter: Jitter::None,
            burst,
            size: None,
            pad: Pad::Constant,
            seed: 1,
            heartbeat,
        };
        Source::new(&SourceSpec::Prices(spec), Author::default(), START)
    }

    fn tick(source: &mut Source, at: Nanos) -> Vec<Option<Stamp>> {
        let mut frames = Vec::new();
        source.tick(|| at, &mut frames);
        frames.iter().map(Frame::stamp).collect()
    }

    #[test]
    fn late_ticks_keep_their_own_due_and_none_is_skipped() {
        let mut source = prices(1, None);
        let late = START + SECOND * 10;
        let stamps: Vec<Stamp> = (0..3)
            .flat_map(|_| tick(&mut source, late))
            .flatten()
            .collect();
        let dues: Vec<Nanos> = stamps.iter().map(|stamp| stamp.due).collect();
        assert_eq!(
            dues,
            [START + SECOND, START + SECOND * 2, START + SECOND * 3]
        );
        assert!(stamps.iter().all(|stamp| stamp.emitted == late));
        assert_eq!(stamps[2].seq, 3);
    }

    #[test]
    fn a_burst_shares_one_due_and_has_its_own_numbers() {
        let stamps = tick(&mut prices(3, None), START + SECOND);
        let seqs: Vec<u64> = stamps.iter().flatten().map(|stamp| stamp.seq).collect();
        assert_eq!(seqs, [1, 2, 3]);
        assert!(
            stamps
                .iter()
                .flatten()
                .all(|stamp| stamp.due == START + SECOND)
        );
    }

    #[test]
    fn heartbeats_fill_the_silence_between_ticks() {
        let mut source = prices(1, Some(Duration::from_millis(400)));
        let mut seen = Vec::new();
        while source.next().unwrap() <= START + SECOND * 2 {
            let at = source.next().unwrap();
            let stamps = tick(&mut source, at);
            seen.push((at.since(START).as_millis(), stamps[0].is_some()));
        }
        let expected = [
            (400, false),
            (800, false),
            (1_000, true),
            (1_400, false),
            (1_800, false),
            (2_000, true),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_pause_consumes_no_number() {
        let mut source = prices(1, None);
        tick(&mut source, START + SECOND);
        source.restart(START + SECOND * 100);
        let stamps = tick(&mut source, START + SECOND * 101);
        assert_eq!(
            stamps[0].map(|stamp| (stamp.seq, stamp.due)),
            Some((2, START + SECOND * 101))
        );
    }

    #[test]
    fn a_completion_finishes() {
        let spec = ChatSpec {
            first: Duration::ZERO,
            gap: Duration::ZERO,
            tokens: 1,
        };
        let mut source = Source::new(&SourceSpec::Chat(spec), Author::default(), START);
        for _ in 0..4 {
            assert!(!source.is_finished());
            tick(&mut source, START);
        }
        assert!(source.is_finished());
        assert_eq!((source.next(), source.last_seq()), (None, 4));
    }

    #[test]
    fn names_are_read_back() {
        assert_eq!("t3".parse(), Ok(SourceId(3)));
        assert_eq!(SourceId(3).to_string(), "t3");
        assert!("x3".parse::<SourceId>().is_err());
    }
}
