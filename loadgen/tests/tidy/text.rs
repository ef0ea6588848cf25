//! Rules about plain text: the header of a source file, and no path that exists on one machine only.

use crate::repository::Repository;

/// In two parts, so that this file does not complain about itself.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/tmp/", "target-"),
];

/// Rust files that do not begin with `//!`: what the file does, and what it must not know.
pub(crate) fn without_header(repository: &Repository) -> Vec<String> {
    repository
        .rust()
        .filter(|file| !file.text.starts_with("//! "))
        .map(|file| format!("{}: begins without `//!`", file.path))
        .collect()
}

/// Lines that name a directory of somebody's machine.
pub(crate) fn machine_paths(repository: &Repository) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in &repository.files {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(found) = MACHINE_PATHS.iter().find(|path| line.contains(**path)) {
                complaints.push(format!("{}:{}: names {found}", file.path, number + 1));
            }
        }
    }
    complaints
}

#[test]
fn a_missing_header_is_seen() {
    let faulty = Repository::made_up(&[
        ("a/src/lib.rs", "//! Fine.\n"),
        ("a/src/b.rs", "// Not a header.\n//! Too late.\n"),
        ("a/README.md", "No source file.\n"),
    ]);
    assert_eq!(
        without_header(&faulty),
        ["a/src/b.rs: begins without `//!`"]
    );
}

#[test]
fn a_machine_path_is_seen_in_any_kind_of_file() {
    let script = format!("#!/bin/sh\ncd {}somebody\n", MACHINE_PATHS[1]);
    let faulty = Repository::made_up(&[("scripts/x", &script), ("scripts/y", "cd /usr/lib\n")]);
    assert_eq!(
        machine_paths(&faulty),
        [format!("scripts/x:2: names {}", MACHINE_PATHS[1])]
    );
}
