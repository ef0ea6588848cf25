//! What this process missed by itself.

use run_record::verdict::Finding;

use super::info;
use crate::conclusion::Conclusion;
use crate::text::{ms, plural};

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let stalls = || {
        conclusion
            .readings
            .all()
            .iter()
            .flat_map(|reading| &reading.timeline.probe.stalls)
    };
    let longest = stalls().map(|stall| stall.width()).max();
    if let Some(longest) = longest {
        let times = plural(stalls().count() as u64, "time");
        let longest = ms(longest.as_micros_f64() / 1e3);
        let text = format!(
            "this process did not run {times}, up to {longest}; nothing of that is charged to the server"
        );
        findings.push(info("own.stall", text));
    }
}
