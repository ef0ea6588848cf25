//! Who the subscribers of a run are: a CSV file whose columns stand in braces in the request.
//! It must not know what is sent with them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::UsageError;
use super::request::RequestArgs;
use crate::request::Table;

/// The users.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Load")]
pub(super) struct UserArgs {
    /// CSV file with a row for each user: {column} in the URL, a header or the body is the value of a subscriber; --data FILE.csv is the same
    ///
    /// The first line names the columns. Subscriber n has row n, also over reconnects, processes and shards; fewer rows
    /// than subscribers are dealt out in turn. {{name}} is the text {name}, and other braces are themselves, so that a
    /// body may be JSON. In the URL values are percent-encoded; {+column} leaves / ? & = and the like as they are. Values
    /// are secrets: no record, report or message holds one.
    #[arg(long, value_name = "FILE.csv")]
    users: Option<PathBuf>,
}

impl UserArgs {
    /// The table, if one was named, with `--users` or as the body that ends in `.csv`, which is taken out of `request`.
    ///
    /// Errors: two were named, or one that cannot be used.
    pub(super) fn table(&self, request: &mut RequestArgs) -> Result<Option<Table>, UsageError> {
        let mut files = request.take_csv_files();
        files.extend(self.users.clone());
        match &files[..] {
            [] => Ok(None),
            [file] => read(file).map(Some),
            [_, second, ..] => Err(UsageError::TwoTables(second.clone())),
        }
    }
}

fn read(path: &Path) -> Result<Table, UsageError> {
    let file = path.display().to_string();
    match fs::read(path) {
        Ok(content) => Ok(Table::read(&content, &file)?),
        Err(source) => Err(UsageError::UnreadableTable { file, source }),
    }
}
