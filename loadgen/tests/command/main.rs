//! `loadgen run`, `loadgen check` and `loadgen selftest` as a person or a CI job meets them: what they print and leave behind, and their exit codes.

#![cfg(test)]

mod baseline;
mod check;
mod ci;
mod diff;
mod failures;
mod invocation;
mod keys;
mod live;
mod outcomes;
mod raw;
mod records;
mod refusal;
mod schema;
#[path = "../engine/scripted.rs"]
mod scripted;
mod selftest;
mod terminal;
mod verdicts;
