//! Arrivals against the packets themselves: a capture on loopback, and a link that delays, cuts up and loses.
//!
//! Every test needs root, for tcpdump and for network namespaces; `./scripts/test` runs them. One at a time: others
//! beside it would be load on the same cores.
#![cfg(test)]

mod capture;
mod coalescing;
mod far;
mod judging;
mod link;
mod loopback;
mod loss;
mod namespace;
mod packet;
mod stream;
#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;
mod trip;
mod witness;
