//! `loadgen completions` and `loadgen man`: what the command line itself tells shells and readers.

use super::store;
use super::voice::{print, say};
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Exit;
use anyhow::{Context, Result};
use clap::{Command, CommandFactory};

/// Prints the completions for a shell.
///
/// Errors: stdout cannot be written (exit code 70).
pub fn completions(args: &CompletionsArgs) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut shown(&Cli::command()),
        "loadgen",
        &mut text,
    );
    print(&text)?;
    Ok(Exit::AsExpected)
}

/// The command without what is hidden in its help: completions for bash would list that.
fn shown(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|it| !it.is_hide_set());
    let commands = command.get_subcommands().filter(|it| !it.is_hide_set());
    Command::new(command.get_name().to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .args(arguments.cloned())
        .subcommands(commands.map(shown))
}

/// Writes the manual: a page for loadgen and one for each of its subcommands.
///
/// Errors: a file that cannot be written (exit code 70).
pub fn man(args: &ManArgs) -> Result<Exit> {
    let mut command = Cli::command();
    // Long names of subcommands and what they inherit are known only then.
    command.build();
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set());
    let pages = shown.map(|one| (format!("loadgen-{}", one.get_name()), one.clone()));
    let whole = ("loadgen".to_owned(), command.clone());
    std::fs::create_dir_all(&args.directory)
        .with_context(|| format!("cannot make {}", args.directory.display()))?;
    for (name, command) in std::iter::once(whole).chain(pages) {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .title(name.clone())
            .render(&mut page)
            .context("a page of the manual cannot be made")?;
        store::write_for_all(&args.directory.join(format!("{name}.1")), &page)?;
    }
    say(&format!(
        "{}: read it with man -l",
        args.directory.join("loadgen.1").display()
    ));
    Ok(Exit::AsExpected)
}
