//! Several runs of the same: a line for each, as it ends and once more at the end.

use run_record::measured::Group;
use run_record::metric::Metric;
use run_record::quantile::Quantile;
use run_record::record::RunRecord;
use run_record::self_check::CheckStatus;
use unicode_width::UnicodeWidthStr;

use super::line::Line;
use crate::number;
use crate::sanitise::sanitise;
use crate::style::{Style, Tone, pad_right};

/// What came of one run, in a line without its break.
pub fn series_line(record: &RunRecord) -> String {
    let total = record.total();
    let mut facts = vec![format!(
        "{} events",
        number::count(total.counters.events.received)
    )];
    facts.extend(lateness(&total));
    if record.self_check.status() == CheckStatus::Invalid {
        facts.push("INVALID".to_owned());
    }
    if let Some(exit) = &record.exit {
        facts.push(format!("exit {}", exit.code));
    }
    facts.join(", ")
}

/// A line for each run under its name, ending in a line break. No line is wider than the style says.
pub fn series_page(runs: &[(&str, &RunRecord)], style: &Style) -> String {
    let names: Vec<_> = runs.iter().map(|(name, _)| sanitise(name)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let lines = names.iter().zip(runs).map(|(name, (_, record))| {
        let is_well = record.exit.as_ref().is_none_or(|exit| exit.code == 0);
        let tone = if is_well { Tone::Good } else { Tone::Bad };
        let name = pad_right(name, widest.min(style.width / 2) + 2);
        Line::new(format!("  {name}")).toned(tone, series_line(record))
    });
    lines.map(|line| line.render(style) + "\n").collect()
}

fn lateness(total: &Group) -> Vec<String> {
    let metrics = [Metric::Delivery, Metric::Transit, Metric::Gap];
    let Some(metric) = metrics
        .into_iter()
        .find(|metric| total.histograms.count(*metric) > 0)
    else {
        return Vec::new();
    };
    let name = metric.name();
    let quantile = |label: &str, quantile| {
        let time = total.histograms.quantile(metric, quantile)?;
        Some(format!("{name} {label} {}", number::time(time)))
    };
    [
        quantile("p50", Quantile::P50),
        quantile("p99", Quantile::P99),
    ]
    .into_iter()
    .flatten()
    .collect()
}
