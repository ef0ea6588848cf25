//! Arrivals and headers in, a verdict with its evidence out.
//!
//! Pure: no clock, no socket, no file, no print. The caller makes requests and
//! writes down what came back ([`observations`]); [`diagnose`] says in one word
//! how the stream is delivered, and [`plan`] which request would tell more.
//!
//! ```
//! use verdict::observations::Observations;
//! let verdict = verdict::diagnose(&Observations::default());
//! assert_eq!(verdict.word.label(), "INCONCLUSIVE");
//! ```
//!
//! # The way of a diagnosis
//!
//! 1. `timeline` puts a probe on an axis of milliseconds and makes each arrival
//!    as narrow as its evidence allows.
//! 2. `releases` says what came together. Several events in one read prove a
//!    hold only if the socket was known to be empty shortly before.
//! 3. `signature` reads one probe, first match wins: no stream, silence, held to
//!    the end, one behind, held in groups, live, undecided.
//! 4. `weigh` compares the probes: a second rate separates size from time, a
//!    second size a short stream from a hold, a request without Accept-Encoding
//!    a compressor from all else.
//! 5. `cut` looks at the ends; `diagnose` takes the word by precedence; evidence,
//!    confidence, `causes`, `findings` and `not_tested` go beside it.
//!
//! Events with send times make a stream *cooperating*: how long each one waited
//! is known. Without them it is *foreign*: only that events came closer together
//! than usual is known, and a source that publishes in groups looks the same.
//!
//! # What must be observed
//!
//! The lower edge of every arrival is the last clock reading before the call that
//! found the socket empty. A caller that only wakes on data knows no such moment
//! for as long as the stream is silent, and gets INCONCLUSIVE: poll once a
//! millisecond while a probe runs.
//!
//! # The deciding table
//!
//! From how much data on each word can be said. `tests/scripted/deciding.rs` holds
//! INCONCLUSIVE to at most 3 % of the checks of just that length, from 1 to 200
//! events a second; below it, no word or another one that is true as well.
//!
//! | word | cooperating | foreign |
//! | --- | --- | --- |
//! | LIVE | 30 events, or 5 over 1 s | 30 events, or 5 over 4 s, each by itself |
//! | BATCHED by size *N* | 3 *N* bytes of body | 4 *N* bytes; 8 *N* where a block holds less than two events |
//! | BATCHED by time *T* | 3 releases; 5 events where *T* is shorter than the gap; *T* above 9 ms | 3 releases, *T* above 1.2 gaps; a shorter one shifts all events alike and reads as LIVE |
//! | BATCHED by event | 8 events | never: it reads as LIVE |
//! | BATCHED by first | two probes, 50 ms | never: LIVE, with the backlog as a finding |
//! | BUFFERED | the end, 5 events made over 0.1 s | the end after 2 s, 5 events; with Content-Length after 0.5 s |
//! | BUFFERED, endless | the server's log says 5 events were made | the same |
//! | BUFFERED, compressed | 10 events without Accept-Encoding, none with it | the same |
//! | CUT | broken framing, or more was asked for | broken framing; a clean end only if the same limit shows twice |
//! | NO STREAM | the head | the head |
//!
//! Size is told from time by blocks that end inside events, or by two rates; where
//! neither is to be had, the hold is `size-or-time`. One behind is told from a timer
//! of just one gap by two rates, or by gaps that vary.
//!
//! What that means in seconds, for a block of 4,096 bytes (cooperating / foreign):
//!
//! | events/s | 60 B | 300 B | 1 KiB |
//! | --- | --- | --- | --- |
//! | 2 | 102 / 137 | 20 / 27 | 6 / 8 |
//! | 10 | 20 / 27 | 4.1 / 5.5 | 1.2 / 1.6 |
//! | 50 | 4.1 / 5.5 | 0.8 / 1.1 | 0.2 / 0.3 |
//! | 200 | 1.0 / 1.4 | 0.2 / 0.3 | 0.1 / 0.1 |
//!
//! Before that it is silence, or a few events held. Where rate and size can be asked
//! for, [`plan::next`] asks for 50,000 bytes a second instead of waiting.

pub mod causes;
mod chunks;
mod conclusion;
mod confidence;
mod cut;
mod diagnose;
mod findings;
pub mod glossary;
pub mod hops;
mod loss;
pub mod media;
mod not_tested;
pub mod observations;
pub mod plan;
mod queue;
mod releases;
mod replay;
mod run;
mod sentences;
mod signature;
mod stats;
mod text;
mod timeline;
pub mod vocabulary;
mod weigh;

pub use diagnose::diagnose;
pub use run::of_run;
