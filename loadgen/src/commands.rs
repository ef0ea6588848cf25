//! The subcommands: each takes what was typed and returns how it ended. Only here, and in `main`, is printed.

pub mod capacity;
pub mod catalogue;
pub mod check;
mod ci;
pub mod diff;
mod machine;
pub mod manual;
pub mod matrix;
pub mod records;
pub mod run;
pub mod selftest;
mod series;
mod store;
mod voice;

use crate::exit::Exit;

/// What to end with where `--exit-zero` was given: 0 for what a server or a machine is blamed for.
pub fn forgive(exit: Exit) -> Exit {
    match exit {
        Exit::Server | Exit::NoStream | Exit::Inconclusive | Exit::Machine => {
            voice::say(&format!(
                "note: exit code 0 for {} (--exit-zero): {}",
                exit.code(),
                exit.meaning()
            ));
            Exit::AsExpected
        }
        other => other,
    }
}

/// Tells of a fault of this program or machine, with what led to it.
pub fn tell(error: &anyhow::Error) {
    voice::say(&format!("error: {error:#}"));
}
