//! The header by which the operator finds a request in his logs.

use super::head::Head;

/// Its name, and its value as far as it is kept.
#[derive(Debug)]
pub(super) struct RequestId {
    name: &'static str,
    value: Box<str>,
}

impl RequestId {
    /// In order of preference; all of them name one request in somebody's log.
    const NAMES: [&str; 7] = [
        "x-request-id",
        "request-id",
        "x-correlation-id",
        "x-amzn-trace-id",
        "traceparent",
        "cf-ray",
        "x-trace-id",
    ];
    /// A longer value is cut: it is kept once for each connection.
    const MOST_CHARS: usize = 128;

    /// The first of them that a head carries.
    pub(super) fn of(head: &Head) -> Option<Box<RequestId>> {
        Self::NAMES.iter().find_map(|name| {
            let value: String = head.field(name)?.chars().take(Self::MOST_CHARS).collect();
            Some(Box::new(RequestId {
                name,
                value: value.into(),
            }))
        })
    }

    /// Name and value.
    pub(super) fn as_pair(&self) -> (&'static str, &str) {
        (self.name, &self.value)
    }
}
