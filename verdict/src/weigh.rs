//! Several probes, one delivery: what the request of a browser meets, with the
//! other probes as controls.
//!
//! A second rate separates size from time, a second size a short stream from a
//! hold to its end, and a request without Accept-Encoding a compressor from all
//! else. Knows nothing of words and sentences.

mod compare;

use std::cmp::Ordering;

use run_record::time::{Nanos, Wall};
use run_record::verdict::Reason;

use crate::observations::Observations;
use crate::replay::{self, Replay};
use crate::signature::{self, Signature, Silence, Whole};
use crate::timeline::Timeline;

/// One probe and what it shows by itself.
pub(crate) struct Reading<'a> {
    /// The probe on its axis.
    pub timeline: Timeline<'a>,
    /// How its bytes came.
    pub signature: Signature,
}

impl Reading<'_> {
    fn asks_as_browser(&self) -> bool {
        self.timeline.probe.request.accept_encoding.is_some()
    }
}

/// All probes read.
pub(crate) struct Readings<'a> {
    all: Vec<Reading<'a>>,
    /// A recording of the past, or of another response.
    replay: Option<Replay>,
    /// Which of them are recordings of another one.
    recordings: Vec<bool>,
}

/// What the probes amount to together.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// How the bytes come.
    pub signature: Signature,
    /// The reading that shows it best: an index for [`Readings::at`].
    pub shown_by: usize,
    /// How many readings show the same.
    pub shown_times: usize,
    /// Late with Accept-Encoding, live without: a compressor holds (causes 2.1, decisive).
    pub is_compressor: bool,
    /// The control without Accept-Encoding that was released in groups while the compressed response was held to its
    /// end: a compressor holds, and somebody else besides.
    pub slower_compressed: Option<usize>,
}

impl<'a> Readings<'a> {
    /// Reads all probes.
    pub(crate) fn of(observations: &'a Observations) -> Self {
        let read = |probe| {
            let timeline = Timeline::of(probe, &observations.own);
            Reading {
                signature: signature::read(&timeline),
                timeline,
            }
        };
        let all: Vec<Reading> = observations.probes.iter().map(read).collect();
        let timelines: Vec<&Timeline> = all.iter().map(|reading| &reading.timeline).collect();
        let is_recording = |timeline: &&Timeline| replay::is_of_another(&timelines, timeline);
        let recordings = timelines.iter().map(is_recording).collect();
        let replay = replay::find(&timelines);
        Self {
            all,
            replay,
            recordings,
        }
    }

    /// The recording among the responses, if there is one.
    pub(crate) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// The reading with that index.
    pub(crate) fn at(&self, index: usize) -> &Reading<'a> {
        &self.all[index]
    }

    /// All readings, in the order in which they were asked.
    pub(crate) fn all(&self) -> &[Reading<'a>] {
        &self.all
    }

    /// Whether a probe ran alone, or was served before anybody else asked: streams at the same time are a
    /// question of their own.
    fn ran_alone(&self, index: usize) -> bool {
        let request = &self.all[index].timeline.probe.request;
        let served = served_at(&self.all[index]);
        let others = self.all.iter().enumerate().filter(|(at, _)| *at != index);
        others
            .map(|(_, reading)| &reading.timeline.probe.request)
            .filter(|other| other.round == request.round)
            .all(|other| served.is_some_and(|served| served <= other.scheduled))
    }

    /// Whether a later probe was refused although the first one met a stream: too
    /// many requests, perhaps, but no word about the stream.
    pub(crate) fn was_refused(&self, index: usize) -> bool {
        let is_no_stream =
            |index: usize| matches!(self.all[index].signature, Signature::NoStream(_));
        is_no_stream(index) && !is_no_stream(0)
    }

    /// The probes that travelled another way than the first: over another version of HTTP. They are no part of the
    /// headline; what they show is compared with it.
    pub(crate) fn on_other_ways(&self) -> impl Iterator<Item = &Reading<'a>> {
        self.all
            .iter()
            .filter(|reading| !self.is_on_the_way(reading))
    }

    fn is_on_the_way(&self, reading: &Reading) -> bool {
        reading.timeline.probe.request.way == self.all[0].timeline.probe.request.way
    }

    /// The probes that asked as a browser asks, and the controls that asked without
    /// Accept-Encoding. Where all or none sent it, there are no controls. A recording of
    /// another response is neither: nobody made its events while it was watched.
    pub(crate) fn headline_and_controls(&self) -> (Vec<usize>, Vec<usize>) {
        let counts = |index: &usize| {
            let is_on_the_way = self.is_on_the_way(&self.all[*index]);
            is_on_the_way
                && self.ran_alone(*index)
                && !self.was_refused(*index)
                && !self.recordings[*index]
        };
        let mut alone: Vec<usize> = (0..self.all.len()).filter(counts).collect();
        if alone.is_empty() {
            alone.extend((!self.all.is_empty()).then_some(0));
        }
        let (browser, plain): (Vec<_>, Vec<_>) = alone
            .into_iter()
            .partition(|index| self.all[*index].asks_as_browser());
        if browser.is_empty() {
            (plain, browser)
        } else {
            (browser, plain)
        }
    }

    /// Weighs all probes; absent if there is none.
    pub(crate) fn weigh(&self) -> Option<Delivery> {
        let (headline, controls) = self.headline_and_controls();
        let most = headline
            .iter()
            .copied()
            .max_by(|a, b| self.compare(*a, *b))?;
        // A stream that should have spoken long ago is not live because it is so at another rate.
        let overdue = headline
            .iter()
            .copied()
            .find(|index| self.is_overdue(*index));
        let is_live = matches!(self.all[most].signature, Signature::Live(_));
        let shown_by = overdue.filter(|_| is_live).unwrap_or(most);
        let mut delivery = Delivery {
            signature: self.all[shown_by].signature.clone(),
            shown_by,
            shown_times: 1,
            is_compressor: self.is_compressor(&headline, &controls),
            slower_compressed: None,
        };
        delivery.slower_compressed = self.slower_compressed(&delivery, &controls);
        if delivery.is_compressor {
            if delivery.signature.may_be_behind() {
                // The controls are live: they say nothing about the wait.
                self.weigh_holds(&mut delivery, &headline);
            }
            return Some(self.hold_of_compressor(delivery, &headline));
        }
        if delivery.slower_compressed.is_some() {
            return Some(delivery);
        }
        let both: Vec<usize> = headline.iter().chain(&controls).copied().collect();
        match &delivery.signature {
            Signature::Grouped(_) | Signature::Behind(_) => self.weigh_holds(&mut delivery, &both),
            Signature::Whole(whole) => {
                let whole = *whole;
                self.weigh_whole(&mut delivery, whole, &both);
            }
            Signature::Silence(_) => self.weigh_silence(&mut delivery, &both),
            Signature::Live(_) => self.weigh_beginning(&mut delivery, &both),
            _ => {}
        }
        Some(delivery)
    }

    /// Which of two readings speaks for the stream. Held outranks live (DESIGN
    /// section 4), and what says more about the hold outranks what says less.
    fn compare(&self, one: usize, other: usize) -> Ordering {
        let (one, other) = (&self.all[one], &self.all[other]);
        // Of equals, the earlier one: max_by takes the last, so `Greater` is the first.
        rank(one)
            .cmp(&rank(other))
            .then_with(|| extent(one).total_cmp(&extent(other)))
            .then(Ordering::Greater)
    }

    /// Held with Accept-Encoding and live without it.
    fn is_compressor(&self, headline: &[usize], controls: &[usize]) -> bool {
        const EVENTS: usize = 10;
        let is_late = |index: &usize| match &self.all[*index].signature {
            Signature::Silence(_) => true,
            Signature::Undecided(Reason::FewReleases | Reason::NoEvents) => true,
            other => other.is_held(),
        };
        let is_live = |index: &usize| matches!(&self.all[*index].signature, Signature::Live(live) if live.good >= EVENTS);
        headline.iter().any(is_late) && !controls.is_empty() && controls.iter().all(is_live)
    }

    /// Held to the end while compressed, and released in groups without: the bytes of the two cannot be compared.
    fn slower_compressed(&self, delivery: &Delivery, controls: &[usize]) -> Option<usize> {
        let is_coded = |index: usize| {
            let head = self.all[index].timeline.probe.head.as_ref();
            head.is_some_and(|head| head.content_coding().is_some())
        };
        let is_whole = matches!(delivery.signature, Signature::Whole(_));
        let is_grouped = |index: &&usize| {
            matches!(self.all[**index].signature, Signature::Grouped(_)) && !is_coded(**index)
        };
        (is_whole && is_coded(delivery.shown_by))
            .then(|| controls.iter().find(is_grouped).copied())
            .flatten()
    }

    /// A compressor either gave blocks in between or nothing until it was closed.
    fn hold_of_compressor(&self, mut delivery: Delivery, headline: &[usize]) -> Delivery {
        if delivery.signature.is_held() {
            return delivery;
        }
        let is_late = |index: &&usize| !matches!(self.all[**index].signature, Signature::Live(_));
        delivery.shown_by = headline
            .iter()
            .find(is_late)
            .copied()
            .unwrap_or(delivery.shown_by);
        let timeline = &self.all[delivery.shown_by].timeline;
        let silence = Silence {
            head: timeline.head,
            watched: timeline.end,
            comments: 0,
            emitted_bytes: None,
            emitted_events: None,
        };
        let groups = signature::begin_of_groups(timeline).filter(|_| !timeline.events.is_empty());
        delivery.signature = groups.map_or(Signature::Silence(silence), Signature::Grouped);
        delivery
    }

    /// Two rates: what stays the same is the rule (causes 5.3, P4).
    fn weigh_holds(&self, delivery: &mut Delivery, both: &[usize]) {
        let held = |index: &&usize| {
            matches!(
                self.all[**index].signature,
                Signature::Grouped(_) | Signature::Behind(_)
            )
        };
        delivery.shown_times = both.iter().filter(held).count();
        for index in both.iter().filter(|index| **index != delivery.shown_by) {
            let other = self.hold_at(*index);
            if let Some(compared) = compare::holds(&delivery.signature, &other) {
                delivery.signature = compared;
            }
        }
    }

    /// What a reading shows of a hold, even if too little for a rule of its own:
    /// one release says how long it took and how much it brought.
    fn hold_at(&self, index: usize) -> Signature {
        let Reading {
            timeline,
            signature,
        } = &self.all[index];
        let is_begun = matches!(signature, Signature::Undecided(Reason::FewReleases))
            && timeline.role.has_stamps();
        let begun = signature::begin_of_groups(timeline).filter(|_| is_begun);
        begun.map_or_else(|| signature.clone(), Signature::Grouped)
    }

    /// A short stream under a full block looks held to the end. A probe that was
    /// released in between says so.
    fn weigh_whole(&self, delivery: &mut Delivery, whole: Whole, both: &[usize]) {
        let wholes = both
            .iter()
            .filter_map(|index| match self.all[*index].signature {
                Signature::Whole(whole) => Some(whole),
                _ => None,
            });
        delivery.shown_times = wholes.clone().count();
        let held = wholes.map(|whole| whole.held).max().unwrap_or(whole.held);
        delivery.signature = Signature::Whole(Whole { held, ..whole });
        for index in both {
            let Signature::Grouped(grouped) = &self.all[*index].signature else {
                continue;
            };
            let below_block = held as f64 <= grouped.bytes.high;
            let below_timer = grouped.is_wait && whole.end <= grouped.ms.high;
            if below_block || below_timer {
                delivery.signature = Signature::Grouped(grouped.clone());
                delivery.shown_by = *index;
                self.weigh_holds(delivery, both);
                return;
            }
        }
    }

    /// A beginning that is held once may meet a cold server; twice it is a rule.
    fn weigh_beginning(&self, delivery: &mut Delivery, both: &[usize]) {
        let held_beginning = |index: &usize| match &self.all[*index].signature {
            Signature::Live(live) => live.held_beginning().map(|pause| (*index, pause)),
            _ => None,
        };
        let held: Vec<_> = both.iter().filter_map(held_beginning).collect();
        if let [(index, pause), _, ..] = held[..] {
            delivery.signature = Signature::FirstLate(pause);
            delivery.shown_by = index;
            delivery.shown_times = held.len();
        }
    }

    /// Whether a probe is silent that was to speak several times over.
    fn is_overdue(&self, index: usize) -> bool {
        const EVENTS: f64 = 5.0;
        let Reading {
            timeline,
            signature,
        } = &self.all[index];
        let asked = timeline.probe.request.asked.interval;
        let is_due = |interval: Nanos| timeline.end > EVENTS * interval.as_micros_f64() / 1e3;
        matches!(signature, Signature::Silence(_)) && asked.is_some_and(is_due)
    }

    /// Silence is explained by a control that is held, whatever was asked of it; one
    /// that is live explains nothing.
    fn weigh_silence(&self, delivery: &mut Delivery, both: &[usize]) {
        let silent = |index: &&usize| matches!(self.all[**index].signature, Signature::Silence(_));
        let held = both
            .iter()
            .find(|index| self.all[**index].signature.is_held());
        delivery.shown_times = match held {
            Some(_) => 1,
            None => both.iter().filter(silent).count(),
        };
        delivery.shown_by = held.copied().unwrap_or(delivery.shown_by);
        delivery.signature = self.all[delivery.shown_by].signature.clone();
    }
}

/// NO STREAM > BUFFERED > BATCHED > LIVE > nothing certain. Of nothing certain,
/// events that were seen say more than silence, and events that certainly waited
/// forbid to call the stream live because it is so at another rate.
fn rank(reading: &Reading) -> u8 {
    match &reading.signature {
        Signature::NoStream(_) => 6,
        Signature::Whole(_) => 5,
        Signature::Grouped(_) | Signature::Behind(_) | Signature::FirstLate(_) => 4,
        Signature::Undecided(Reason::FewReleases) if reading.timeline.role.has_stamps() => 3,
        Signature::Live(_) => 2,
        Signature::Undecided(Reason::FewReleases | Reason::Irregular) => 1,
        Signature::Undecided(_) | Signature::Silence(_) => 0,
    }
}

/// Of two that show the same, how much.
fn extent(reading: &Reading) -> f64 {
    match &reading.signature {
        Signature::Grouped(grouped) => grouped.releases as f64,
        Signature::Silence(silence) => {
            let emitted = silence.emitted_bytes.or(silence.emitted_events);
            emitted.unwrap_or(0) as f64
        }
        _ => 0.0,
    }
}

/// When the first event of a probe had certainly arrived.
fn served_at(reading: &Reading) -> Option<Wall> {
    let probe = reading.timeline.probe;
    let read = probe.events.first()?.read;
    probe.reads.get(read).map(|read| read.arrival.latest)
}
