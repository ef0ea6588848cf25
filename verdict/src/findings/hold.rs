//! What about a hold remains open.

use run_record::verdict::Finding;

use super::{info, with_remedy};
use crate::conclusion::Conclusion;
use crate::signature::Signature;
use crate::text::bytes;

/// A block larger than the whole response looks like a hold to the end (causes 2.4.4).
pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let Signature::Whole(whole) = &conclusion.delivery.signature else {
        return;
    };
    if whole.has_length || whole.exceeds_known_blocks() || conclusion.delivery.is_compressor {
        return;
    }
    let text = format!(
        "at least {} were held: a buffer of more than that, emptied by the end, looks the same",
        bytes(whole.held as f64)
    );
    findings.push(with_remedy(
        info("hold.size-unknown", text),
        "run it with larger events or for longer",
    ));
}
