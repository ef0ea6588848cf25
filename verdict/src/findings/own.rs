//! What this process missed by itself.

use run_record::time::Nanos;
use run_record::verdict::Finding;

use super::info;
use crate::conclusion::Conclusion;
use crate::text::{ms, plural};

/// Shorter ones are the noise of any machine, and are taken into account all the same.
const NOTABLE: Nanos = Nanos::from_millis(20);

pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let stalls = || {
        conclusion
            .readings
            .all()
            .iter()
            .flat_map(|reading| &reading.timeline.probe.stalls)
    };
    let longest = stalls().map(|stall| stall.width()).max();
    if let Some(longest) = longest.filter(|longest| *longest >= NOTABLE) {
        let times = plural(stalls().count() as u64, "time");
        let longest = ms(longest.as_micros_f64() / 1e3);
        let text = format!(
            "this process did not run {times}, up to {longest}; nothing of that is charged to the server"
        );
        findings.push(info("own.stall", text));
    }
}
