//! What went wrong during a run, grouped by kind: how often, when, and one sample of each.
//!
//! Kinds are a closed set, so that errors take bounded memory however many there are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Wall;

/// The longest sample text that is kept, in characters.
pub const MAX_SAMPLE_CHARS: usize = 200;

macro_rules! error_kinds {
    ($($(#[$meta:meta])* $kind:ident = $name:literal,)+) => {
        /// What went wrong with a connection or a stream.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorKind {
            $($(#[$meta])* $kind,)+
            /// The response had a status that is no stream; 204 among them. In a record:
            /// `status_503`.
            Status(u16),
        }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$kind => f.write_str($name),)+
                    Self::Status(status) => write!(f, "status_{status}"),
                }
            }
        }

        impl ErrorKind {
            /// Every kind but the statuses.
            pub const NAMED: &[Self] = &[$(Self::$kind),+];
        }
    };
}

error_kinds! {
    /// The name could not be resolved.
    NameResolution = "name_resolution",
    /// Nothing listens there.
    ConnectRefused = "connect_refused",
    /// No answer to the connection attempt in time.
    ConnectTimeout = "connect_timeout",
    /// The address cannot be reached.
    Unreachable = "unreachable",
    /// Connecting failed for another reason.
    Connect = "connect",
    /// The TLS handshake failed.
    TlsHandshake = "tls_handshake",
    /// The certificate was not accepted.
    TlsCertificate = "tls_certificate",
    /// TLS failed after the handshake.
    Tls = "tls",
    /// The request could not be written.
    Write = "write",
    /// No response head in time.
    HeadTimeout = "head_timeout",
    /// The connection closed before the response head was complete.
    HeadMissing = "head_missing",
    /// The response head is no HTTP.
    HeadInvalid = "head_invalid",
    /// The response head is larger than this tool takes.
    HeadTooLarge = "head_too_large",
    /// The content type is none that is accepted.
    ContentType = "content_type",
    /// A redirect that is not followed: too many, to another origin, or without a target.
    Redirect = "redirect",
    /// The other side reset the connection.
    Reset = "reset",
    /// The stream ended before its last chunk or its announced length.
    Truncated = "truncated",
    /// The chunked framing is broken.
    Framing = "framing",
    /// The content coding is unknown or its bytes are damaged.
    ContentCoding = "content_coding",
    /// A line or an event is larger than this tool takes.
    EventTooLarge = "event_too_large",
    /// Reading failed for another reason.
    Read = "read",
    /// This process has no descriptor left.
    NoDescriptor = "no_descriptor",
    /// This machine has no source port left.
    NoPort = "no_port",
    /// Something else; also what a later version of this tool calls by a name of its own.
    Other = "other",
}

/// A name that no kind of error has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind of error {0:?}")]
pub struct UnknownErrorKind(pub String);

impl FromStr for ErrorKind {
    type Err = UnknownErrorKind;

    fn from_str(name: &str) -> Result<Self, UnknownErrorKind> {
        let named = Self::NAMED
            .iter()
            .copied()
            .find(|kind| kind.to_string() == name);
        let status = || name.strip_prefix("status_")?.parse().ok().map(Self::Status);
        named
            .or_else(status)
            .ok_or_else(|| UnknownErrorKind(name.to_owned()))
    }
}

/// All errors of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorGroup {
    /// How many there were.
    pub count: u64,
    /// When the first happened.
    pub first_us: Wall,
    /// When the last happened.
    pub last_us: Wall,
    /// What the first one said; at most [`MAX_SAMPLE_CHARS`] characters of hostile text.
    pub sample: String,
}

impl ErrorGroup {
    fn merge(&mut self, other: &Self) {
        if (other.first_us, &other.sample) < (self.first_us, &self.sample) {
            self.first_us = other.first_us;
            self.sample.clone_from(&other.sample);
        }
        self.last_us = self.last_us.max(other.last_us);
        self.count = self.count.saturating_add(other.count);
    }
}

/// Errors by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    groups: BTreeMap<ErrorKind, ErrorGroup>,
}

impl Errors {
    /// Count an error. `sample` says what happened; it is kept for the first of a kind only.
    pub fn observe(&mut self, kind: ErrorKind, at: Wall, sample: &str) {
        let at = at.whole_micros();
        if let Some(group) = self.groups.get_mut(&kind)
            && at > group.first_us
        {
            // The usual case, without a copy of the text.
            group.count = group.count.saturating_add(1);
            group.last_us = group.last_us.max(at);
            return;
        }
        let sample = sample.chars().take(MAX_SAMPLE_CHARS).collect();
        self.add(
            kind,
            &ErrorGroup {
                count: 1,
                first_us: at,
                last_us: at,
                sample,
            },
        );
    }

    /// Add the errors of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (&kind, group) in &other.groups {
            self.add(kind, group);
        }
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.groups.clear();
    }

    /// How many errors of a kind there were.
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.groups.get(&kind).map_or(0, |group| group.count)
    }

    /// Whether there was no error.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Kind and group, the most frequent first.
    pub fn by_count(&self) -> Vec<(ErrorKind, &ErrorGroup)> {
        let mut groups: Vec<_> = self
            .groups
            .iter()
            .map(|(&kind, group)| (kind, group))
            .collect();
        groups.sort_by_key(|(kind, group)| (std::cmp::Reverse(group.count), *kind));
        groups
    }

    fn add(&mut self, kind: ErrorKind, group: &ErrorGroup) {
        self.groups
            .entry(kind)
            .and_modify(|known| known.merge(group))
            .or_insert_with(|| group.clone());
    }
}

impl Serialize for Errors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.groups
                .iter()
                .map(|(kind, group)| (kind.to_string(), group)),
        )
    }
}

impl<'de> Deserialize<'de> for Errors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = BTreeMap::<String, ErrorGroup>::deserialize(deserializer)?;
        let mut errors = Self::default();
        for (name, group) in stored {
            // A later minor version may know more kinds.
            errors.add(name.parse().unwrap_or(ErrorKind::Other), &group);
        }
        Ok(errors)
    }
}

impl JsonSchema for Errors {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Errors".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        BTreeMap::<String, ErrorGroup>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn observed(happenings: &[(u8, u64, String)]) -> Errors {
        let mut errors = Errors::default();
        for (kind, micros, text) in happenings {
            let kind = match kind % 3 {
                0 => ErrorKind::Reset,
                1 => ErrorKind::Status(503),
                _ => ErrorKind::Other,
            };
            errors.observe(kind, Wall::from_epoch_micros(micros % 5), text);
        }
        errors
    }

    proptest! {
        #[test]
        fn no_order_and_no_sharding_changes_the_groups(
            a in prop::collection::vec((0_u8..3, 0_u64..5, "[ab]{0,2}"), 0..12),
            b in prop::collection::vec((0_u8..3, 0_u64..5, "[ab]{0,2}"), 0..12),
        ) {
            let mut merged = observed(&b);
            merged.merge(&observed(&a));
            let whole = observed(&[a, b].concat());
            prop_assert_eq!(&merged, &whole);
            let json = serde_json::to_string(&whole).unwrap();
            prop_assert_eq!(serde_json::from_str::<Errors>(&json).unwrap(), whole);
        }
    }

    #[test]
    fn each_kind_is_found_by_its_name() {
        for &kind in ErrorKind::NAMED.iter().chain(&[ErrorKind::Status(204)]) {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("status_x".parse::<ErrorKind>().is_err());
    }

    #[test]
    fn a_kind_of_a_later_version_counts_as_other() {
        let json = r#"{"quic": {"count": 2, "first_us": 1, "last_us": 2, "sample": "?"}}"#;
        assert_eq!(
            serde_json::from_str::<Errors>(json)
                .unwrap()
                .count(ErrorKind::Other),
            2
        );
    }

    #[test]
    fn a_sample_is_bounded() {
        let mut errors = Errors::default();
        errors.observe(ErrorKind::Other, Wall(0), &"ä".repeat(1_000));
        assert_eq!(
            errors.by_count()[0].1.sample.chars().count(),
            MAX_SAMPLE_CHARS
        );
    }
}
