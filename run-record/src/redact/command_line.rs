//! A command line without its secrets, whether typed for this tool or pasted from curl.

use super::{REDACTED, is_secret_name, url};

/// Request headers whose values may be stored; of all others only the name is.
const REQUEST_HEADERS: [&str; 14] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-type",
    "host",
    "last-event-id",
    "origin",
    "pragma",
    "te",
    "traceparent",
    "user-agent",
    "x-accel-buffering",
];

/// What is to become of the value of an option.
#[derive(Clone, Copy)]
enum Value {
    /// Always a secret.
    Secret,
    /// `Name: value`.
    Header,
    /// A body: its length may be told, or the name of a file.
    Body,
}

/// Options that are followed by something to redact, in short and long form.
const OPTIONS: [(Option<char>, &str, Value); 12] = [
    (Some('u'), "user", Value::Secret),
    (Some('U'), "proxy-user", Value::Secret),
    (Some('b'), "cookie", Value::Secret),
    (None, "oauth2-bearer", Value::Secret),
    (Some('H'), "header", Value::Header),
    (None, "proxy-header", Value::Header),
    (Some('d'), "data", Value::Body),
    (None, "data-raw", Value::Body),
    (None, "data-ascii", Value::Body),
    (None, "data-binary", Value::Body),
    (None, "data-urlencode", Value::Body),
    (Some('F'), "form", Value::Body),
];

/// Options of curl's that take no value here: they are curl's with one attached, and in what is pasted from it.
const CURLS: [(&str, Value); 1] = [("json", Value::Body)];

/// A command line that may be stored, argument by argument.
///
/// Taken out are the values of credentials and cookies, of all request headers but a few harmless
/// ones, of options and variables whose name looks like that of a secret, bodies, and the secrets
/// of URLs. Everything after `--` is another program's: of that only its name is kept.
pub fn command_line<S: AsRef<str>>(arguments: &[S]) -> Vec<String> {
    let mut redacted = Vec::with_capacity(arguments.len());
    let mut pending = None;
    let mut is_curls = false;
    let mut arguments = arguments.iter().map(AsRef::as_ref);
    while let Some(argument) = arguments.next() {
        if let Some(kind) = pending.take() {
            redacted.push(value(kind, argument));
        } else if argument == "--" {
            redacted.push(argument.to_owned());
            redacted.extend(arguments.next().map(plain));
            if arguments.next().is_some() {
                redacted.push("...".to_owned());
            }
            break;
        } else if let Some(long) = argument.strip_prefix("--") {
            redacted.push(long_option(long, is_curls, &mut pending));
        } else if argument.starts_with('-') {
            redacted.push(short_options(argument, &mut pending));
        } else {
            is_curls |= argument == "curl";
            redacted.push(plain(argument));
        }
    }
    redacted
}

/// `--name`, or `--name=value`.
fn long_option(option: &str, is_curls: bool, pending: &mut Option<Value>) -> String {
    let (name, attached) = match option.split_once('=') {
        Some((name, attached)) => (name, Some(attached)),
        None => (option, None),
    };
    let kind = OPTIONS
        .iter()
        .find(|(_, long, _)| *long == name)
        .map(|&(_, _, kind)| kind)
        .or_else(|| {
            let known = CURLS.iter().find(|(long, _)| *long == name);
            let is_meant = is_curls || attached.is_some();
            known.filter(|_| is_meant).map(|&(_, kind)| kind)
        })
        .or_else(|| is_secret_name(name).then_some(Value::Secret));
    match (kind, attached) {
        (Some(kind), Some(attached)) => format!("--{name}={}", value(kind, attached)),
        (None, Some(attached)) => format!("--{name}={}", plain(attached)),
        (kind, None) => {
            *pending = kind;
            format!("--{name}")
        }
    }
}

/// `-k`, several as `-sk`, or with a value attached as `-uname`.
fn short_options(argument: &str, pending: &mut Option<Value>) -> String {
    for (index, letter) in argument.char_indices().skip(1) {
        let known = OPTIONS.iter().find(|(short, _, _)| *short == Some(letter));
        let Some(&(_, _, kind)) = known else { continue };
        let (options, attached) = argument.split_at(index + letter.len_utf8());
        if attached.is_empty() {
            *pending = Some(kind);
            return options.to_owned();
        }
        return format!("{options}{}", value(kind, attached));
    }
    plain(argument)
}

fn value(kind: Value, text: &str) -> String {
    match kind {
        Value::Secret => REDACTED.to_owned(),
        Value::Header => header(text),
        Value::Body => body(text),
    }
}

/// `Name: value`, `Name;`, `Name:` or `@file`.
fn header(text: &str) -> String {
    if text.starts_with('@') {
        return text.to_owned();
    }
    let Some((name, value)) = text.split_once(':') else {
        return REDACTED.to_owned();
    };
    let harmless = REQUEST_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str());
    if harmless || value.trim().is_empty() {
        text.to_owned()
    } else {
        format!("{name}: {REDACTED}")
    }
}

fn body(text: &str) -> String {
    if text.starts_with('@') {
        text.to_owned()
    } else {
        format!("({} bytes)", text.len())
    }
}

/// An argument of no known option: a URL, a name, `NAME=VALUE`.
fn plain(text: &str) -> String {
    if let Some((name, rest)) = text.split_once('=')
        && !name.contains([':', '/', '?'])
    {
        // `--hop origin=URL`, or a variable.
        let rest = if is_secret_name(name) {
            REDACTED.to_owned()
        } else {
            plain(rest)
        };
        return format!("{name}={rest}");
    }
    if text.contains("://") || text.contains('@') || text.contains('?') {
        return url(text);
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redacted(line: &[&str]) -> String {
        command_line(line).join(" ")
    }

    #[test]
    fn what_is_harmless_stays_as_typed() {
        let line = [
            "loadgen",
            "run",
            "http://127.0.0.1:8080/prices?interval=100ms",
            "-c",
            "5000",
            "--for",
            "60s",
            "-H",
            "Accept: text/event-stream",
            "-kd",
            "@body.json",
            "--max",
            "delivery.p99=100ms",
            "--sent-at",
            "json:/t:ms",
            "--out=run.json",
        ];
        assert_eq!(redacted(&line), line.join(" "));
    }

    #[test]
    fn credentials_are_taken_out() {
        assert_eq!(
            redacted(&[
                "check",
                "-H",
                "Authorization: Bearer hunter2",
                "-uhunter2",
                "-b",
                "a=hunter2"
            ]),
            "check -H Authorization: REDACTED -uREDACTED -b REDACTED"
        );
        assert_eq!(
            redacted(&[
                "check",
                "--hop",
                "edge=https://joe:hunter2@h/?key=hunter2",
                "-d",
                "hunter2"
            ]),
            "check --hop edge=https://h/?key=REDACTED -d (7 bytes)"
        );
        assert_eq!(
            redacted(&["check", "--json", "http://h/"]),
            "check --json http://h/"
        );
        assert_eq!(
            redacted(&["check", "curl", "http://h/", "--json", "hunter2"]),
            "check curl http://h/ --json (7 bytes)"
        );
        assert_eq!(
            redacted(&["run", "--", "server", "--password", "hunter2"]),
            "run -- server ..."
        );
    }

    /// Every place of a command line in which a secret may stand, as `curl` would take it.
    const PLACES: [&[&str]; 23] = [
        &["-H", "Authorization: Bearer SECRET"],
        &["-HX-Api-Key: SECRET"],
        &["--header=Cookie: a=SECRET"],
        &["--header", "proxy-authorization:SECRET"],
        &["-H", "SECRET"],
        &["-u", "joe:SECRET"],
        &["-ujoe:SECRET"],
        &["-sku", "joe:SECRET"],
        &["-kujoe:SECRET"],
        &["--user", "joe:SECRET"],
        &["--user=joe:SECRET"],
        &["-b", "sid=SECRET"],
        &["--cookie=sid=SECRET"],
        &["-d", "password=SECRET"],
        &["--data-raw", "SECRET"],
        &["--json={\"token\":\"SECRET\"}"],
        &["curl", "--json", "SECRET"],
        &["--api-token", "SECRET"],
        &["--password=SECRET"],
        &["https://joe:SECRET@example.com/?token=SECRET#SECRET"],
        &["--hop=edge=https://SECRET@example.com/"],
        &["API_KEY=SECRET"],
        &["--", "env", "A=SECRET", "SECRET"],
    ];

    proptest! {
        #[test]
        fn a_secret_never_survives(
            secret in "[A-Za-z0-9]{6,12}x7Zq",
            places in prop::collection::vec(prop::sample::select(PLACES.to_vec()), 1..6),
        ) {
            let line: Vec<_> = std::iter::once("loadgen".to_owned())
                .chain(places.concat().iter().map(|part| part.replace("SECRET", &secret)))
                .collect();
            let kept = command_line(&line);
            prop_assert!(!kept.join(" ").contains(&secret), "{kept:?} kept a secret of {line:?}");
        }

        #[test]
        fn no_text_makes_it_panic(line in prop::collection::vec(".*", 0..5)) {
            prop_assert!(command_line(&line).len() <= line.len() + 1);
        }
    }
}
