//! Times, against the truth log: what loadgen says about an event and what the server really did with it.
//!
//! The numbers are those of the accuracy criteria in the README's page on accuracy. A test binary of its own, one test
//! at a time. The short form belongs to `scripts/test`, the full one to `scripts/truth`.
#![cfg(test)]

mod conservation;
mod delivery;
mod equal_runs;
mod gate;
mod lateness;
mod omission;
mod schedule;
#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;
mod witness;
