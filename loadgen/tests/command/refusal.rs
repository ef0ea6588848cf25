//! A run that refuses to tell because this machine was too busy does not count.

use std::process::Output;

/// How often a run that refused to tell is made again.
const TIMES: usize = 5;

/// A run that counts: one that ends with 5 says itself that this machine was too busy, and is repeated; the log says so.
pub(crate) fn that_counts(mut run: impl FnMut() -> Output) -> Output {
    for _ in 1..TIMES {
        let output = run();
        if output.status.code() != Some(5) {
            return output;
        }
        eprintln!("this machine was too busy, once more");
    }
    run()
}
