//! What can be wrong with a command line beyond the form of its values, which clap has checked.
//! It must not know exit codes other than its own.

use std::io;
use std::path::PathBuf;

use run_record::record::ReadError;
use thiserror::Error;

use crate::exit::Exit;
use crate::plan::TlsError;
use crate::request::{HeaderError, TableError, UsersError};

/// A command line that asks for something that cannot be meant. Nothing was sent.
#[derive(Debug, Error)]
pub enum UsageError {
    /// A method with characters that would break the request line.
    #[error("-X `{0}` is no method; expected letters, such as GET or POST")]
    Method(String),
    /// A header line of `-H`, or a value of `-b`, `-u` or `-A`, that cannot be sent.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A file named with `@` that cannot be read.
    #[error("{option} @{path}: {source}")]
    Unreadable {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another copy of this program would need the standard input too, which can be read only once.
    #[error(
        "{0} reads the request a second time, which standard input (@-) allows once; write it to a file, @FILE"
    )]
    StandardInputTwice(&'static str),
    /// curl's cookie file.
    #[error("-b `{0}` holds no `=`; cookie files are not read, write -b 'name=value'")]
    CookieFile(String),
    /// curl would ask for the password.
    #[error(
        "-u needs USER:PASSWORD; write -u 'name:${{PASSWORD}}' to keep it out of the command line"
    )]
    NoPassword,
    /// Not offered yet.
    #[error("--http2 is for `loadgen check`; leave it out to measure over HTTP/1.1")]
    NoHttp2,
    /// `--repeat` is consent to what a safe method does not need consent for.
    #[error("--repeat is for methods that may have effects; {0} is sent as often as a check needs")]
    RepeatOfSafe(String),
    /// A comparison that could show nothing.
    #[error(
        "--repeat {0} with --baseline-url: at least 4 runs a side are needed to tell a difference from chance, 10 are better"
    )]
    FewRepeats(u16),
    /// A file that one run has, and several runs.
    #[error("{0} is the file of one run: leave --repeat and --baseline-url away")]
    OneRunOnly(&'static str),
    /// None, or several.
    #[error("expected one URL, found {0}")]
    Urls(usize),
    /// One hop is no comparison.
    #[error(
        "expected two hops or more, found one; add --hop NAME=URL, origin first, or the URL that users have"
    )]
    OneHop,
    /// More hops than a page can show.
    #[error("expected at most {most} hops, found {found}")]
    Hops {
        /// The most there may be.
        most: usize,
        /// How many there are.
        found: usize,
    },
    /// A name that stands for two hops.
    #[error("two hops are called `{0}`; give each a name of its own, such as origin and edge")]
    HopTwice(String),
    /// A request option of ours before a pasted curl command.
    #[error("request options go after the word curl, as curl's own")]
    BeforeCurl,
    /// An option of a pasted curl command that is not offered.
    #[error("curl's --{option}: {remedy}")]
    CurlOption {
        /// Its long form.
        option: &'static str,
        /// What to write instead.
        remedy: &'static str,
    },
    /// `--shard auto/N` where nobody says which shard this is.
    #[error(
        "--shard auto/N reads its index from JOB_COMPLETION_INDEX, SLURM_PROCID or PARALLEL_SEQ, and none of them is set; \
         write --shard K/N"
    )]
    NoIndex,
    /// The scheduler of jobs counts otherwise than the command line.
    #[error("--shard auto/{of}: {variable} is `{value}`, expected a number from {from} to {to}")]
    Index {
        /// Where the index was read.
        variable: &'static str,
        /// What stands there.
        value: String,
        /// Shards of the run.
        of: u32,
        /// The index of the first shard.
        from: u32,
        /// The index of the last one.
        to: u32,
    },
    /// A table of users that cannot be read.
    #[error("{file}: {source}; expected a CSV file with a row for each user")]
    UnreadableTable {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file that is no table of users.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Two tables of users.
    #[error("{0}: a second file of users; put all columns into one")]
    TwoTables(PathBuf),
    /// Columns that the request does not go with.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// A limit that is relative to a baseline.
    #[error("`{0}` is relative to a baseline: name its record with --baseline RUN.json")]
    NoBaseline(String),
    /// The record of a baseline that cannot be read.
    #[error("--baseline {path}: {source}")]
    BaselineUnread {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The record of a baseline that is none.
    #[error("--baseline {path}: {source}")]
    BaselineForm {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ReadError,
    },
    /// A baseline in which that was not measured which a limit is relative to.
    #[error("`{limit}`: {path} has nothing that this could be relative to: {why}")]
    BaselineLacks {
        /// The file.
        path: PathBuf,
        /// The limit as given.
        limit: String,
        /// Why it was not measured there.
        why: String,
    },
    /// TLS cannot be set up as asked.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl UsageError {
    /// The outcome to report.
    pub fn exit(&self) -> Exit {
        Exit::Usage
    }
}
