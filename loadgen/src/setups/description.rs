//! The file `setup.toml`: what a setup is, what to ask it for, and what must come out.
//! Pure; it must not know where the file lies. Its keys are documented in `scripts/setups/README.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::demand::Demand;
use crate::plan::Format;

/// What a setup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// One line for people.
    pub about: String,
    /// Under which heading people look for it: `Rails`, `proxies`.
    pub family: String,
    /// Commands without which it cannot start, and files, with a `/`, seen from its directory; may be empty.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Where those come from, for people: Debian's packages by name, others as `npm:express` or `pypi:gunicorn`.
    #[serde(default)]
    pub packages: Vec<String>,
    /// The setup in front of which it stands.
    #[serde(default)]
    pub origin: Option<String>,
    /// Where it listens.
    #[serde(default)]
    pub listen: Listen,
    /// Path and query of the stream; begins with `/`. `{plan}` in it stands for one of [`Plan`].
    #[serde(deserialize_with = "path")]
    pub path: String,
    /// What `{plan}` stands for; what is not here is said by the origin, or is the plan's own name.
    #[serde(default)]
    pub plans: BTreeMap<Plan, String>,
    /// How its body is cut into events; absent: by the content type.
    #[serde(default, deserialize_with = "format")]
    pub format: Option<Format>,
    /// Streams to be held at once, from 2 to 1,000; absent leaves that to the check.
    #[serde(default, deserialize_with = "streams")]
    pub streams: Option<u16>,
    /// How one learns that it noticed a client that left; absent: one does not.
    #[serde(default)]
    pub leaving: Option<Leaving>,
    /// What must come out.
    pub expect: Expectation,
    /// What must come of a stream that falls silent, where that is asked for (`--idle`); absent: it is not judged.
    #[serde(default)]
    pub idle: Option<Idle>,
    /// Where the cure goes; absent where nothing is held or nothing cures it.
    #[serde(default)]
    pub cure: Option<Cure>,
    /// The programs whose versions matter.
    #[serde(default)]
    pub versions: BTreeMap<String, Version>,
}

/// Which stream is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// What is checked: six seconds or more, so that a hold of a second shows several releases.
    Check,
    /// Twenty events as short as they can be, 100 ms apart.
    Small,
    /// Two hundred events of 1 KiB, 20 ms apart.
    Large,
    /// One event, then silence for some seconds.
    Lone,
    /// Fifteen seconds of an event each 100 ms, to leave in between.
    Long,
    /// One event, then silence for ten minutes.
    Silent,
}

/// Where a setup listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listen {
    /// On a port of 127.0.0.1 that it is told.
    #[default]
    Tcp,
    /// On the socket `http.sock` in its private directory.
    Unix,
    /// On the port, with TLS and a certificate of its own making.
    Tls,
}

/// How one learns that a server noticed a client that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaving {
    /// Its application writes a line that begins with `gone` to its log.
    Log,
    /// It is a target-server, which counts its subscribers at `/metrics`.
    Metrics,
}

/// What must come out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The verdict.
    pub demand: Demand,
    /// Codes of the findings that must come with it; may be empty.
    pub findings: Vec<String>,
    /// Code of the cause that must be among those named; absent where none is held, or where nothing could tell it.
    pub cause: Option<String>,
}

/// What must come of a stream that falls silent after its first event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    /// Seconds of silence after which it is cut; absent where nothing cuts it.
    #[serde(default)]
    pub cut_after: Option<u64>,
    /// Whether the event before the silence is lost.
    #[serde(default)]
    pub is_lost: bool,
}

/// Where the cure goes that `check` prints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cure {
    /// The file with the marked places, seen from the setup's directory; absent where no line of configuration cures it.
    #[serde(default)]
    pub file: Option<String>,
    /// Another file with marked places, where a second fault stands behind the first one.
    #[serde(default)]
    pub then: Option<String>,
    /// What cures it where a line does not: `another server`.
    #[serde(default)]
    pub text: Option<String>,
}

/// A program whose version matters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The shell command that prints it, run in the setup's directory.
    pub ask: String,
    /// The versions for which what is expected was measured: `1.22` stands for `1.22.1` too. Empty: any.
    #[serde(default)]
    pub truth: Vec<String>,
}

/// Why a file says nothing that can be used: the line, what is wrong with it, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct DescriptionError(String);

const STREAMS: RangeInclusive<u16> = 2..=1000;

impl FromStr for Description {
    type Err = DescriptionError;

    fn from_str(text: &str) -> Result<Self, DescriptionError> {
        toml::from_str(text)
            .map_err(|error| DescriptionError(error.to_string().trim_end().to_owned()))
    }
}

impl Description {
    /// Path and query of a plan; `None` if the path is the same for all and this is not the one that is checked.
    pub fn path(&self, plan: Plan, origin: Option<&Self>) -> Option<String> {
        if !self.path.contains(PLAN) {
            return (plan == Plan::Check).then(|| self.path.clone());
        }
        let said = self.plans.get(&plan);
        let said = said.or_else(|| origin?.plans.get(&plan));
        let name = plan.to_string();
        Some(self.path.replace(PLAN, said.unwrap_or(&name)))
    }
}

impl Version {
    /// Whether what is expected was measured with this version.
    pub fn is_measured(&self, found: &str) -> bool {
        let is_part_of = |known: &String| {
            let rest = found.strip_prefix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.truth.is_empty() || self.truth.iter().any(is_part_of)
    }
}

/// As a path names it.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Check => "check",
            Self::Small => "small",
            Self::Large => "large",
            Self::Lone => "lone",
            Self::Long => "long",
            Self::Silent => "silent",
        })
    }
}

const PLAN: &str = "{plan}";

impl<'de> Deserialize<'de> for Expectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            verdict: String,
            by: Option<String>,
            bytes: Option<u64>,
            ms: Option<u64>,
            events: Option<u64>,
            #[serde(default)]
            findings: Vec<String>,
            cause: Option<String>,
        }
        let table = Table::deserialize(deserializer)?;
        let amounts = [table.bytes, table.ms, table.events];
        let demand = Demand::of(&table.verdict, table.by.as_deref(), amounts);
        Ok(Self {
            demand: demand.map_err(D::Error::custom)?,
            findings: table.findings,
            cause: table.cause,
        })
    }
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    let is_path = path.starts_with('/') && !path.contains(char::is_whitespace);
    let error = || D::Error::custom(format!("`{path}`: a path that begins with / is expected"));
    is_path.then(|| path.clone()).ok_or_else(error)
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Format>, D::Error> {
    let name = String::deserialize(deserializer)?;
    match &*name {
        "sse" => Ok(Some(Format::Sse)),
        "lines" => Ok(Some(Format::Lines)),
        "bytes" => Ok(Some(Format::Bytes)),
        _ => Err(D::Error::custom(format!(
            "`{name}`: sse, lines or bytes is expected"
        ))),
    }
}

fn streams<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let fitting = u16::try_from(number)
        .ok()
        .filter(|number| STREAMS.contains(number));
    let error = || {
        let (low, high) = (STREAMS.start(), STREAMS.end());
        D::Error::custom(format!(
            "{number}: a number from {low} to {high} is expected"
        ))
    };
    fitting.map(Some).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use run_record::verdict::{HoldBy, Word};

    use super::*;

    const LEAST: &str = "about = 'x'\nfamily = 'y'\npath = '/'\n[expect]\nverdict = 'live'\n";

    fn error(text: &str) -> String {
        text.parse::<Description>().unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let text = "about = 'Plain lines'\nfamily = 'Rails'\nneeds = ['nginx', 'openssl']\npackages = ['nginx']\n\
                    origin = 'target-server'\nlisten = 'unix'\npath = '/lines?{plan}'\nformat = 'lines'\nstreams = 10\n\
                    leaving = 'log'\n[plans]\nlone = 'a=1'\n[expect]\nverdict = 'batched'\nby = 'size'\nbytes = 4096\n\
                    findings = ['streams.limit']\ncause = 'nginx.proxy-buffering'\n[cure]\nfile = 'nginx.conf'\n\
                    [versions]\nnginx = { ask = 'nginx -v', truth = ['1.22'] }\n";
        let read: Description = text.parse().unwrap();
        assert_eq!(read.needs, ["nginx", "openssl"]);
        assert_eq!(read.origin.as_deref(), Some("target-server"));
        assert_eq!(
            (read.listen, read.format),
            (Listen::Unix, Some(Format::Lines))
        );
        assert_eq!((read.streams, read.leaving), (Some(10), Some(Leaving::Log)));
        assert_eq!(read.expect.demand.word, Word::Batched);
        let hold = read.expect.demand.hold.unwrap();
        assert_eq!((hold.by, hold.amount), (HoldBy::Size, Some(4096)));
        assert_eq!(read.expect.findings, ["streams.limit"]);
        assert_eq!(read.expect.cause.as_deref(), Some("nginx.proxy-buffering"));
        assert_eq!(read.cure.unwrap().file.as_deref(), Some("nginx.conf"));
        assert_eq!(read.versions["nginx"].ask, "nginx -v");
    }

    #[test]
    fn what_is_not_said_takes_its_default() {
        let read: Description = LEAST.parse().unwrap();
        assert_eq!((read.listen, read.format), (Listen::Tcp, None));
        assert_eq!((read.origin, read.streams), (None, None));
        assert!(read.needs.is_empty() && read.expect.findings.is_empty());
    }

    #[test]
    fn a_plan_is_said_by_the_setup_or_its_origin_or_by_its_name() {
        let read = |plans: &str| -> Description {
            let text = format!("{plans}\n[expect]\nverdict = 'live'\n");
            format!("about = 'x'\nfamily = 'y'\npath = '/p?a=1&{{plan}}'\n{text}")
                .parse()
                .unwrap()
        };
        let origin = read("[plans]\nlone = 'c=1'\nsmall = 'c=20'");
        let proxy = read("[plans]\nlone = 'c=2'");
        let path = |plan| proxy.path(plan, Some(&origin)).unwrap();
        assert_eq!(path(Plan::Lone), "/p?a=1&c=2");
        assert_eq!(path(Plan::Small), "/p?a=1&c=20");
        assert_eq!(path(Plan::Large), "/p?a=1&large");
        let fixed: Description = LEAST.parse().unwrap();
        assert_eq!(fixed.path(Plan::Check, None).as_deref(), Some("/"));
        assert_eq!(fixed.path(Plan::Lone, None), None);
    }

    #[test]
    fn a_version_holds_for_its_patches_only() {
        let version = Version {
            ask: String::new(),
            truth: vec!["1.22".to_owned(), "2".to_owned()],
        };
        for (found, is_measured) in [
            ("1.22", true),
            ("1.22.1", true),
            ("2.0", true),
            ("1.220", false),
            ("1.2", false),
        ] {
            assert_eq!(version.is_measured(found), is_measured, "{found}");
        }
        assert!(
            Version {
                ask: String::new(),
                truth: Vec::new()
            }
            .is_measured("7")
        );
    }

    #[test]
    fn a_fault_is_named_with_its_line_and_what_to_do() {
        let with = |line: &str| LEAST.replace("[expect]", &format!("{line}\n[expect]"));
        insta::assert_snapshot!(
            [
                with("colour = 'red'"),
                with("about = 'x'"),
                with("listen = 'udp'"),
                with("format = 'xml'"),
                with("streams = 1"),
                LEAST.replace("'/'", "'prices'"),
                LEAST.replace("'live'", "'wet'"),
                LEAST.replace("'live'", "'batched'\nby = 'luck'"),
                LEAST.replace("'live'", "'batched'\nby = 'time'\nbytes = 7"),
                LEAST.replace("'live'", "'live'\nms = 7"),
                LEAST.replace("about = 'x'\n", ""),
            ]
            .map(|text| error(&text))
            .join("\n\n")
        );
    }
}
