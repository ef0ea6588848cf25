//! See `readers::setup`.
#![no_main]

#[path = "../../loadgen/tests/bytes/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::setup(bytes));
