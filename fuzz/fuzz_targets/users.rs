//! See `readers::users`.
#![no_main]

#[path = "../../loadgen/tests/bytes/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::users(bytes));
