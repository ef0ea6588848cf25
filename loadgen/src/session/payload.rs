//! What an event says about itself: its number and its times.
//!
//! Pure and free of allocation; knows target-server's payload by its shape, everything else by the plan.

use crate::plan::{SequenceSource, ServerReading, StampSource};
use run_record::time::{Nanos, Wall};

/// What one event says about itself. Absent is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its place in the sequence.
    pub seq: Option<u64>,
    /// When it should have been emitted.
    pub due: Option<Wall>,
    /// When the server built the frame, or the send time that `--sent-at` names.
    pub emitted: Option<Wall>,
    /// `due` and `emitted` can be off by this: they are of another machine's clock.
    pub clock_bound: Nanos,
    /// The same for all copies of one publication and different for any two, as far as can be told.
    pub publication: Option<u64>,
    /// The process that emitted it, where the payload is target-server's.
    pub instance: Option<u32>,
    /// The number came from target-server or from a source the user named, not from an id that may mean anything.
    pub trusted: bool,
}

/// Reads the facts of an event by the sources of the plan.
pub fn facts(data: &[u8], id: &[u8], stamps: &StampSource, sequence: &SequenceSource) -> Facts {
    let own = if matches!(stamps, StampSource::Auto) || matches!(sequence, SequenceSource::Auto) {
        target_server(data)
    } else {
        None
    };
    let mut facts = Facts::default();
    match stamps {
        StampSource::Auto => {
            (facts.due, facts.emitted) = own.map_or((None, None), |own| (own.due, own.emitted));
            facts.instance = own.and_then(|own| own.instance);
        }
        StampSource::Json {
            pointer,
            unit,
            boot,
        } => {
            let time = pointer.extract_time(data, *unit);
            facts.emitted = time.map(|time| on_the_wall(time, *boot));
        }
        StampSource::None => {}
    }
    facts.trusted = true;
    match sequence {
        SequenceSource::Auto => match own {
            Some(own) => (facts.seq, facts.instance) = (own.seq, own.instance),
            None => (facts.seq, facts.trusted) = (number(id), false),
        },
        SequenceSource::Id => facts.seq = number(id),
        SequenceSource::Json { pointer } => facts.seq = pointer.extract_number(data),
        SequenceSource::None => {}
    }
    // One frame serves all subscribers of an event: an equal send time of one process is one event.
    let process = u64::from(facts.instance.unwrap_or_default()).rotate_left(40);
    facts.publication = facts.emitted.map(|emitted| emitted.0 ^ process);
    facts
}

/// A time since the machine began, on the wall clock: no wall clock of a live stream says 1973.
fn on_the_wall(time: u64, boot: Option<Wall>) -> Wall {
    const OF_1973: u64 = 100_000_000_000_000_000;
    match boot {
        Some(boot) if time < OF_1973 => Wall(boot.0 + time),
        _ => Wall(time),
    }
}

impl Facts {
    /// The same with its times on this machine's clock, or without them where nobody knows what they are on it.
    #[must_use]
    pub fn on_our_clock(self, server: ServerReading) -> Facts {
        let ours = |theirs: Option<Wall>| theirs.and_then(|theirs| server.ours(theirs));
        Facts {
            due: ours(self.due),
            emitted: ours(self.emitted),
            clock_bound: server.bound(),
            ..self
        }
    }

    /// Whether it says when it was sent.
    pub fn has_time(&self) -> bool {
        self.due.is_some() || self.emitted.is_some()
    }
}

/// The first fields of target-server's payload, in the order in which it writes them:
/// `{"seq":N,"due":NS,"emitted":NS,"instance":N`.
fn target_server(data: &[u8]) -> Option<Facts> {
    let mut rest = data;
    let seq = field(&mut rest, b"{\"seq\":")?;
    let due = field(&mut rest, b",\"due\":")?;
    let emitted = field(&mut rest, b",\"emitted\":")?;
    let instance = field(&mut rest, b",\"instance\":")?;
    Some(Facts {
        seq: Some(seq),
        due: Some(Wall(due)),
        emitted: Some(Wall(emitted)),
        instance: u32::try_from(instance).ok(),
        trusted: true,
        ..Facts::default()
    })
}

fn field(rest: &mut &[u8], key: &[u8]) -> Option<u64> {
    let digits = rest.strip_prefix(key)?;
    let length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, after) = digits.split_at(length);
    *rest = after;
    number(digits)
}

/// A whole decimal number of at most 19 digits, which always fits.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 19 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0')),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{JsonPath, TimeUnit};

    const OWN: &[u8] = br#"{"seq":7,"due":1700000000000000001,"emitted":1700000000000000002,"instance":42,"symbol":"ACME","price":1.5}"#;

    #[test]
    fn times_are_put_on_our_clock_and_a_publication_stays_what_it_is() {
        let theirs = facts(OWN, b"7", &StampSource::Auto, &SequenceSource::Auto);
        let ahead = ServerReading::Ahead {
            nanos: 1_000,
            bound: Nanos(30),
        };
        let ours = theirs.on_our_clock(ahead);
        assert_eq!(ours.due, Some(Wall(1_699_999_999_999_999_001)));
        assert_eq!(ours.emitted, Some(Wall(1_699_999_999_999_999_002)));
        assert_eq!(ours.clock_bound, Nanos(30));
        let nobodys = theirs.on_our_clock(ServerReading::Unknown);
        assert!(theirs.has_time() && !nobodys.has_time());
        // Workers read the offset at different times: what they call one publication must not depend on it.
        assert!(theirs.publication.is_some());
        assert_eq!(ours.publication, theirs.publication);
        assert_eq!(nobodys.publication, theirs.publication);
    }

    #[test]
    fn target_server_is_recognised_by_itself() {
        let facts = facts(OWN, b"9", &StampSource::Auto, &SequenceSource::Auto);
        assert_eq!(facts.seq, Some(7));
        assert_eq!(facts.due, Some(Wall(1_700_000_000_000_000_001)));
        assert_eq!(facts.emitted, Some(Wall(1_700_000_000_000_000_002)));
        assert_eq!((facts.instance, facts.trusted), (Some(42), true));
    }

    #[test]
    fn anything_else_has_its_id_and_that_is_not_trusted() {
        let foreign = facts(
            br#"{"price":1}"#,
            b"12",
            &StampSource::Auto,
            &SequenceSource::Auto,
        );
        assert_eq!(
            (foreign.seq, foreign.trusted, foreign.emitted),
            (Some(12), false, None)
        );
        for id in [&b""[..], b"+5", b"12a", b"99999999999999999999"] {
            assert_eq!(
                facts(b"x", id, &StampSource::Auto, &SequenceSource::Auto).seq,
                None
            );
        }
    }

    #[test]
    fn the_monotonic_clock_of_this_machine_is_put_on_the_wall() {
        let source = |boot| StampSource::Json {
            pointer: JsonPath::parse("/t").unwrap(),
            unit: TimeUnit::Seconds,
            boot,
        };
        let emitted = |data: &[u8], boot: Option<Wall>| {
            facts(data, b"", &source(boot), &SequenceSource::None).emitted
        };
        let boot = Some(Wall(1_700_000_000_000_000_000));
        let uptime = br#"{"t":12.5}"#;
        assert_eq!(emitted(uptime, boot), Some(Wall(1_700_000_012_500_000_000)));
        assert_eq!(emitted(uptime, None), Some(Wall(12_500_000_000)));
        let wall = br#"{"t":1700000001}"#;
        assert_eq!(emitted(wall, boot), Some(Wall(1_700_000_001_000_000_000)));
    }

    #[test]
    fn none_reads_nothing() {
        let facts = facts(OWN, b"9", &StampSource::None, &SequenceSource::None);
        assert_eq!((facts.seq, facts.due, facts.emitted), (None, None, None));
    }
}
