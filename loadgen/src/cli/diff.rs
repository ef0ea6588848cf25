//! `loadgen diff`: its arguments.
//! It must not read a record.

use clap::Args;
use reports::diff::Measure;
use std::path::PathBuf;
use std::time::Duration;

use super::files::FileArgs;
use super::output::OutputArgs;
use super::{after_help, values};
use crate::plan::Output;
use crate::request::Environment;

/// The options of `loadgen diff`, as typed.
#[derive(Debug, Args)]
#[command(after_help = after_help(EXAMPLE))]
pub struct DiffArgs {
    /// Records of the runs before, as --out of run wrote them; at least 4, better 10
    #[arg(required = true, value_name = "BASE.json")]
    pub base: Vec<PathBuf>,

    /// Records of the runs after
    #[arg(long = "with", required = true, num_args = 1.., value_name = "NEW.json")]
    pub new: Vec<PathBuf>,

    /// What is compared, such as delivery.p99 or lost; may be given several times
    ///
    /// Unless given: p99 and p50 of delivery (of transit or gap where there is none), p50 of first_event, and lost
    /// where something was lost. Each further one takes from what can be shown of the others.
    #[arg(long, value_name = "METRIC", value_parser = Measure::parse)]
    pub on: Vec<Measure>,

    /// A smaller difference of times is none; selftest says what this machine can tell
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = values::duration)]
    pub floor: Duration,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLE: &str = "  loadgen run http://localhost:8080/prices -c 1000 --for 10s --repeat 10 \\
      --baseline-url http://localhost:8081/prices --out run.json
      ten runs of each, in turns, and what differs
  loadgen diff run-baseline-*.json --with run-??.json
      the same from the records";

impl DiffArgs {
    /// What is shown and written.
    pub fn output(&self, environment: &Environment<'_>) -> Output {
        let output = self.output.clone().into_output(environment);
        self.files.clone().with(output)
    }
}
