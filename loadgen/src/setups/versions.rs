//! Which version of a program stands behind a setup.
//! It must not judge whether that is the right one.

use std::path::Path;
use std::process::{Command, Stdio};

use super::commands;

/// The first version number that a shell command prints, run in `directory`; `None` where it prints none, or fails to start.
pub(super) fn of(command: &str, directory: &Path) -> Option<String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(directory)
        .env("PATH", commands::search_path())
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let said = [output.stdout, output.stderr].concat();
    first_number(&String::from_utf8_lossy(&said))
}

/// Digits with at least one dot between them: `1.22.1` of `nginx/1.22.1`, `2.2.6.4` of `puma 2.2.6.4-rc1`.
fn first_number(text: &str) -> Option<String> {
    let is_part = |letter: char| letter.is_ascii_digit() || letter == '.';
    let words = text.split(|letter| !is_part(letter));
    let mut numbers = words.map(|word| word.trim_matches('.'));
    let is_version = |word: &&str| word.contains('.') && !word.contains("..");
    numbers.find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_with_a_dot_is_the_version() {
        for (said, version) in [
            ("nginx version: nginx/1.22.1\n", Some("1.22.1")),
            ("ruby 3.1.2p20 (2022-04-12)", Some("3.1.2")),
            ("Apache2 is here. v7.1.1;", Some("7.1.1")),
            ("no number 12", None),
            ("... 1..2", None),
        ] {
            assert_eq!(first_number(said).as_deref(), version, "{said}");
        }
    }

    #[test]
    fn words_on_either_output_count() {
        let here = Path::new("/");
        assert_eq!(of("echo 1.5 >&2", here).as_deref(), Some("1.5"));
        assert_eq!(of("no-such-program-here", here), None);
    }
}
