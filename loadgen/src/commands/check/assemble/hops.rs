//! The record of a comparison of hops: one check for each, told as one.

use super::{measured, probe_record, record, trace};
use crate::check::{Hop, HopsOutcome, Outcome};
use run_record::hops::{HopRecord, Standing};
use run_record::metric::Metric;
use run_record::record::{Moment, RunRecord};
use run_record::redact;
use verdict::hops::Found;

/// The record of a comparison: that of the outermost hop that was reached, with what the others saw beside it.
pub(in crate::commands::check) fn record_of_hops(
    outcome: &HopsOutcome,
    hops: &[Hop],
    command_line: &[String],
) -> Option<RunRecord> {
    let asked: Vec<_> = hops.iter().zip(&outcome.hops).collect();
    let (outermost, inner) = asked.split_last()?;
    let mut record = record(outermost.1, &outermost.0.plan, command_line);
    record.started = Moment::at(asked[0].1.started);
    let mut numbers = vec![(1..=record.probes.len()).collect::<Vec<_>>()];
    for (_, seen) in inner {
        let first = record.probes.len();
        for (index, (probe, purpose)) in seen
            .observations
            .probes
            .iter()
            .zip(&seen.purposes)
            .enumerate()
        {
            record
                .probes
                .push(probe_record(first + index, probe, *purpose));
        }
        // One picture of each hop: there is room for no more.
        let mut drawn = seen.observations.probes.iter().enumerate();
        if let Some((index, probe)) = drawn.find(|(_, probe)| !probe.events.is_empty()) {
            record.measured.traces.insert(trace(first + index, probe));
        }
        numbers.push((first + 1..=record.probes.len()).collect());
    }
    // The outermost came first, and is the last on the way.
    numbers.rotate_left(1);
    record.plan.connections = (record.probes.len() + outcome.beside.len()) as u64;
    let places: Vec<_> = asked
        .iter()
        .map(|(hop, seen)| verdict::hops::Hop {
            name: &hop.name,
            observations: &seen.observations,
        })
        .collect();
    let found = verdict::hops::compare(&places, &outcome.beside);
    let finding = verdict::hops::finding(&places, &found);
    let parts = asked.iter().zip(found).zip(numbers).enumerate();
    record.hops = parts
        .map(|(index, (((hop, seen), found), numbers))| {
            hop_record(index, hop, seen, found, &numbers)
        })
        .collect();
    if let Some(outermost) = record.hops.last() {
        let mut verdict = outermost.verdict.clone();
        // Whoever is to blame has the causes, wherever he stands.
        let to_blame = record
            .hops
            .iter()
            .find(|hop| hop.standing == Standing::HoldsBack);
        if let (Some(to_blame), true) = (to_blame, verdict.causes.is_empty()) {
            verdict.causes.clone_from(&to_blame.verdict.causes);
        }
        verdict.findings.extend(finding);
        verdict.findings.sort();
        record.verdict = Some(verdict);
    }
    Some(record)
}

fn hop_record(
    index: usize,
    hop: &Hop,
    seen: &Outcome,
    found: Found,
    numbers: &[usize],
) -> HopRecord {
    let small = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let group = measured(seen).total();
    HopRecord {
        number: small(index + 1),
        name: hop.name.clone(),
        url: redact::url(hop.plan.url.as_str()),
        verdict: found.verdict,
        standing: found.standing,
        headers_changed: found.headers_changed,
        added: found.added,
        transit_max_us: group.histograms.max(Metric::Transit),
        probes: numbers.iter().map(|number| small(*number)).collect(),
    }
}
