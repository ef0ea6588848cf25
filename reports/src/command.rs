//! Commands as a person can paste them: what was typed, and what to type next.
//!
//! From the record alone: what was redacted there stays so.

use run_record::plan::PlanRecord;

/// Words that the shell takes as they are.
const PLAIN: &str = "-_./:@%+,=~";

/// The command that made the record; `None` where it does not say.
pub(crate) fn typed(plan: &PlanRecord) -> Option<String> {
    let (_, words) = plan.command_line.split_first()?;
    Some(format!("loadgen {}", spelled(words)))
}

/// The same check once more, with the options it had: without its headers another request would be judged.
///
/// A server that was started for the check is not: of its command only the name is kept.
pub(crate) fn again(plan: &PlanRecord) -> String {
    let typed = match plan.command_line.as_slice() {
        [_, command, typed @ ..] if command == "check" => typed,
        _ => &[],
    };
    let typed = typed.split(|word| word == "--").next().unwrap_or_default();
    let options = without_output(typed);
    if options.is_empty() {
        return format!("loadgen check {}", quoted(&plan.url));
    }
    format!("loadgen check {}", spelled(&options))
}

/// What was written where is no part of the question.
fn without_output(words: &[String]) -> Vec<String> {
    // Behind the word curl stand curl's own options, of which some have the same name.
    let ours = words.iter().position(|word| word == "curl");
    let (ours, pasted) = words.split_at(ours.unwrap_or(words.len()));
    let mut kept = Vec::new();
    let mut words = ours.iter();
    while let Some(word) = words.next() {
        match &**word {
            "--no-progress" | "--json" | "--ascii" | "--exit-zero" => {}
            "--out" | "--report" | "--junit" | "--color" => {
                words.next();
            }
            _ if ["--out=", "--report=", "--junit=", "--color="]
                .iter()
                .any(|option| word.starts_with(option)) => {}
            _ => kept.push(word.clone()),
        }
    }
    kept.extend_from_slice(pasted);
    kept
}

fn spelled(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || PLAIN.contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_that_proves_a_cure_has_the_options_of_the_one_that_found_it() {
        let again = |words: &[&str]| {
            let plan = PlanRecord {
                url: "http://h/a".to_owned(),
                command_line: words.iter().map(|word| (*word).to_owned()).collect(),
                ..PlanRecord::default()
            };
            again(&plan)
        };
        let typed = ["bin/loadgen", "check", "http://h/a", "-H", "Accept: x/y"];
        assert_eq!(again(&typed), "loadgen check http://h/a -H 'Accept: x/y'");
        let written = [
            "loadgen",
            "check",
            "--json",
            "http://h/a",
            "--out",
            "a.json",
            "--report=a.html",
        ];
        assert_eq!(again(&written), "loadgen check http://h/a");
        let started = [
            "loadgen",
            "check",
            "-k",
            "http://h/a",
            "--",
            "rackup",
            "...",
        ];
        assert_eq!(again(&started), "loadgen check -k http://h/a");
        for other in [
            &["loadgen", "matrix", "puma"][..],
            &["loadgen", "check"],
            &[],
        ] {
            assert_eq!(again(other), "loadgen check http://h/a");
        }
    }

    #[test]
    fn a_url_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("http://[::1]/a"), "'http://[::1]/a'");
        assert_eq!(quoted("http://h:80/a"), "http://h:80/a");
        assert_eq!(
            quoted("http://h/?a=1&b='x'"),
            r"'http://h/?a=1&b='\''x'\'''"
        );
    }
}
