//! `loadgen run` as a person or a CI job meets it: what it prints, what it leaves behind, and its exit code.

#![cfg(test)]

mod failures;
mod invocation;
mod outcomes;
#[path = "../engine/scripted.rs"]
mod scripted;
