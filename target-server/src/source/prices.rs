//! Live stock prices: a seeded random walk, written as events that carry their own times.
//! It computes bytes from values; when and to whom they go is not its concern.

use std::io::Write as _;
use std::time::Duration;

use super::schedule::Jitter;
use crate::frame::{Frame, Stamp};
use crate::random::Random;

/// What makes two subscribers of `/prices` share one ticker: equal values here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PricesSpec {
    /// Time between ticks, 100 us to 1 h.
    pub interval: Duration,
    /// How ticks are spread.
    pub jitter: Jitter,
    /// Events per tick, each with the same due time.
    pub burst: u32,
    /// Length of each event in bytes, blank line included; absent: as short as it is.
    pub size: Option<usize>,
    /// What fills an event up to its size.
    pub pad: Pad,
    /// Seed of prices, padding and jitter.
    pub seed: u64,
    /// A comment after each such time without an event.
    pub heartbeat: Option<Duration>,
}

/// What fills an event up to the size asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Pad {
    /// The letter x, of which a compressor leaves next to nothing.
    #[default]
    Constant,
    /// Random letters of a 64-letter alphabet: a compressor saves a quarter at most.
    Random,
}

/// The state of one walk over all symbols.
#[derive(Debug)]
pub(crate) struct PriceFeed {
    spec: PricesSpec,
    instance: u32,
    cents: [u64; SYMBOLS.len()],
    buffer: Vec<u8>,
}

const SYMBOLS: [&str; 5] = ["ACME", "BOLT", "CRUX", "DYNE", "ECHO"];
const LOWEST_CENTS: u64 = 100;
const HIGHEST_CENTS: u64 = 999_999;

impl PriceFeed {
    /// A walk that starts at 100.00 for every symbol.
    pub(crate) fn new(spec: PricesSpec, instance: u32) -> Self {
        Self {
            spec,
            instance,
            cents: [10_000; SYMBOLS.len()],
            buffer: Vec::new(),
        }
    }

    /// The parameters it was made from.
    pub(crate) fn spec(&self) -> &PricesSpec {
        &self.spec
    }

    /// Builds the event of `stamp`; its bytes depend on the seed, the events before it, and the stamp alone.
    pub(crate) fn event(&mut self, stamp: Stamp) -> Frame {
        let mut random = Random::for_event(self.spec.seed, stamp.seq);
        let symbol = random.below(SYMBOLS.len() as u64) as usize;
        self.cents[symbol] = (self.cents[symbol] + random.below(101))
            .saturating_sub(50)
            .clamp(LOWEST_CENTS, HIGHEST_CENTS);
        write_event(
            &mut self.buffer,
            stamp,
            self.instance,
            SYMBOLS[symbol],
            self.cents[symbol],
        );
        if let Some(size) = self.spec.size {
            pad_to(&mut self.buffer, size, self.spec.pad, &mut random);
        }
        Frame::event(stamp, &self.buffer)
    }
}

/// The smallest `size` that every event of the first ten thousand million fits in.
pub(crate) fn smallest_size() -> usize {
    let widest = crate::clock::Nanos(u64::MAX >> 1);
    let stamp = Stamp {
        seq: 9_999_999_999,
        due: widest,
        emitted: widest,
    };
    let mut buffer = Vec::new();
    write_event(&mut buffer, stamp, u32::MAX, SYMBOLS[0], HIGHEST_CENTS);
    buffer.len() + PAD_FIELD.len() + 1
}

const PAD_FIELD: &[u8] = b",\"pad\":\"";
const EVENT_TAIL: &[u8] = b"}\n\n";

fn write_event(buffer: &mut Vec<u8>, stamp: Stamp, instance: u32, symbol: &str, cents: u64) {
    let Stamp { seq, due, emitted } = stamp;
    buffer.clear();
    write!(
        buffer,
        "event: price\nid: {seq}\ndata: {{\"seq\":{seq},\"due\":{due},\"emitted\":{emitted},\"instance\":{instance},\
         \"symbol\":\"{symbol}\",\"price\":{}.{:02}}}\n\n",
        cents / 100,
        cents % 100
    )
    .expect("writing to memory cannot fail");
}

fn pad_to(buffer: &mut Vec<u8>, size: usize, pad: Pad, random: &mut Random) {
    let missing = size.saturating_sub(buffer.len() + PAD_FIELD.len() + 1);
    buffer.truncate(buffer.len() - EVENT_TAIL.len());
    buffer.extend_from_slice(PAD_FIELD);
    match pad {
        Pad::Constant => buffer.resize(buffer.len() + missing, b'x'),
        Pad::Random => buffer.extend(random_letters(random).take(missing)),
    }
    buffer.push(b'"');
    buffer.extend_from_slice(EVENT_TAIL);
}

/// Ten letters from each draw of 64 bits.
fn random_letters(random: &mut Random) -> impl Iterator<Item = u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::iter::repeat_with(|| random.bits()).flat_map(|bits| {
        (0..10).map(move |position| ALPHABET[(bits >> (6 * position)) as usize & 63])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;

    fn spec(size: Option<usize>, pad: Pad) -> PricesSpec {
        PricesSpec {
            interval: Duration::from_millis(100),
            jitter: Jitter::None,
            burst: 1,
            size,
            pad,
            seed: 1,
            heartbeat: None,
        }
    }

    fn stamp(seq: u64) -> Stamp {
        Stamp {
            seq,
            due: Nanos(1_700_000_000_000_000_000),
            emitted: Nanos(1_700_000_000_000_012_345),
        }
    }

    #[test]
    fn an_event_has_its_fields_in_the_documented_order() {
        let frame = PriceFeed::new(spec(None, Pad::Constant), 42).event(stamp(7));
        let text = String::from_utf8(frame.plain().to_vec()).unwrap();
        let start = "event: price\nid: 7\ndata: {\"seq\":7,\"due\":1700000000000000000,\
                     \"emitted\":1700000000000012345,\"instance\":42,\"symbol\":\"";
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("}\n\n"), "{text}");
        let data = text.lines().nth(2).unwrap().strip_prefix("data: ").unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert!(SYMBOLS.contains(&data["symbol"].as_str().unwrap()));
        assert!((99.0..101.0).contains(&data["price"].as_f64().unwrap()));
    }

    #[test]
    fn a_size_is_met_exactly_whatever_the_width_of_the_numbers() {
        for size in [smallest_size(), 500, 4096, 65_536] {
            for pad in [Pad::Constant, Pad::Random] {
                let mut feed = PriceFeed::new(spec(Some(size), pad), u32::MAX);
                for seq in [1, 99, 1_000_000, 9_999_999_999] {
                    let plain = feed.event(stamp(seq)).plain();
                    assert_eq!(plain.len(), size, "seq {seq}");
                    let text = std::str::from_utf8(&plain).unwrap();
                    let data = text.lines().nth(2).unwrap().strip_prefix("data: ").unwrap();
                    serde_json::from_str::<serde_json::Value>(data).unwrap();
                }
            }
        }
    }

    #[test]
    fn random_padding_does_not_repeat() {
        let mut feed = PriceFeed::new(spec(Some(1_000), Pad::Random), 1);
        assert_ne!(
            feed.event(stamp(1)).plain()[400..],
            feed.event(stamp(2)).plain()[400..]
        );
    }

    #[test]
    fn prices_walk_but_stay_inside_their_range() {
        let mut feed = PriceFeed::new(spec(None, Pad::Constant), 1);
        for seq in 1..100_000 {
            feed.event(stamp(seq));
        }
        assert!(
            feed.cents
                .iter()
                .all(|cents| (LOWEST_CENTS..=HIGHEST_CENTS).contains(cents))
        );
        assert!(feed.cents.iter().any(|&cents| cents != 10_000));
    }
}
