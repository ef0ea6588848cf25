//! Events that were held once, or only at the beginning, in a stream that is live otherwise.

use run_record::verdict::Finding;

use super::{info, warn};
use crate::conclusion::Conclusion;
use crate::signature::{Pause, Signature};
use crate::text::{ms, plural};

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let is_stamped = conclusion.shown().timeline.role.has_stamps();
    match &conclusion.delivery.signature {
        Signature::Live(live) => {
            findings.extend(live.pauses.iter().map(|pause| finding(pause, is_stamped)));
        }
        Signature::FirstLate(pause) => findings.push(finding(pause, is_stamped)),
        _ => {}
    }
}

fn finding(pause: &Pause, is_stamped: bool) -> Finding {
    let events = plural(pause.events as u64, "event");
    let (at, held) = (ms(pause.at), ms(pause.held));
    match (pause.is_first, is_stamped) {
        (true, true) => warn(
            "first.late",
            format!("the first {events} were held for {held} and came together at {at}"),
        ),
        (true, false) => info(
            "backlog.on-connect",
            format!("{events} came together at {at}: a backlog, or held"),
        ),
        (false, true) => warn(
            "stall.once",
            format!("{events} were held for {held} and came together at {at}"),
        ),
        (false, false) => info(
            "stall.once",
            format!("nothing for {held}, then {events} together at {at}"),
        ),
    }
}
