//! A pasted curl command, such as a browser's "Copy as cURL", and the request that it stands for.
//! It must not know how often or for what the request is sent.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, parser::ValueSource};
use url::Url;

use super::UsageError;
use super::request::RequestArgs;
use super::values;

/// The words after `curl`, as typed.
#[derive(Clone, Debug, Args)]
#[command(
    args_override_self = true,
    override_usage = "loadgen check [OPTIONS] curl [OPTIONS OF CURL] URL [-- COMMAND...]"
)]
pub(super) struct CurlArgs {
    /// The stream
    #[arg(value_name = "URL", value_parser = values::curl_url)]
    urls: Vec<Url>,

    /// The stream
    #[arg(long = "url", hide = true, value_parser = values::curl_url, action = ArgAction::Append)]
    named: Vec<Url>,

    #[command(flatten)]
    request: RequestArgs,

    /// Referer header
    #[arg(short = 'e', long, value_name = "URL", hide = true)]
    referer: Option<String>,

    #[command(flatten)]
    others: Others,

    /// Start this server first, wait for it, and stop it at the end
    #[arg(last = true, value_name = "COMMAND", hide = true)]
    server: Vec<OsString>,
}

/// What a pasted command asks for.
pub(super) struct Pasted {
    pub(super) urls: Vec<Url>,
    pub(super) request: RequestArgs,
    pub(super) server: Vec<OsString>,
    /// It asks for HTTP/3, and gets HTTP/2 or 1.1.
    pub(super) http3: bool,
}

impl CurlArgs {
    /// What is asked for; options that would change the request in a way that is not offered are refused.
    pub(super) fn pasted(mut self) -> Result<Pasted, UsageError> {
        if let Some((option, remedy)) = self.others.refused {
            return Err(UsageError::CurlOption { option, remedy });
        }
        // A browser repeats the framing of the request it made; ours follows from the body.
        let headers = &mut self.request.headers;
        headers.retain(|line| !is_framing(line));
        headers.extend(self.referer.map(|referer| format!("Referer: {referer}")));
        self.request.offer_http2();
        self.urls.append(&mut self.named);
        Ok(Pasted {
            urls: self.urls,
            http3: self.others.http3,
            request: self.request,
            server: self.server,
        })
    }
}

fn is_framing(line: &str) -> bool {
    let name = line.split([':', ';']).next().unwrap_or_default().trim();
    ["Content-Length", "Transfer-Encoding"]
        .iter()
        .any(|framing| framing.eq_ignore_ascii_case(name))
}

/// The options of curl that are not request options of ours too: found in [`HARMLESS`], [`HARMLESS_WITH_VALUE`] or
/// [`REFUSED`].
#[derive(Clone, Debug)]
struct Others {
    /// The first that would change what is measured, and what to do instead.
    refused: Option<(&'static str, &'static str)>,
    http3: bool,
}

/// The short and the long form of an option.
type Spelling = (Option<char>, &'static str);

const HTTP3: &str = "http3";

/// What curl prints, how long it tries, and what a check does in any case.
const HARMLESS: [Spelling; 20] = [
    (None, "compressed"),
    (Some('L'), "location"),
    (Some('s'), "silent"),
    (Some('S'), "show-error"),
    (Some('N'), "no-buffer"),
    (Some('i'), "include"),
    (Some('v'), "verbose"),
    (Some('f'), "fail"),
    (None, "fail-with-body"),
    (Some('g'), "globoff"),
    (Some('O'), "remote-name"),
    (Some('#'), "progress-bar"),
    (None, "no-progress-meter"),
    (Some('q'), "disable"),
    (None, "basic"),
    (None, "no-keepalive"),
    (None, "tcp-nodelay"),
    (None, "ssl-no-revoke"),
    (None, "path-as-is"),
    (None, HTTP3),
];

/// As [`HARMLESS`], with a value.
const HARMLESS_WITH_VALUE: [Spelling; 13] = [
    (Some('o'), "output"),
    (Some('m'), "max-time"),
    (None, "connect-timeout"),
    (None, "keepalive-time"),
    (None, "limit-rate"),
    (None, "max-redirs"),
    (None, "retry"),
    (None, "retry-delay"),
    (None, "retry-max-time"),
    (Some('w'), "write-out"),
    (Some('D'), "dump-header"),
    (Some('c'), "cookie-jar"),
    (None, "stderr"),
];

/// What would change the request or its way, whether it takes a value, and what to write instead.
const REFUSED: [(Spelling, bool, &str); 18] = [
    (
        (Some('F'), "form"),
        true,
        "forms in parts are not offered; write the body with --data-binary and its Content-Type with -H",
    ),
    (
        (Some('T'), "upload-file"),
        true,
        "uploads are not offered; write -X PUT --data-binary @FILE",
    ),
    (
        (Some('G'), "get"),
        false,
        "write the data into the URL as its query",
    ),
    (
        (Some('I'), "head"),
        false,
        "an answer to HEAD has no body to watch; leave it out",
    ),
    (
        (None, "data-urlencode"),
        true,
        "percent-encode the value and write it with -d",
    ),
    (
        (None, "json"),
        true,
        "write -d BODY -H 'Content-Type: application/json'; the --json of a check goes before the word curl",
    ),
    (
        (None, "oauth2-bearer"),
        true,
        "write -H 'Authorization: Bearer ${TOKEN}'",
    ),
    (
        (None, "digest"),
        false,
        "only Basic authentication is offered",
    ),
    (
        (None, "ntlm"),
        false,
        "only Basic authentication is offered",
    ),
    (
        (None, "negotiate"),
        false,
        "only Basic authentication is offered",
    ),
    ((Some('n'), "netrc"), false, "write -u 'name:${PASSWORD}'"),
    (
        (None, "location-trusted"),
        false,
        "credentials are never sent to another origin; leave it out",
    ),
    (
        (Some('x'), "proxy"),
        true,
        "proxies are not offered; leave it out to ask the server itself",
    ),
    (
        (Some('E'), "cert"),
        true,
        "client certificates are not offered",
    ),
    (
        (Some('r'), "range"),
        true,
        "a part of a stream cannot be judged; leave it out",
    ),
    (
        (Some('K'), "config"),
        true,
        "write its options into the command line",
    ),
    (
        (Some('4'), "ipv4"),
        false,
        "name the address with --resolve HOST:PORT:ADDRESS",
    ),
    (
        (Some('6'), "ipv6"),
        false,
        "name the address with --resolve HOST:PORT:ADDRESS",
    ),
];

impl Args for Others {
    fn augment_args(command: Command) -> Command {
        let flag = |(short, long): Spelling| hidden(short, long).action(ArgAction::SetTrue);
        let valued = |(short, long): Spelling| {
            hidden(short, long)
                .action(ArgAction::Append)
                .allow_hyphen_values(true)
        };
        let refused = |(spelling, has_value, _): (Spelling, bool, &str)| {
            if has_value {
                valued(spelling)
            } else {
                flag(spelling)
            }
        };
        command
            .args(HARMLESS.map(flag))
            .args(HARMLESS_WITH_VALUE.map(valued))
            .args(REFUSED.map(refused))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn hidden(short: Option<char>, long: &'static str) -> Arg {
    let arg = Arg::new(long).long(long).hide(true);
    match short {
        Some(short) => arg.short(short),
        None => arg,
    }
}

impl FromArgMatches for Others {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |long: &str| matches.value_source(long) == Some(ValueSource::CommandLine);
        let refused = REFUSED.iter().find(|((_, long), ..)| given(long));
        Ok(Self {
            refused: refused.map(|((_, long), _, remedy)| (*long, *remedy)),
            http3: given(HTTP3),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
