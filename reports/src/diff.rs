//! Two sets of records beside each other: which runs count, which quantities are compared, and what follows.
//!
//! The statistics are those of `comparison`; this chooses what goes in and says what comes out. It must not read a
//! file or decide an exit code.

mod quantity;
mod runs;
#[cfg(test)]
mod tests;
mod written;

use run_record::diff::{Diff, DiffQuantity, Outcome, SCHEMA};
use run_record::record::RunRecord;

use crate::comparison::{self, LEAST_RUNS};
pub use quantity::{Measure, defaults};
use runs::Side;
pub use written::{signed, value, within};

/// A record and what it is called: its file, or its place in a series.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// As the page calls it.
    pub name: &'a str,
    /// What it holds.
    pub record: &'a RunRecord,
}

/// Compares the runs of two sides.
///
/// `measures` are what is compared, at least one; without any, [`defaults`]. `floor_us` is the difference of times
/// below which there is none, zero for no such limit. Runs that were not completed, that are INVALID or hold no event
/// are left out, and named.
pub fn diff(base: &[Named<'_>], new: &[Named<'_>], measures: &[Measure], floor_us: f64) -> Diff {
    let (base, new) = (Side::of(base), Side::of(new));
    let interleaved = runs::interleaved(&base, &new);
    let mut notes = runs::notes(&base, &new, interleaved);
    let chosen = match measures {
        [] => {
            let all = defaults(base.fit(), new.fit());
            let shown = showable(&all, base.fit().len(), new.fit().len());
            notes.extend(left_out(&all[shown.len()..]));
            shown.to_vec()
        }
        measures => measures.to_vec(),
    };
    let quantities = compared(&chosen, &base, &new, floor_us);
    let outcome = quantities.iter().map(|quantity| quantity.outcome).min();
    Diff {
        schema: SCHEMA,
        outcome: outcome.unwrap_or(Outcome::Refused),
        sentence: sentence(&quantities),
        base: base.into_runs(),
        new: new.into_runs(),
        interleaved,
        notes,
        quantities,
        exit: None,
    }
}

/// As many of them as so many runs can show a difference of; the first in any case.
fn showable(measures: &[Measure], base: usize, new: usize) -> &[Measure] {
    let can_show = |count: &usize| comparison::can_differ(base, new, *count);
    let count = (2..=measures.len()).rev().find(can_show);
    &measures[..count.unwrap_or(1).min(measures.len())]
}

fn left_out(measures: &[Measure]) -> Option<String> {
    if measures.is_empty() {
        return None;
    }
    let names: Vec<_> = measures.iter().map(Measure::name).collect();
    Some(format!("too few runs to tell {} as well", names.join(", ")))
}

fn compared(
    measures: &[Measure],
    base: &Side<'_>,
    new: &Side<'_>,
    floor_us: f64,
) -> Vec<DiffQuantity> {
    let samples: Vec<_> = measures
        .iter()
        .map(|measure| measure.sample(base.fit(), new.fit()))
        .collect();
    let inputs: Vec<_> = samples
        .iter()
        .filter_map(|sample| sample.as_ref().ok())
        .map(|sample| sample.quantity(floor_us))
        .collect();
    let mut answers = comparison::compare(&inputs).into_iter();
    let quantities = samples.iter().map(|sample| match sample {
        Err(refused) => (**refused).clone(),
        Ok(sample) => match answers.next() {
            Some(Ok(comparison)) => sample.told(&comparison),
            Some(Err(refusal)) => sample.refused(refusal.to_string()),
            None => sample.refused("not compared".to_owned()),
        },
    });
    quantities.collect()
}

/// What decides in one sentence: the first of the gravest, and how many more there are.
fn sentence(quantities: &[DiffQuantity]) -> String {
    let Some(first) = quantities.iter().min_by_key(|quantity| quantity.outcome) else {
        return format!(
            "Not compared: at least {LEAST_RUNS} runs a side that count are needed, 10 are better"
        );
    };
    let alike = quantities
        .iter()
        .filter(|quantity| quantity.outcome == first.outcome)
        .count();
    let word = match first.outcome {
        Outcome::Worse => "Worse: ",
        Outcome::Better => "Better: ",
        Outcome::Refused => "Not compared: ",
        Outcome::NotShown | Outcome::BelowFloor => "",
    };
    let more = match alike {
        0 | 1 => String::new(),
        _ => format!(" (and {} more)", alike - 1),
    };
    format!("{word}{}{more}", first.sentence)
}
