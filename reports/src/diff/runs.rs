//! Which runs of a side count, and what must be known of both sides to read the figures.

use run_record::diff::DiffRun;
use run_record::end::EndReason;
use run_record::measured::Group;
use run_record::record::{Kind, RunRecord};
use run_record::self_check::CheckStatus;
use run_record::time::Wall;

use super::Named;
use crate::number;

/// The runs of a side, and of those that count what they measured.
pub(super) struct Side<'a> {
    runs: Vec<(Named<'a>, Option<String>)>,
    fit: Vec<Group>,
}

impl<'a> Side<'a> {
    pub(super) fn of(runs: &[Named<'a>]) -> Self {
        let runs: Vec<_> = runs.iter().map(|run| (*run, unfit(run.record))).collect();
        let fit = counted(&runs).map(RunRecord::total).collect();
        Self { runs, fit }
    }

    /// What the runs that count have measured, in their order.
    pub(super) fn fit(&self) -> &[Group] {
        &self.fit
    }

    pub(super) fn into_runs(self) -> Vec<DiffRun> {
        let runs = self.runs.into_iter();
        runs.map(|(run, left_out)| DiffRun {
            name: run.name.to_owned(),
            url: run.record.plan.url.clone(),
            started: run.record.started.clone(),
            left_out,
        })
        .collect()
    }

    fn starts(&self) -> Vec<Wall> {
        counted(&self.runs)
            .map(|record| record.started.epoch_us)
            .collect()
    }

    fn first(&self) -> Option<&'a RunRecord> {
        counted(&self.runs).next()
    }
}

fn counted<'a: 'b, 'b>(
    runs: &'b [(Named<'a>, Option<String>)],
) -> impl Iterator<Item = &'a RunRecord> + 'b {
    runs.iter()
        .filter(|(_, left_out)| left_out.is_none())
        .map(|(run, _)| run.record)
}

/// Why a run says nothing about its server.
fn unfit(record: &RunRecord) -> Option<String> {
    let why = if record.kind != Kind::Run {
        "no run".to_owned()
    } else if record.self_check.status() == CheckStatus::Invalid {
        "INVALID: this machine was the limit".to_owned()
    } else if record.end.reason != EndReason::Completed {
        format!("not completed: {}", record.end.text)
    } else if record.total().counters.events.received == 0 {
        "no event arrived".to_owned()
    } else {
        return None;
    };
    Some(why)
}

/// Whether neither side was over before the other had half of its runs.
pub(super) fn interleaved(base: &Side<'_>, new: &Side<'_>) -> bool {
    let (mut base, mut new) = (base.starts(), new.starts());
    base.sort();
    new.sort();
    let begins_early = |one: &[Wall], other: &[Wall]| {
        let middle = other.get(other.len() / 2);
        one.first()
            .zip(middle)
            .is_some_and(|(one, other)| one <= other)
    };
    begins_early(&base, &new) && begins_early(&new, &base)
}

/// What must be known to read the figures.
pub(super) fn notes(base: &Side<'_>, new: &Side<'_>, interleaved: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let (Some(before), Some(after)) = (base.first(), new.first()) else {
        return notes;
    };
    if !interleaved {
        notes.push("the two sides did not take turns: what else changed between them is in the figures too (run --baseline-url takes turns)".to_owned());
    }
    let (one, two) = (&before.plan, &after.plan);
    let mut differ = |what: &str, one: String, two: String| {
        if one != two {
            notes.push(format!("the sides differ in {what}: {one} and {two}"));
        }
    };
    differ(
        "connections",
        number::count(one.connections),
        number::count(two.connections),
    );
    let time = |time: Option<_>| time.map_or_else(|| "-".to_owned(), number::time);
    differ("length", time(one.duration_us), time(two.duration_us));
    differ("method", one.method.clone(), two.method.clone());
    let machine = |record: &RunRecord| {
        let machines = record.environments.iter();
        let kernels: Vec<_> = machines
            .map(|machine| format!("{}, {} cores", machine.kernel, machine.cores))
            .collect();
        kernels.join("; ")
    };
    differ("machine", machine(before), machine(after));
    notes
}
