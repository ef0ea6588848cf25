//! One file per crate reads clocks, and each exception is counted.

use crate::assert_silent;
use crate::repository::Repository;
use crate::tokens::{Path, Tests, names};

/// The files that may name a clock, and how many names of clocks each holds: its calls, its imports of calls, its exceptions from
/// clippy. A change here is a change of the design.
pub(crate) const ALLOWED: &[(&str, usize)] = &[
    // now, wall, mono and two CPU times through one clock_gettime; a test compares with SystemTime.
    ("loadgen/src/clock.rs", 4),
    ("target-server/src/clock.rs", 2),
    // The far end of what the server stamps.
    ("target-server/tests/server/client.rs", 2),
    // CPU clocks of other processes.
    ("benches/src/clock.rs", 5),
];

/// Words that read a clock, or give leave to. Clippy bans the methods of std; the others would go round it.
const WORDS: [&str; 4] = [
    "disallowed_methods",
    "clock_gettime",
    "gettimeofday",
    "clock_getcpuclockid",
];

/// Types whose `now` reads a clock, whatever crate they are from.
const CLOCKS: [&str; 5] = ["Instant", "SystemTime", "Timestamp", "Zoned", "Utc"];

/// Files that name clocks more or less often than `allowed` says; tests count too.
pub(crate) fn stray_reads(repository: &Repository, allowed: &[(&str, usize)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, _) in allowed {
        if !repository.files.iter().any(|file| file.path == *path) {
            complaints.push(format!("{path}: may read clocks, but does not exist"));
        }
    }
    for file in repository.rust() {
        let found = clock_names(&file.text);
        let wanted = allowed
            .iter()
            .find(|(path, _)| *path == file.path)
            .map_or(0, |(_, n)| *n);
        if found.len() != wanted {
            complaints.push(format!(
                "{}: names clocks {} times, {wanted} allowed: {}",
                file.path,
                found.len(),
                found.join(", ")
            ));
        }
    }
    complaints
}

fn clock_names(source: &str) -> Vec<String> {
    let all = names(source, Tests::Included).paths.into_iter();
    all.filter(is_clock).map(|path| path.join("::")).collect()
}

fn is_clock(path: &Path) -> bool {
    let named = path.iter().any(|segment| WORDS.contains(&segment.as_str()));
    let now = match path.as_slice() {
        [.., of, now] => now == "now" && CLOCKS.contains(&of.as_str()),
        _ => false,
    };
    named || now
}

#[test]
fn each_way_to_a_clock_is_seen_in_code_and_tests() {
    for faulty in [
        "fn f() { let t = std::time::Instant::now(); }",
        "use nix::time::{ClockId, clock_gettime};",
        "#[cfg(test)] mod tests { #[expect(clippy::disallowed_methods, reason = \"\")] fn f() {} }",
        "fn f() -> u64 { g(tokio::time::Instant::now()) }",
        "fn f() { println!(\"{}\", jiff::Timestamp::now()); }",
    ] {
        let repository = Repository::made_up(&[("a/src/b.rs", faulty)]);
        assert_eq!(stray_reads(&repository, &[]).len(), 1, "{faulty}");
        assert_silent(&stray_reads(&repository, &[("a/src/b.rs", 1)]));
    }
}

#[test]
fn leave_that_nobody_uses_is_a_fault_too() {
    let repository = Repository::made_up(&[("a/src/clock.rs", "fn f() {}")]);
    assert_eq!(stray_reads(&repository, &[("a/src/clock.rs", 1)]).len(), 1);
    assert_eq!(stray_reads(&repository, &[("b/src/clock.rs", 1)]).len(), 1);
}
