//! The file of all events (`--raw`): written by a thread of its own while the run goes on.
//!
//! Nobody waits for it but the end of the run. Workers keep rows where they keep all else, for a second; the collector hands
//! them on. What the thread cannot keep up with is counted and told.

use crate::session::recorder::Rows;
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use reports::csv;
use run_record::time::Wall;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Times are nanoseconds since the epoch, exact in 64 bits.
const NAMES: &str = "subscriber,stream,event,id,id_bytes,data_bytes,due_ns,sent_ns,arrival_earliest_ns,arrival_latest_ns,read_ns";

/// The file while it is written.
pub(super) struct RawFile {
    path: PathBuf,
    /// Where it is written until it is whole.
    part: PathBuf,
    rows: SyncSender<Rows>,
    thread: JoinHandle<io::Result<()>>,
    written: u64,
    missed: u64,
}

impl RawFile {
    /// Makes the file, for a run of so many workers.
    ///
    /// Errors: it cannot be made.
    pub(super) fn begin(path: &Path, workers: usize) -> Result<RawFile> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)
            .with_context(|| format!("cannot write {}", path.display()))?;
        // Each worker hands its rows over once a second, all at about the same time.
        let (rows, received) = sync_channel(2 * workers);
        let thread = thread::Builder::new()
            .name("raw".to_owned())
            .spawn(move || write(file, &received))
            .context("no thread for the raw file")?;
        Ok(RawFile {
            path: path.to_owned(),
            part,
            rows,
            thread,
            written: 0,
            missed: 0,
        })
    }

    /// Hands rows on; those that the thread has no room for are gone.
    pub(super) fn take(&mut self, rows: &mut Vec<Rows>) {
        for block in rows.drain(..) {
            let count = block.len() as u64;
            self.missed += block.missed();
            match self.rows.try_send(block) {
                Ok(()) => self.written += count,
                Err(_) => self.missed += count,
            }
        }
    }

    /// The run is over: waits until the rest is written. The name of the file with what is in it.
    ///
    /// Errors: it could not be written; what was written until then stays under another name.
    pub(super) fn end(mut self, rest: Vec<Rows>) -> Result<String> {
        for block in rest {
            let count = block.len() as u64;
            self.missed += block.missed();
            match self.rows.send(block) {
                Ok(()) => self.written += count,
                Err(_) => self.missed += count,
            }
        }
        drop(self.rows);
        let ended = self.thread.join();
        let ended = ended.unwrap_or_else(|_| Err(io::Error::other("its thread has failed")));
        ended
            .and_then(|()| fs::rename(&self.part, &self.path))
            .with_context(|| {
                let (path, part) = (self.path.display(), self.part.display());
                format!("cannot write {path}; what was written until then is in {part}")
            })?;
        let missed = match self.missed {
            0 => String::new(),
            missed => format!(", {missed} missing: this machine could not keep up"),
        };
        Ok(format!(
            "{} ({} events{missed})",
            self.path.display(),
            self.written
        ))
    }
}

fn write(file: File, rows: &Receiver<Rows>) -> io::Result<()> {
    // Fast: at the usual level packing would cost more than measuring.
    let packed = GzEncoder::new(file, Compression::fast());
    let mut out = BufWriter::with_capacity(1 << 16, packed);
    writeln!(out, "{NAMES}")?;
    for block in rows {
        for (row, id) in block.iter() {
            let id = csv::cell(&String::from_utf8_lossy(id));
            write!(out, "{},{},{},{id}", row.subscriber, row.stream, row.event)?;
            write!(out, ",{},{},", row.id_bytes, row.data_bytes)?;
            known(&mut out, row.due)?;
            known(&mut out, row.sent)?;
            let (earliest, latest) = (row.arrival.earliest.0, row.arrival.latest.0);
            writeln!(out, "{earliest},{latest},{}", row.read.0)?;
        }
    }
    let packed = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    packed.finish()?.sync_all()
}

/// A time that may not be known, and the comma behind it.
fn known(out: &mut impl Write, at: Option<Wall>) -> io::Result<()> {
    match at {
        Some(at) => write!(out, "{},", at.0),
        None => out.write_all(b","),
    }
}
