//! Bytes from outside, whatever they are: no reader panics, none needs endless time or memory, and no split changes what it says.
//!
//! The readers are those of the fuzz targets in `fuzz/`; here they read the committed corpus and every piece of it, so that what
//! fuzzing has found once stays found without a nightly compiler. `sse-wire` has a corpus and a fuzz target of its own.

mod readers;

use std::fs;
use std::path::PathBuf;

/// Pieces of each file, and as many bent copies, however long it is.
const PIECES: usize = 24;

#[test]
fn framing() {
    replay("framing", readers::framing);
}

#[test]
fn head() {
    replay("head", readers::head);
}

#[test]
fn coding() {
    replay("coding", readers::coding);
}

#[test]
fn record() {
    replay("record", readers::record);
}

#[test]
fn setup() {
    replay("setup", readers::setup);
}

#[test]
fn curl() {
    replay("curl", readers::curl);
}

#[test]
fn users() {
    replay("users", readers::users);
}

/// Gives a reader each file of its corpus: whole, cut short, and with one bit turned over.
fn replay(name: &str, read: fn(&[u8])) {
    let directory =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../fuzz/corpus/{name}"));
    let mut files = 0;
    for entry in fs::read_dir(&directory).expect("the corpus is committed") {
        let bytes =
            fs::read(entry.expect("a directory can be read").path()).expect("so can its files");
        files += 1;
        read(&bytes);
        for at in (0..bytes.len()).step_by(bytes.len() / PIECES + 1) {
            read(&bytes[..at]);
            let mut bent = bytes.clone();
            bent[at] ^= 1 << (at % 8);
            read(&bent);
        }
    }
    assert!(files >= 3, "{} has {files} files", directory.display());
}
