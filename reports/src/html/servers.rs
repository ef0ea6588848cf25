//! The servers behind one name, side by side: by remote address, and by a response header.

use maud::{Markup, html};
use run_record::breakdown::Portion;
use run_record::metric::Metric;
use run_record::record::RunRecord;

use super::parts::{Cell, Head, section, table, text};
use crate::number;
use crate::servers::{Name, Servers, quantiles};

/// One table for each breakdown; nothing where there is one server only.
pub(super) fn section_of(record: &RunRecord) -> Markup {
    let servers = Servers::of(&record.measured);
    if servers.is_empty() {
        return Markup::default();
    }
    let body = html! {
        @for servers in &servers {
            p { "By " (text(servers.by)) ":" }
            (table(&heads(servers), &servers.rows.iter().map(|row| cells(servers, row)).collect::<Vec<_>>()))
        }
        p class="note" { "Quantiles are at most 1 % too high. A dash: too few samples to say it." }
    };
    section("servers", "Server by server", &body)
}

fn heads(servers: &Servers<'_>) -> Vec<Head> {
    let mut heads = vec![
        Head::Words("server"),
        Head::Number("streams"),
        Head::Number("failed"),
        Head::Number("ended by it"),
        Head::Number("events"),
        Head::Number("lost"),
        Head::Number("first event p50"),
        Head::Number("first event p99"),
    ];
    heads.extend(match servers.lateness {
        Some(Metric::Delivery) => {
            vec![Head::Number("delivery p50"), Head::Number("delivery p99")]
        }
        Some(_) => vec![Head::Number("transit p50"), Head::Number("transit p99")],
        None => Vec::new(),
    });
    heads
}

fn cells(servers: &Servers<'_>, (name, portion): &(Name<'_>, &Portion)) -> Vec<Cell> {
    let mut cells = vec![match name {
        Name::Own(own) => Cell::of(text(own)),
        Name::Without => Cell::own("without it"),
        Name::Others => Cell::own("all others"),
    }];
    let count = |count: u64, is_bad: bool| {
        let shown = html! { (number::count(count)) };
        if is_bad && count > 0 {
            Cell::failed(shown)
        } else {
            Cell::of(shown)
        }
    };
    cells.extend([
        count(portion.connections, false),
        count(portion.failed, true),
        count(portion.ended, false),
        count(portion.events, false),
        count(portion.lost, true),
    ]);
    for metric in [Metric::FirstEvent].into_iter().chain(servers.lateness) {
        for time in quantiles(portion, metric) {
            cells.push(Cell::own(
                &time.map_or_else(|| "-".to_owned(), number::time),
            ));
        }
    }
    cells
}
