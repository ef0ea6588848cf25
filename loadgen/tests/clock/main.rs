//! Clocks of two hosts, against a truth that is known: target-server shows a clock that is wrong by as much as it is
//! told, and a forwarder makes the way there and the way back unequal.
//!
//! The numbers are those of criterion 11 of the README's page on accuracy. A test binary of its own, one test at a
//! time. The short form belongs to `scripts/test`, the full one to `scripts/truth`.
#![cfg(test)]

mod drift;
mod forwarder;
#[path = "../truth/gate.rs"]
#[expect(dead_code, reason = "the tests of the truth use the rest of it")]
mod gate;
mod hogs;
#[path = "../command/invocation.rs"]
mod invocation;
mod offset;
mod run;
mod server;
mod stamps;
#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;
