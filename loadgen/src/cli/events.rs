//! How the events of a stream are to be read: shared by the subcommands that read one.
//! It must not know which subcommand they belong to.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values;
use crate::plan::{Format, SequenceSource, StampSource};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Events")]
pub(super) struct EventArgs {
    /// How a body is cut into events; auto goes by the content type
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "auto",
        hide_possible_values = true
    )]
    format: FormatArg,

    /// Send time in the data: auto, none or json:/pointer:unit (iso, s, ms, us, ns)
    ///
    /// By the wall clock, or by the monotonic clock of this machine where the server runs on it.
    #[arg(long, value_name = "WHERE", default_value = "auto", value_parser = values::stamp_source)]
    pub(super) sent_at: StampSource,

    /// Sequence number, to tell loss by: auto, id, none or json:/pointer
    #[arg(long = "seq", value_name = "WHERE", default_value = "auto", value_parser = values::sequence_source)]
    pub(super) sequence: SequenceSource,

    /// Spacing at which events are due
    #[arg(long, value_name = "TIME", value_parser = values::positive_duration)]
    pub(super) due_every: Option<Duration>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    Auto,
    Sse,
    Lines,
    Bytes,
}

impl EventArgs {
    pub(super) fn format(&self) -> Format {
        match self.format {
            FormatArg::Auto => Format::Auto,
            FormatArg::Sse => Format::Sse,
            FormatArg::Lines => Format::Lines,
            FormatArg::Bytes => Format::Bytes,
        }
    }
}
