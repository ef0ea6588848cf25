//! The options by which several processes and several machines make one run.
//! It must not read a clock: a time is given as such, and preflight finds it past.

use std::num::NonZeroU32;
use std::str::FromStr;

use clap::Args;
use jiff::Timestamp;
use run_record::time::Wall;
use thiserror::Error;

use super::UsageError;
use crate::plan::{Part, Processes};
use crate::request::Environment;

/// Processes and machines of a run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Several processes, several machines")]
pub(super) struct ShareArgs {
    /// Processes that hold the connections; auto: as many as their descriptors demand
    #[arg(long, value_name = "N|auto", default_value = "1")]
    processes: Processes,

    /// The part of the run that is this machine's, from 1/N to N/N; auto/N reads its index from JOB_COMPLETION_INDEX, SLURM_PROCID or PARALLEL_SEQ
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,

    /// When the first connection is due, the same for all shards, such as 2026-02-03T04:05:06Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    start_at: Option<Wall>,
}

impl Default for ShareArgs {
    /// One process of one machine, which starts at once.
    fn default() -> Self {
        Self::of(Processes::Exactly(1))
    }
}

/// Most processes of one run: far above what the descriptors of a machine are worth.
const MOST_PROCESSES: u32 = 1_024;

/// Where a scheduler of jobs says which of them this one is, and from which number on it counts.
const INDICES: [(&str, u32); 3] = [
    ("JOB_COMPLETION_INDEX", 0),
    ("SLURM_PROCID", 0),
    ("PARALLEL_SEQ", 1),
];

/// The value of `--shard`; a shard without a number reads it from the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    number: Option<NonZeroU32>,
    of: NonZeroU32,
}

#[derive(Debug, PartialEq, Eq, Error)]
enum ShareError {
    #[error("expected K/N with K from 1 to N, such as 2/4, or auto/N")]
    Shard,
    #[error("expected auto, or a number from 1 to {MOST_PROCESSES}")]
    Processes,
    #[error("expected an instant with its offset, such as 2026-02-03T04:05:06Z (date -u +%FT%TZ)")]
    Instant,
}

impl ShareArgs {
    /// So many processes of one machine, which start at once.
    pub(super) fn of(processes: Processes) -> Self {
        Self {
            processes,
            shard: None,
            start_at: None,
        }
    }

    /// How many processes.
    pub(super) fn processes(&self) -> Processes {
        self.processes
    }

    /// When the ramp begins.
    pub(super) fn start_at(&self) -> Option<Wall> {
        self.start_at
    }

    /// Which part of the run is this machine's.
    ///
    /// Errors: the environment does not say, or says a number that is none of the run's.
    pub(super) fn shard(&self, environment: &Environment<'_>) -> Result<Part, UsageError> {
        let Some(Shard { number, of }) = self.shard else {
            return Ok(Part::WHOLE);
        };
        let of = of.get();
        let number = match number {
            Some(number) => number.get() - 1,
            None => index(of, environment)?,
        };
        Ok(Part { number, of })
    }
}

/// The index of this job, from 0, as the first of [`INDICES`] that is set tells it.
fn index(of: u32, environment: &Environment<'_>) -> Result<u32, UsageError> {
    let said = INDICES
        .iter()
        .find_map(|(name, from)| Some((*name, *from, environment(name)?)));
    let Some((variable, from, value)) = said else {
        return Err(UsageError::NoIndex);
    };
    let number = value.trim().parse::<u32>().ok();
    let number = number.and_then(|number| number.checked_sub(from));
    number
        .filter(|number| *number < of)
        .ok_or(UsageError::Index {
            variable,
            value: value.escape_debug().to_string(),
            of,
            from,
            to: of - 1 + from,
        })
}

impl FromStr for Shard {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let (number, of) = text.split_once('/').ok_or(ShareError::Shard)?;
        let whole = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|_| digits)
                .ok_or(ShareError::Shard)
        };
        let of: NonZeroU32 = whole(of)?;
        let number = match number {
            "auto" => None,
            number => Some(whole(number)?),
        };
        if number.is_some_and(|number| number > of) {
            return Err(ShareError::Shard);
        }
        Ok(Shard { number, of })
    }
}

impl FromStr for Processes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Processes::Auto);
        }
        let number = text.parse().ok();
        number
            .filter(|number| (1..=MOST_PROCESSES).contains(number))
            .map(Processes::Exactly)
            .ok_or_else(|| ShareError::Processes.to_string())
    }
}

/// An instant, to the whole nanosecond that it names.
fn instant(text: &str) -> Result<Wall, ShareError> {
    let at: Timestamp = text.parse().map_err(|_| ShareError::Instant)?;
    let nanos = u64::try_from(at.as_nanosecond()).map_err(|_| ShareError::Instant)?;
    Ok(Wall(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(shard: &str, variables: &[(&str, &str)]) -> Result<Part, String> {
        let args = ShareArgs {
            processes: Processes::Exactly(1),
            shard: Some(
                shard
                    .parse()
                    .map_err(|error: ShareError| error.to_string())?,
            ),
            start_at: None,
        };
        let set = |name: &str| {
            let variable = variables.iter().find(|(known, _)| *known == name);
            variable.map(|(_, value)| (*value).to_owned())
        };
        args.shard(&set).map_err(|error| error.to_string())
    }

    #[test]
    fn shards_count_from_one_and_parts_from_zero() {
        assert_eq!(part("1/4", &[]), Ok(Part { number: 0, of: 4 }));
        assert_eq!(part("4/4", &[]), Ok(Part { number: 3, of: 4 }));
        for text in ["", "4", "0/4", "5/4", "1/0", "-1/4", "1/4/4", "a/4", "+1/4"] {
            assert_eq!(
                part(text, &[]),
                Err(ShareError::Shard.to_string()),
                "{text}"
            );
        }
    }

    #[test]
    fn schedulers_of_jobs_say_which_shard_this_is() {
        let third = Ok(Part { number: 2, of: 4 });
        assert_eq!(part("auto/4", &[("JOB_COMPLETION_INDEX", "2")]), third);
        assert_eq!(part("auto/4", &[("SLURM_PROCID", "2")]), third);
        assert_eq!(part("auto/4", &[("PARALLEL_SEQ", "3")]), third);
        assert!(part("auto/4", &[]).unwrap_err().contains("SLURM_PROCID"));
        let beyond = part("auto/4", &[("PARALLEL_SEQ", "5")]).unwrap_err();
        assert_eq!(
            beyond,
            "--shard auto/4: PARALLEL_SEQ is `5`, expected a number from 1 to 4"
        );
    }

    #[test]
    fn an_instant_has_an_offset() {
        assert_eq!(
            instant("1970-01-01T01:00:02.5+01:00"),
            Ok(Wall(2_500_000_000))
        );
        for text in [
            "12:00",
            "2026-02-03",
            "2026-02-03T04:05:06",
            "1969-01-01T00:00:00Z",
        ] {
            assert_eq!(instant(text), Err(ShareError::Instant), "{text}");
        }
    }

    #[test]
    fn processes_are_a_number_or_auto() {
        assert_eq!("auto".parse(), Ok(Processes::Auto));
        assert_eq!("6".parse(), Ok(Processes::Exactly(6)));
        assert!("0".parse::<Processes>().is_err() && "many".parse::<Processes>().is_err());
    }
}
