//! `loadgen matrix`: real servers: started, waited for, checked, surveyed, stopped, and a table of what came out.
//!
//! Exit code, the worst of all setups: 0 each found as its file expects; 1 one is not; 3 one could not be started or
//! gave no stream; 4 one could not be told, or was skipped because a command is missing; 5 this machine was the limit;
//! 130 interrupted, with the table of those that were done.

mod row;
mod survey;
mod visit;

use super::ci::{self, Told};
use super::machine;
use super::store;
use super::voice::{interrupt, print, refuse, say, style};
use crate::cli::MatrixArgs;
use crate::clock;
use crate::exit::Exit;
use crate::setups::{self, Setup, SetupError};
use anyhow::{Context, Result};
use reports::{demands, html, markdown, terminal};
use row::Row;
use run_record::end;
use run_record::matrix::{MatrixDocument, MatrixRecord, SCHEMA};
use run_record::record::{Kind, Moment};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use visit::Visit;

/// Does what was asked for; `command_line` is kept in the records, redacted.
///
/// Errors: faults of this program or machine that leave nothing to report (exit code 70).
pub fn run(args: MatrixArgs, command_line: &[String]) -> Result<Exit> {
    let setups = match chosen(&args) {
        Ok(setups) => setups,
        Err(error) => return Ok(refuse(&error, Exit::Usage)),
    };
    if args.list {
        return list(&setups);
    }
    let interrupt = interrupt()?;
    let jobs = usize::from(args.jobs);
    let visit = Visit {
        watch: args.watch,
        idle: args.idle,
        streams: args.streams,
        only_verdict: args.only_verdict,
        output: args.output(&|name| std::env::var(name).ok()),
        command_line,
        interrupt: &interrupt,
    };
    let started = Moment::at(clock::wall());
    let mut rows = side_by_side(&visit, &setups, jobs)?;
    if jobs > 1 {
        repeat_spoiled(&visit, &setups, &mut rows)?;
    }
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    finish(rows, setups.len(), started, &visit)
}

/// All are read before the first is started: a fault in the last one should not show after minutes.
fn chosen(args: &MatrixArgs) -> Result<Vec<Setup>, SetupError> {
    let all = || setups::names(&args.setups);
    let names = match &args.names[..] {
        [] => all()?,
        names => names.to_vec(),
    };
    let read = |name: &String| Setup::read(&args.setups, name);
    names.iter().map(read).collect()
}

fn list(setups: &[Setup]) -> Result<Exit> {
    let widest = setups.iter().map(|setup| setup.name.len()).max();
    let width = widest.unwrap_or_default();
    for Setup {
        name, description, ..
    } in setups
    {
        let line = format!("{name:width$}  {}\n", description.about);
        print(line.as_bytes())?;
    }
    Ok(Exit::AsExpected)
}

/// As many at once as there are jobs, each in the order of the list; what was not begun when the user interrupted stays empty.
fn side_by_side(visit: &Visit<'_>, setups: &[Setup], jobs: usize) -> Result<Vec<Option<Row>>> {
    let queue = Mutex::new(setups.iter().enumerate());
    let next = || queue.lock().ok()?.next();
    let work = || -> Result<Vec<(usize, Row)>> {
        let mut rows = Vec::new();
        while !visit.is_interrupted()
            && let Some((index, setup)) = next()
        {
            if visit.output.progress {
                let about = &setup.description.about;
                let (number, all) = (index + 1, setups.len());
                say(&format!("{number}/{all} {}: {about}", setup.name));
            }
            rows.push((index, visit.row(setup)?));
        }
        Ok(rows)
    };
    let mut rows: Vec<Option<Row>> = setups.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done = worker.join();
            let done = done.map_err(|_| anyhow::anyhow!("a thread of the matrix panicked"))?;
            for (index, row) in done? {
                rows[index] = Some(row);
            }
        }
        Ok(rows)
    })
}

/// Setups that run side by side may keep this machine busy: what that spoiled is looked at again, alone.
fn repeat_spoiled(visit: &Visit<'_>, setups: &[Setup], rows: &mut [Option<Row>]) -> Result<()> {
    for (setup, row) in setups.iter().zip(rows) {
        if visit.is_interrupted() {
            break;
        }
        if row.as_ref().is_some_and(Row::is_spoiled) {
            if visit.output.progress {
                say(&format!("{}: once more, alone", setup.name));
            }
            *row = Some(visit.row(setup)?);
        }
    }
    Ok(())
}

/// Writes the record and the reports and shows the table. The table is shown even if they cannot be written.
fn finish(rows: Vec<Row>, asked: usize, started: Moment, visit: &Visit<'_>) -> Result<Exit> {
    let output = &visit.output;
    let mut exit = rows
        .iter()
        .map(Row::exit)
        .fold(Exit::AsExpected, Exit::worse);
    if visit.is_interrupted() {
        exit = exit.worse(Exit::Interrupted);
    }
    let reason = reason(&rows, asked, exit);
    let record = MatrixRecord {
        schema: SCHEMA.to_owned(),
        kind: Kind::Matrix,
        started,
        ended: Moment::at(clock::wall()),
        environment: machine::environment(),
        setups: rows.into_iter().filter_map(Row::into_record).collect(),
        exit: end::Exit {
            code: exit.code(),
            reason,
        },
    };
    if let Err(error) = keep(&record, output.record.as_deref()) {
        say(&format!("error: {error:#}"));
        exit = exit.worse(Exit::Internal);
    }
    let told = Told {
        suites: vec![demands::of_matrix(&record)],
        markdown: markdown::of_matrix(&record),
        page: Some(Box::new(|| html::matrix_page(&record))),
        record: None,
    };
    let (_, written) = ci::publish(&told, output);
    exit = exit.worse(written);
    let page = |is_terminal| terminal::matrix_page(&record, &style(output, is_terminal));
    if output.json {
        let json = serde_json::to_vec_pretty(&MatrixDocument::of(&record));
        let mut json = json.context("the matrix cannot be put into JSON")?;
        json.push(b'\n');
        print(&json)?;
        say(&page(io::stderr().is_terminal()));
    } else {
        print(page(io::stdout().is_terminal()).as_bytes())?;
    }
    Ok(exit)
}

fn keep(record: &MatrixRecord, out: Option<&Path>) -> Result<()> {
    if let Some(path) = out {
        let bytes = record.write();
        store::write(path, &bytes.context("the matrix cannot be put into JSON")?)?;
    }
    Ok(())
}

/// The exit code in words: how many setups are the reason.
fn reason(rows: &[Row], asked: usize, exit: Exit) -> String {
    let count = rows.iter().filter(|row| row.exit() == exit).count();
    let all = rows.len();
    match exit {
        Exit::AsExpected => format!("all {all} as expected"),
        Exit::Server => format!("{count} of {all} not as expected"),
        Exit::NoStream => format!("{count} of {all} without a stream"),
        Exit::Inconclusive => format!("{count} of {all} skipped or not told"),
        Exit::Machine => format!("{count} of {all} spoiled by this machine"),
        Exit::Interrupted => format!("interrupted after {} of {asked}", all - count),
        Exit::Usage | Exit::Internal => exit.meaning().to_owned(),
    }
}
