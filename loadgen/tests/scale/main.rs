//! One run from several processes, and from several machines: what it adds up to, against the server's truth log.
#![cfg(test)]

mod capacity;
#[path = "../selfcheck/load.rs"]
#[expect(dead_code, reason = "the tests of the self-check use the rest of it")]
mod load;
mod processes;
#[path = "../engine/scripted.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod scripted;
mod servers;
mod shards;
#[path = "../engine/support.rs"]
#[expect(dead_code, reason = "the tests of the engine use the rest of it")]
mod support;
mod users;
