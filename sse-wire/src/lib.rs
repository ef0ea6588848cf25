//! The text/event-stream format: an incremental, eager decoder and an encoder.
//!
//! Bytes in, items out: this crate knows no socket, no clock and no thread.
//!
//! ```
//! use sse_wire::{Decoder, Item, Limits};
//!
//! let mut decoder = Decoder::new(Limits::default());
//! let mut prices = Vec::new();
//! for read in [&b"event: price\nda"[..], b"ta: 17.25\n", b"\n"] {
//!     decoder.decode(read, |item| {
//!         if let Item::Event(event) = item {
//!             prices.push((event.name().into_owned(), event.data().into_owned()));
//!         }
//!     })?;
//! }
//! assert_eq!(prices, [("price".to_owned(), "17.25".to_owned())]);
//! # Ok::<(), sse_wire::DecodeError>(())
//! ```
//!
//! Source: WHATWG HTML, section 9.2 "Server-sent events".
#![no_std]

extern crate alloc;

mod decoder;
mod encoder;
mod item;
mod limits;

pub use decoder::{Decoder, RETAINED_BYTES, Unfinished};
pub use encoder::{EncodeError, Frame};
pub use item::{Event, Item};
pub use limits::{DecodeError, Limits};
