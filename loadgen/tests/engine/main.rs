//! The engine against real sockets: target-server in this process, and servers that say exactly what a test
//! scripts. What is expected comes from the server's own log, never from a nominal delay.

#![cfg(test)]

mod allocations;
#[expect(dead_code, reason = "the tests of the command use the rest of it")]
mod scripted;
mod sequences;
mod subscriber;
mod support;
