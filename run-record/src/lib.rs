//! What a run leaves behind: the versioned, mergeable result.
//!
//! Everything here is data with one `merge`, commutative and associative, so that the shards of
//! a run (workers, processes, machines) add up to what one observer would have written. The
//! crate knows no clock, no socket and no file: times come in as values, bytes go out as values.

pub mod baseline;
pub mod benchmark;
pub mod breakdown;
pub mod capacity;
pub mod check;
pub mod counters;
pub mod diff;
pub mod end;
pub mod environment;
pub mod errors;
pub mod fanout;
pub mod hiccups;
pub mod histograms;
pub mod hops;
pub mod limits;
pub mod live;
pub mod matrix;
pub mod measured;
pub mod metric;
pub mod octaves;
pub mod offset;
pub mod plan;
pub mod probe;
pub mod quantile;
pub mod record;
pub mod redact;
pub mod self_check;
pub mod selftest;
pub mod stored_histogram;
pub mod text;
pub mod time;
pub mod timeline;
pub mod traces;
pub mod verdict;
pub mod watched;
pub mod worst;
