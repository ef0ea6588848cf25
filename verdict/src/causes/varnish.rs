//! Varnish: fetching whole objects, and compressing on the way.

use run_record::verdict::Confidence::Low;

use super::clues::{Clues, Shape};
use super::{ByDefault, Case, Entry, Sure, cure};
use crate::vocabulary::Sign;

const PLACE: &str = "vcl_backend_response";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "varnish.do-stream",
        component: "Varnish",
        versions: "7.1 with beresp.do_stream = false",
        by_default: ByDefault::No,
        shows: &[Sign::EndContentLength],
        what: "fetches the whole response before it sends any of it",
        betrays: "X-Varnish, a length, and Age as old as the stream is long",
        cures: &[cure(
            "send while fetching, which is the default",
            "set beresp.do_stream = true;",
            PLACE,
        )],
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: whole_object,
    },
    Entry {
        code: "varnish.esi",
        component: "Varnish",
        versions: "7.1 with beresp.do_esi = true",
        by_default: ByDefault::No,
        shows: &[Sign::EndContentLength],
        what: "parses the whole response for edge-side includes before it sends any of it",
        betrays: "as varnish.do-stream",
        cures: &[cure(
            "do not parse event streams",
            "set beresp.do_esi = false;",
            PLACE,
        )],
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: whole_object,
    },
    Entry {
        code: "varnish.gzip",
        component: "Varnish",
        versions: "7.1 with beresp.do_gzip = true",
        by_default: ByDefault::No,
        shows: &[Sign::HoldCompressor, Sign::BatchedSize],
        what: "compresses without flushing after each event",
        betrays: "X-Varnish, the head and 10 bytes of gzip at once, then steps of 12 to 17 KiB",
        cures: &[
            cure(
                "do not compress event streams",
                "set beresp.do_gzip = false;",
                PLACE,
            ),
            cure("or do not look into them", "return (pipe);", "vcl_recv"),
        ],
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: gzip,
    },
];

/// `Age` counts from the beginning of the fetch: as old as the response is long,
/// the object was complete before it was sent.
fn whole_object(clues: &Clues) -> Option<Case> {
    clues.collected()?;
    clues.header("x-varnish")?;
    let age: f64 = clues.header("age")?.parse().ok()?;
    let is_length = age >= 1.0 && (age - clues.seconds).abs() <= 1.5;
    is_length.then(|| {
        Case::strong("Content-Length on a stream").and_strong(format!(
            "X-Varnish, and Age: {age} is the length of the response"
        ))
    })
}

fn gzip(clues: &Clues) -> Option<Case> {
    clues.header("x-varnish")?;
    let Some(case) = clues.compressor() else {
        return preamble_and_steps(clues);
    };
    let case = case.and_weak("X-Varnish");
    let is_of_application = clues.header("x-powered-by").is_some() || !clues.begins_with_preamble;
    Some(if is_of_application {
        case.at_most(Low)
    } else {
        case.and_weak("the preamble of gzip came at once")
    })
}

/// For clients without Accept-Encoding Varnish takes its gzip off again: they are held too.
fn preamble_and_steps(clues: &Clues) -> Option<Case> {
    let is_grouped = matches!(
        clues.shape,
        Shape::Size(_) | Shape::Irregular(_) | Shape::Either(_)
    );
    let is_of_application = clues.header("x-powered-by").is_some();
    (clues.is_coded() && clues.begins_with_preamble && is_grouped && !is_of_application).then(
        || {
            Case::weak("the preamble of gzip at once, then blocks")
                .and_weak("X-Varnish")
                .at_most(Low)
        },
    )
}
