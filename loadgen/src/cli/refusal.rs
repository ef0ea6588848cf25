//! From words to a command, or to what clap says against them, without the secrets that a word may hold.
//! It must not print or end the process.

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue};
use run_record::redact;

use super::Cli;

impl Cli {
    /// Reads a command line, the name of the program first.
    ///
    /// Errors: wrong usage, and what is no error but ends the program too: `--help` and `--version`. An address with
    /// a password in it is repeated without.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(words).map_err(redacted)
    }
}

fn redacted(mut error: clap::Error) -> clap::Error {
    let said: Vec<(ContextKind, String)> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => Some((kind, text.clone())),
            _ => None,
        })
        .collect();
    for (kind, text) in said {
        let is_typed = match kind {
            ContextKind::InvalidValue | ContextKind::InvalidSubcommand => true,
            // Either a word that nobody expected, or an option as the help shows it.
            ContextKind::InvalidArg => !text.starts_with(['-', '<', '[']),
            _ => false,
        };
        if is_typed {
            error.insert(kind, ContextValue::String(redact::url(&text)));
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(line: &[&str]) -> String {
        Cli::read(line.iter().map(OsString::from))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        for command in ["run", "check"] {
            for (address, shown) in [
                ("http://u:s3cret@:99999/", "'REDACTED@:99999/'"),
                ("u:s3cret@localhost:80/", "'REDACTED@localhost:80/'"),
                ("ws://u:s3cret@localhost/", "'ws://localhost/'"),
                ("http://h:x/?token=s3cret", "'http://h:x/?REDACTED'"),
            ] {
                let text = refusal(&["loadgen", command, "-k", address]);
                assert!(text.contains(shown), "{text}");
                assert!(!text.contains("s3cret"), "{text}");
            }
            let second = ["loadgen", command, "http://a/", "http://u:s3cret@b/"];
            assert!(refusal(&second).contains("unexpected argument 'http://b/' found"));
        }
        let pasted = refusal(&["loadgen", "check", "curl", "u:s3cret@:x"]);
        assert!(pasted.contains("'REDACTED@:x'"), "{pasted}");
        let command = refusal(&["loadgen", "http://u:s3cret@b/"]);
        assert!(!command.contains("s3cret"), "{command}");
    }

    #[test]
    fn options_are_named_as_the_help_shows_them() {
        let text = refusal(&["loadgen", "run", "http://a/", "-c1", "-H"]);
        assert!(text.contains("'--header <LINE|@FILE>'"), "{text}");
        let text = refusal(&["loadgen", "run", "http://a/", "-c", "many"]);
        assert!(text.contains("'many' for '--connections <N>'"), "{text}");
    }

    proptest! {
        #[test]
        fn a_password_never_survives(scheme in "(http|https|ws|)", host in ".{0,9}", second: bool) {
            let scheme = if scheme.is_empty() { scheme } else { scheme + "://" };
            let address = format!("{scheme}u:s3cret@{host}");
            let mut line = vec!["loadgen".into(), "check".into(), address.clone().into()];
            line.extend(second.then(|| address.into()));
            if let Err(error) = Cli::read(line) {
                prop_assert!(!error.to_string().contains("s3cret"), "{error}");
            }
        }
    }
}
