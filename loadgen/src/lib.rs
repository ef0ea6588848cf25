//! The instrument for servers that stream over HTTP.

pub mod capacity;
pub mod check;
pub mod child;
pub mod cli;
pub mod clock;
pub mod coding;
pub mod commands;
pub mod connection;
pub mod engine;
pub mod exit;
pub mod offset;
pub mod plan;
pub mod preflight;
pub mod probe;
pub mod processes;
pub mod request;
pub mod schedule;
pub mod self_check;
pub mod selftest;
pub mod session;
pub mod setups;
pub mod usage;
