//! Whether the streams stayed: how many were open over the time of a run.

use maud::{Markup, html};
use run_record::record::RunRecord;

use super::svg::{Path, Scale};
use crate::number;

const LEFT: f64 = 62.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 134.0;

/// Open streams at the end of each slice of the timeline; left out where a slice is all there is.
pub(super) fn picture(record: &RunRecord) -> Markup {
    let timeline = &record.measured.timeline;
    let slices = timeline.iter().count();
    if slices < 2 {
        return Markup::default();
    }
    let width = timeline.width_seconds();
    let open: Vec<u64> = timeline.open_at_ends().collect();
    let most = open.iter().copied().max().unwrap_or(0);
    let x = Scale::new((0.0, (width * slices as u64) as f64), (LEFT, RIGHT));
    let y = Scale::new((0.0, most.max(1) as f64), (BOTTOM, TOP));
    // The first count is known at the end of the first slice: nothing is drawn before it.
    let points = (1_u64..).zip(&open).map(|(slice, open)| {
        let at = (slice * width) as f64;
        (x.at(at), y.at(*open as f64))
    });
    let line = Path::through(points);
    let label = format!("Streams open over time, at most {}", number::count(most));
    html! {
        section aria-labelledby="open" {
            h2 id="open" { "Streams open over time" }
            figure {
                div class="scroll" tabindex="0" role="group" aria-labelledby="open" {
                    svg viewBox="0 0 720 172" role="img" aria-label=(label) {
                        @for tick in whole(&y.ticks(4)) {
                            path d=(Path::through([(LEFT, y.at(tick)), (RIGHT, y.at(tick))]).as_str()) {}
                            text x="54" y=(format!("{:.1}", y.at(tick) + 4.0)) text-anchor="end" { (number::significant(tick)) }
                        }
                        @for tick in x.ticks(6) {
                            text x=(format!("{:.1}", x.at(tick))) y="152" text-anchor="middle" { (number::significant(tick)) " s" }
                        }
                        text x="381" y="169" text-anchor="middle" { "time since the first slice" }
                        path class="a" d=(line.as_str()) {}
                    }
                }
                figcaption { "Counted at the end of every " (number::count(width)) " s. A run closes its own streams when it ends." }
            }
        }
    }
}

/// There is no half of a stream.
fn whole(ticks: &[f64]) -> Vec<f64> {
    let ticks = ticks.iter().copied();
    ticks.filter(|tick| tick.fract() == 0.0).collect()
}
