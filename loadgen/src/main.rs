//! The command line of loadgen: it calls the library and maps the outcome to an exit code.

use loadgen::cli::{Cli, Command};
use loadgen::commands;
use loadgen::exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command_line: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let cli = Cli::read(std::env::args_os()).unwrap_or_else(|refusal| refusal.exit());
    let exit_zero = cli.exit_zero;
    let outcome = match cli.command {
        Command::Check(args) => commands::check::run(*args, &command_line),
        Command::Run(args) => commands::run::run(*args, &command_line),
        Command::Capacity(args) => commands::capacity::run(*args, &command_line),
        Command::Matrix(args) => commands::matrix::run(*args, &command_line),
        Command::Causes(args) => commands::catalogue::causes(&args),
        Command::Explain(args) => commands::catalogue::explain(&args),
        Command::Report(args) => commands::records::report(&args),
        Command::Diff(args) => commands::diff::run(*args),
        Command::Completions(args) => commands::manual::completions(&args),
        Command::Man(args) => commands::manual::man(&args),
        Command::Merge(args) => commands::records::merge(&args),
        Command::Selftest(args) => commands::selftest::run(*args),
    };
    match outcome {
        Ok(exit) if exit_zero => commands::forgive(exit).into(),
        Ok(exit) => exit.into(),
        Err(error) => {
            commands::tell(&error);
            Exit::Internal.into()
        }
    }
}
