//! What loadgen finds out about itself: that it was stopped, starved, given another time, or too slow; and what it says
//! of the server meanwhile.
//!
//! loadgen runs as a process of its own beside the server, one test at a time. The short form belongs to
//! `scripts/test`, the full one to `scripts/truth`.
#![cfg(test)]

mod beside;
mod classes;
mod clock_steps;
mod floor;
#[path = "../truth/gate.rs"]
#[expect(dead_code, reason = "the tests of the truth use the rest of it")]
mod gate;
mod hogs;
mod load;
mod processes;
mod stops;
#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;
mod witness;
