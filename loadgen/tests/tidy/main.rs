//! What neither the compiler nor clippy can see, checked over the whole repository.
//!
//! Each check is a pure function from text to complaints. It runs twice: over the repository, where it must be silent, and over a
//! made-up fault, where it must not.

mod arrows;
mod clocks;
mod modules;
mod purity;
mod repository;
mod text;
mod tokens;

use repository::Repository;

/// Fails with every complaint on a line of its own.
fn assert_silent(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_source_file_says_what_it_does() {
    assert_silent(&text::without_header(&Repository::read()));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    assert_silent(&text::machine_paths(&Repository::read()));
}

#[test]
fn only_the_clock_files_read_clocks() {
    assert_silent(&clocks::stray_reads(&Repository::read(), clocks::ALLOWED));
}

#[test]
fn the_pure_code_touches_neither_clock_nor_socket_nor_file_nor_terminal() {
    assert_silent(&purity::violations(&Repository::read(), purity::PURE));
}

#[test]
fn the_modules_of_no_crate_form_a_cycle() {
    assert_silent(&modules::cycles(&Repository::read()));
}

#[test]
fn crates_depend_only_downward() {
    assert_silent(&arrows::forbidden(&arrows::workspace(), arrows::ALLOWED));
}
