//! What was measured: everything that grows during a run, in the form that workers hand on.
//!
//! A worker records into one of these, once a second hands it to the collector, which merges;
//! a process does the same with its parent, and `loadgen merge` with files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::breakdown::Breakdown;
use crate::counters::Counters;
use crate::errors::Errors;
use crate::fanout::Fanout;
use crate::hiccups::{Hiccup, Hiccups};
use crate::histograms::Histograms;
use crate::metric::Metric;
use crate::timeline::Timeline;
use crate::traces::Traces;
use crate::worst::Worst;

/// The name of the group of all subscribers that no other group was named for.
pub const UNNAMED_GROUP: &str = "all";

/// Counters and histograms of one group of subscribers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Group {
    /// What was counted.
    pub counters: Counters,
    /// What was timed.
    pub histograms: Histograms,
}

impl Group {
    /// Add what `other` measured.
    pub fn merge(&mut self, other: &Self) {
        self.counters.merge(&other.counters);
        self.histograms.merge(&other.histograms);
    }

    /// Forget everything, keep the memory.
    pub fn clear(&mut self) {
        self.counters = Counters::default();
        self.histograms.clear();
    }
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Measured {
    /// By name of the group; [`UNNAMED_GROUP`] where no groups were asked for.
    pub groups: BTreeMap<String, Group>,
    /// What happened when.
    pub timeline: Timeline,
    /// How evenly events reached their subscribers.
    pub fanout: Fanout,
    /// Arrival by arrival, for a few streams.
    pub traces: Traces,
    /// The worst streams.
    pub worst: Worst,
    /// By remote address.
    pub remotes: Breakdown,
    /// By the value of a response header, by name of the header (`--by`), in lower case.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_header: BTreeMap<String, Breakdown>,
    /// What went wrong.
    pub errors: Errors,
    /// When the generator itself did not run.
    pub hiccups: Hiccups,
}

impl Measured {
    /// A group by name, made if it is not there.
    pub fn group_mut(&mut self, name: &str) -> &mut Group {
        if !self.groups.contains_key(name) {
            self.groups.insert(name.to_owned(), Group::default());
        }
        self.groups
            .get_mut(name)
            .expect("inserted above if it was missing")
    }

    /// The generator did not run for a while: counts it, and marks the slices of that time.
    pub fn hiccup(&mut self, hiccup: Hiccup) {
        self.hiccups.observe(hiccup);
        self.timeline.mark_stopped(hiccup.window());
    }

    /// Add what `other` measured: commutative and associative.
    pub fn merge(&mut self, other: &Self) {
        // Destructured, so that a new part cannot be forgotten.
        let Self {
            groups,
            timeline,
            fanout,
            traces,
            worst,
            remotes,
            by_header,
            errors,
            hiccups,
        } = self;
        for (name, theirs) in &other.groups {
            match groups.get_mut(name) {
                Some(group) => group.merge(theirs),
                None => {
                    groups.insert(name.clone(), theirs.clone());
                }
            }
        }
        timeline.merge(&other.timeline);
        fanout.merge(&other.fanout);
        traces.merge(&other.traces);
        worst.merge(&other.worst);
        remotes.merge(&other.remotes);
        for (header, theirs) in &other.by_header {
            by_header.entry(header.clone()).or_default().merge(theirs);
        }
        errors.merge(&other.errors);
        hiccups.merge(&other.hiccups);
    }

    /// Forget everything, keep the memory.
    pub fn clear(&mut self) {
        let Self {
            groups,
            timeline,
            fanout,
            traces,
            worst,
            remotes,
            by_header,
            errors,
            hiccups,
        } = self;
        groups.values_mut().for_each(Group::clear);
        timeline.clear();
        fanout.clear();
        traces.clear();
        worst.clear();
        *remotes = Breakdown::default();
        by_header.clear();
        errors.clear();
        hiccups.clear();
    }

    /// All groups together, with `fanout_spread` derived from the sampled events.
    ///
    /// Copies the histograms: for reports, not for the hot path.
    pub fn total(&self) -> Group {
        let mut total = Group::default();
        self.groups.values().for_each(|group| total.merge(group));
        let spread = self.fanout.spread_histogram();
        if !spread.is_empty() {
            total.histograms.insert(Metric::FanoutSpread, spread, None);
        }
        total
    }
}
