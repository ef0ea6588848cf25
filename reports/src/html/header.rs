//! What was tested, when and with what; and the command to do it again.

use maud::{Markup, html};
use run_record::record::{Kind, RunRecord};

use super::parts::{copyable, text};
use crate::{command, number};

pub(super) fn header(record: &RunRecord) -> Markup {
    let ran = record.ended.epoch_us - record.started.epoch_us;
    let asked = number::count(record.plan.connections);
    html! {
        header {
            h1 { (text(&record.plan.url)) }
            p {
                (text(&record.plan.method)) " · " (text(&record.started.utc)) " · " (number::time(ran)) " · "
                @match (record.kind, record.plan.connections) {
                    (Kind::Run, 1) => "1 connection asked for",
                    (Kind::Run, _) => { (asked) " connections asked for" },
                    (_, 1) => "1 request",
                    _ => { (asked) " requests" },
                }
            }
            details {
                summary { "How it was measured" }
                @for machine in &record.environments {
                    p {
                        "streamgauge " (text(&machine.tool)) " · " (text(&machine.os)) " " (text(&machine.kernel)) " · "
                        (machine.cores) " cores · " (number::bytes(machine.memory_bytes)) " of memory"
                    }
                }
                @if let Some(command) = command::typed(&record.plan) { (copyable(&command)) }
            }
        }
    }
}
