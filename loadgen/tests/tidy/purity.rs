//! The pure code: bytes and times in, values out. It must name nothing that reaches the world.

use crate::assert_silent;
use crate::repository::Repository;
use crate::tokens::{Path, Tests, names};

/// Where the pure code lives: a module `x` stands for `x.rs` and all of `x/`.
pub(crate) const PURE: &[&str] = &[
    "sse-wire/src",
    "run-record/src",
    "verdict/src",
    "reports/src",
    "loadgen/src/session",
    "loadgen/src/schedule",
    "loadgen/src/connection/tls",
    "loadgen/src/offset/track",
    "loadgen/src/probe/witness",
    "loadgen/src/check/patience",
    "loadgen/src/check/questions",
    "loadgen/src/selftest/judge",
];

/// The beginnings of paths that reach the world. Of nix, the names of error codes are free: they are values.
const WORLD: &[&[&str]] = &[
    &["std", "net"],
    &["std", "fs"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "os"],
    &["crate", "clock"],
    &["nix", "sys"],
    &["nix", "time"],
    &["nix", "unistd"],
    &["nix", "fcntl"],
    &["mio"],
    &["socket2"],
    &["tokio"],
    &["signal_hook"],
];

/// Words that reach it from wherever they were imported.
const WORDS: [&str; 7] = [
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "stdout",
    "stderr",
    "dbg!",
];

/// Names of the world in pure code outside its tests; and pure places that do not exist, which would make the check silent.
pub(crate) fn violations(repository: &Repository, pure: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    for place in pure {
        let mut seen = false;
        for file in repository.rust().filter(|file| lies_in(&file.path, place)) {
            seen = true;
            let paths = names(&file.text, Tests::Excluded).paths;
            let world = paths.iter().filter(|path| reaches_the_world(path));
            complaints
                .extend(world.map(|path| format!("{}: names {}", file.path, path.join("::"))));
        }
        if !seen {
            complaints.push(format!("{place}: no source file there"));
        }
    }
    complaints
}

fn lies_in(path: &str, place: &str) -> bool {
    let rest = path.strip_prefix(place);
    rest.is_some_and(|rest| rest.starts_with('/') || rest == ".rs") && !path.ends_with("/tests.rs")
}

fn reaches_the_world(path: &Path) -> bool {
    let begins =
        |world: &&[&str]| path.len() >= world.len() && path.iter().zip(*world).all(|(a, b)| a == b);
    let clock =
        |pair: &[String]| pair[0] == "time" && matches!(pair[1].as_str(), "Instant" | "SystemTime");
    WORLD.iter().any(begins)
        || path.windows(2).any(clock)
        || path.iter().any(|segment| WORDS.contains(&segment.as_str()))
}

#[test]
fn each_way_out_is_seen() {
    for faulty in [
        "use std::{fmt, fs::File};",
        "fn f() { std::net::TcpStream::connect(x); }",
        "use std::time::{Duration, Instant};",
        "fn f(now: time::SystemTime) {}",
        "fn f() { println!(\"\"); }",
        "fn f() { crate::clock::now(); }",
        "use mio::Poll;",
    ] {
        for path in ["a/src/pure.rs", "a/src/pure/b.rs"] {
            let repository = Repository::made_up(&[(path, faulty)]);
            assert_eq!(
                violations(&repository, &["a/src/pure"]).len(),
                1,
                "{faulty}"
            );
        }
    }
}

#[test]
fn tests_values_and_neighbours_are_free() {
    assert_silent(&violations(
        &Repository::made_up(&[
            (
                "a/src/pure.rs",
                "use std::time::Duration; #[cfg(test)] mod tests { use std::fs; }",
            ),
            ("a/src/purely_not.rs", "use std::fs;"),
        ]),
        &["a/src/pure"],
    ));
}

#[test]
fn a_pure_place_that_moved_away_is_seen() {
    let repository = Repository::made_up(&[("a/src/b.rs", "")]);
    assert_eq!(
        violations(&repository, &["a/src/pure"]),
        ["a/src/pure: no source file there"]
    );
}
