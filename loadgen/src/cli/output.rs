//! What is shown and written: shared by all subcommands that measure.
//! It must not know which subcommand they belong to, or write anything.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::plan::{Color, Output};
use crate::request::Environment;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Write the run record to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print one JSON object on stdout; all else goes to stderr
    #[arg(long)]
    json: bool,

    /// Show no progress
    #[arg(long)]
    no_progress: bool,

    /// auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value = "auto",
        hide_possible_values = true
    )]
    color: ColorArg,

    /// Use ASCII symbols only
    #[arg(long)]
    ascii: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ColorArg {
    Auto,
    Always,
    Never,
}

impl OutputArgs {
    pub(super) fn into_output(self, environment: &Environment<'_>) -> Output {
        Output {
            record: self.out,
            reports: Vec::new(),
            raw: None,
            on_change: None,
            json: self.json,
            live_json: false,
            progress: !self.no_progress,
            color: match self.color {
                ColorArg::Auto => Color::Auto,
                ColorArg::Always => Color::Always,
                ColorArg::Never => Color::Never,
            },
            ascii: self.ascii || !is_utf8_locale(environment),
        }
    }
}

/// Source: POSIX: the first of these that is set and not empty decides.
fn is_utf8_locale(environment: &Environment<'_>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment(name).filter(|value| !value.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
