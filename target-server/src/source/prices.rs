//! Live stock prices: a seeded random walk, written as events that carry their own times.
//! It computes bytes from values; when and to whom they go is not its concern.

use std::time::Duration;

use sse_wire::Frame as Block;

use super::schedule::Jitter;
use crate::clock::Nanos;
use crate::frame::{Author, Frame, Stamp};
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
    author: Author,
    cents: [u64; SYMBOLS.len()],
}

const SYMBOLS: [&str; 5] = ["ACME", "BOLT", "CRUX", "DYNE", "ECHO"];
const LOWEST_CENTS: u64 = 100;
const HIGHEST_CENTS: u64 = 999_999;

impl PriceFeed {
    /// A walk that starts at 100.00 for every symbol.
    pub(crate) fn new(spec: PricesSpec, author: Author) -> Self {
        Self {
            spec,
            author,
            cents: [10_000; SYMBOLS.len()],
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
        let cents = (self.cents[symbol] + random.below(101)).saturating_sub(50);
        self.cents[symbol] = cents.clamp(LOWEST_CENTS, HIGHEST_CENTS);
        let mut data = price_data(stamp, self.author, SYMBOLS[symbol], self.cents[symbol]);
        if let Some(size) = self.spec.size {
            let missing = size.saturating_sub(frame(stamp, &data).plain().len());
            pad(&mut data, missing, self.spec.pad, &mut random);
        }
        frame(stamp, &data)
    }
}

/// The smallest `size` that every event of the first ten thousand million fits in.
pub(crate) fn smallest_size() -> usize {
    let widest = Nanos(u64::MAX >> 1);
    let stamp = Stamp {
        seq: 9_999_999_999,
        due: widest,
        emitted: widest,
    };
    let author = Author {
        instance: u32::MAX,
        ..Author::default()
    };
    let data = price_data(stamp, author, SYMBOLS[0], HIGHEST_CENTS);
    frame(stamp, &data).plain().len() + PAD_BEFORE.len() + PAD_AFTER.len()
}

const PAD_BEFORE: &str = ",\"pad\":\"";
const PAD_AFTER: &str = "\"";

fn price_data(stamp: Stamp, author: Author, symbol: &str, cents: u64) -> String {
    let Stamp { seq, due, emitted } = author.shown(stamp);
    let instance = author.instance;
    let (whole, part) = (cents / 100, cents % 100);
    format!(
        "{{\"seq\":{seq},\"due\":{due},\"emitted\":{emitted},\"instance\":{instance},\
         \"symbol\":\"{symbol}\",\"price\":{whole}.{part:02}}}"
    )
}

fn frame(stamp: Stamp, data: &str) -> Frame {
    let id = stamp.seq.to_string();
    let block = Block {
        name: Some("price"),
        id: Some(&id),
        data: Some(data),
        ..Block::default()
    };
    Frame::event(stamp, &block).expect("neither name nor number has a line end")
}

/// Makes the object `missing` bytes longer by a last field, or as much as the field takes at least.
fn pad(data: &mut String, missing: usize, pad: Pad, random: &mut Random) {
    let letters = missing.saturating_sub(PAD_BEFORE.len() + PAD_AFTER.len());
    data.pop();
    data.push_str(PAD_BEFORE);
    match pad {
        Pad::Constant => data.extend(std::iter::repeat_n('x', letters)),
        Pad::Random => data.extend(random_letters(random).take(letters)),
    }
    data.push_str(PAD_AFTER);
    data.push('}');
}

/// Ten letters from each draw of 64 bits.
fn random_letters(random: &mut Random) -> impl Iterator<Item = char> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::iter::repeat_with(|| random.bits()).flat_map(|bits| {
        (0..10).map(move |position| char::from(ALPHABET[(bits >> (6 * position)) as usize & 63]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn author(instance: u32) -> Author {
        Author {
            instance,
            ..Author::default()
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
        let frame = PriceFeed::new(spec(None, Pad::Constant), author(42)).event(stamp(7));
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
                let mut feed = PriceFeed::new(spec(Some(size), pad), author(u32::MAX));
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
        let mut feed = PriceFeed::new(spec(Some(1_000), Pad::Random), author(1));
        assert_ne!(
            feed.event(stamp(1)).plain()[400..],
            feed.event(stamp(2)).plain()[400..]
        );
    }

    #[test]
    fn prices_walk_but_stay_inside_their_range() {
        let mut feed = PriceFeed::new(spec(None, Pad::Constant), author(1));
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
