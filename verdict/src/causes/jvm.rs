//! The JVM: output buffers of servers, Spring's gateway, Jersey.

use run_record::verdict::Confidence::Low;

use super::clues::Clues;
use super::{ByDefault, Case, Entry, Sure, advice, cure, from_outside_nobody_can_tell};
use crate::chunks::Chunks;
use crate::text::bytes;
use crate::vocabulary::Sign;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "tomcat.output-buffer",
        component: "Tomcat",
        versions: "10.1.60 without a flush",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize, Sign::EndContentLength],
        what: "gathers 8,192 bytes before it sends",
        betrays: "chunks of 8,192 bytes, a charset behind the content type; a length where the stream is shorter",
        cures: &[cure(
            "flush after each event",
            "response.flushBuffer();",
            "the servlet, after each event",
        )],
        sure: Sure::Measured,
        source: "Tomcat 10.1.60, measured; spring-framework#30912",
        test: tomcat,
    },
    Entry {
        code: "spring.gateway-mvc",
        component: "spring-cloud-gateway-mvc",
        versions: "before it flushed after each write",
        by_default: ByDefault::Yes,
        shows: &[Sign::BatchedSize],
        what: "writes into Tomcat's buffer of 8,192 bytes and does not flush",
        betrays: "as tomcat.output-buffer",
        cures: &[advice("upgrade to a release that flushes after each write")],
        sure: Sure::Issue,
        source: "spring-cloud/spring-cloud-gateway#3410",
        test: from_outside_nobody_can_tell,
    },
    Entry {
        code: "jersey.gzip",
        component: "Jersey",
        versions: "with its GZIP filter",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor],
        what: "compresses without flushing after each event",
        betrays: "gzip, late with Accept-Encoding only",
        cures: &[cure(
            "let flush() reach the compressor",
            "new GZIPOutputStream(out, true)",
            "the filter, and flush after each event",
        )],
        sure: Sure::Issue,
        source: "javaee/jersey#3309",
        test: from_outside_nobody_can_tell,
    },
];

const BUFFER: f64 = 8192.0;

/// nginx with 8 KiB pages makes a shorter first chunk, Tomcat does not.
fn tomcat(clues: &Clues) -> Option<Case> {
    let is_other = clues.has_proxy_marks() || clues.is_signed_by("microsoft");
    if let Some(whole) = clues.collected() {
        let fits = clues.has_charset() && clues.is_anonymous() && whole.bytes <= BUFFER as u64;
        return fits.then(|| {
            Case::weak(format!(
                "{} with a length, and a charset as Tomcat adds it",
                bytes(whole.bytes as f64)
            ))
        });
    }
    let Chunks::Constant {
        bytes: block,
        first_shorter: false,
    } = clues.chunks
    else {
        return None;
    };
    clues.size().filter(|_| block == BUFFER && !is_other)?;
    let chunks = format!("chunks of {}, the first one too", bytes(block));
    Some(if clues.has_charset() {
        Case::strong(chunks).and_weak("a charset behind the content type, as Tomcat adds it")
    } else {
        Case::weak(chunks).at_most(Low)
    })
}
