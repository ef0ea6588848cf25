//! What the programs of this crate share: other processes, their CPU time and memory, and statistics over rounds.

pub mod arguments;
pub mod client;
pub mod clock;
pub mod contenders;
pub mod measure;
pub mod process;
pub mod rounds;
pub mod samples;
pub mod target;
