//! Framing that hides the end of the response.

use run_record::verdict::Finding;

use super::{warn, with_remedy};
use crate::conclusion::Conclusion;
use crate::observations::Version;

/// Neither length nor chunks nor a close: the end is invisible (causes 2.1).
pub(super) fn find(conclusion: &Conclusion, findings: &mut Vec<Finding>) {
    let Some(head) = &conclusion.shown().timeline.probe.head else {
        return;
    };
    let keeps_alive = head
        .header("connection")
        .map_or(head.version == Version::Http11, |value| {
            value.eq_ignore_ascii_case("keep-alive")
        });
    let is_framed = head.is_chunked() || head.content_length().is_some();
    if head.status == 200 && head.version != Version::Http2 && keeps_alive && !is_framed {
        let text = "neither Content-Length nor chunks, and the connection stays open: a client cannot see the end".into();
        findings.push(with_remedy(
            warn("framing.bad", text),
            "send Transfer-Encoding: chunked, or Connection: close",
        ));
    }
}
