//! What no stream shows by itself, only the comparison of two hops (`crate::hops`).

use super::{Cure, Entry, Sure};

pub(super) const ENTRIES: &[Entry] = &[Entry {
    code: "proxy.adds-accept-encoding",
    component: "a proxy that asks for compression",
    versions: "Caddy 2.11.7, Varnish 7.1, in front of an application that compresses",
    what: "asks its origin for compression although the client did not, and takes it off again: what the compressor of the application holds is late without a sign",
    cure: Cure {
        text: "let the proxy ask for no compression, or end the compression in the application",
        config: "transport http { compression off }",
        place: "Caddyfile reverse_proxy block",
    },
    sure: Sure::Measured,
    source: "Caddy 2.11.7 and Varnish 7.1 in front of express compression, measured",
    test: |_| None,
}];
