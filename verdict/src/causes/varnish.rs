//! Varnish: fetching whole objects, and compressing on the way.

use run_record::verdict::Confidence::{High, Medium};

use super::clues::Clues;
use super::{Cure, Entry, Fit, Sure};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: "varnish.do-stream",
        component: "Varnish",
        versions: "7.1 with beresp.do_stream = false",
        what: "fetches the whole response before it sends any of it",
        cure: Cure {
            text: "send while fetching, which is the default",
            config: "set beresp.do_stream = true;",
            place: "vcl_backend_response",
        },
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: whole_object,
    },
    Entry {
        code: "varnish.esi",
        component: "Varnish",
        versions: "7.1 with beresp.do_esi = true",
        what: "parses the whole response for edge-side includes before it sends any of it",
        cure: Cure {
            text: "do not parse event streams",
            config: "set beresp.do_esi = false;",
            place: "vcl_backend_response",
        },
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: whole_object,
    },
    Entry {
        code: "varnish.gzip",
        component: "Varnish",
        versions: "7.1 with beresp.do_gzip = true",
        what: "compresses without flushing after each event",
        cure: Cure {
            text: "do not compress event streams",
            config: "set beresp.do_gzip = false;",
            place: "vcl_backend_response",
        },
        sure: Sure::Measured,
        source: "Varnish 7.1, measured",
        test: gzip,
    },
];

/// `Age` counts from the beginning of the fetch: as old as the response is long,
/// the object was complete before it was sent.
fn whole_object(clues: &Clues) -> Option<Fit> {
    let is_collected = clues.whole().is_some_and(|whole| whole.has_length);
    clues.head.header("x-varnish").filter(|_| is_collected)?;
    let age: f64 = clues.head.header("age")?.parse().ok()?;
    let is_length = age >= 1.0 && (age - clues.seconds).abs() <= 1.5;
    is_length.then(|| {
        let aged = format!("X-Varnish, and Age: {age} is the length of the response");
        Fit::new(High, ["Content-Length on a stream".into(), aged])
    })
}

fn gzip(clues: &Clues) -> Option<Fit> {
    (clues.is_compressor() && clues.head.header("x-varnish").is_some()).then(|| {
        Fit::new(
            Medium,
            ["late with Accept-Encoding only".into(), "X-Varnish".into()],
        )
    })
}
