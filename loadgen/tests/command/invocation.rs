//! One call of the command, and what came of it.

use run_record::record::RunRecord;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A call of `loadgen run`, with a place for the record.
pub(crate) struct Invocation {
    directory: TempDir,
    url: String,
}

/// What came of it.
pub(crate) struct Ended {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The record, where one was written.
    pub(crate) record: Option<RunRecord>,
}

impl Invocation {
    /// For this URL.
    pub(crate) fn of(url: impl Into<String>) -> Invocation {
        Invocation {
            directory: tempfile::tempdir().unwrap(),
            url: url.into(),
        }
    }

    /// One connection for a second, and the record in a file, unless `options` say more; colour and progress off.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
        command.arg("run").arg(&self.url).args(options);
        command.args(["--no-progress", "--color", "never"]);
        if !options.contains(&"--out") {
            command.arg("--out").arg(self.record_path());
        }
        if !options.contains(&"-c") {
            command.args(["-c", "1"]);
        }
        if !options.contains(&"--for") {
            command.args(["--for", "1s"]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, options: &[&str]) -> Ended {
        self.ended(self.command(options).output().unwrap())
    }

    /// What a finished process has left behind.
    pub(crate) fn ended(&self, output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let record = std::fs::read(self.record_path()).ok();
        Ended {
            code: output.status.code().expect("it was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            record: record.map(|bytes| RunRecord::read(&bytes).unwrap()),
        }
    }

    fn record_path(&self) -> PathBuf {
        self.directory.path().join("run.json")
    }
}

impl Ended {
    /// Refused before anything was measured: this code, one line that says so, no page and no record.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, says: &[&str]) {
        assert_eq!(self.code, code, "{}", self.stderr);
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 1, "{}", self.stderr);
        assert!(lines[0].starts_with("error: "), "{}", self.stderr);
        for part in says {
            assert!(
                lines[0].contains(part),
                "{part:?} is not in {}",
                self.stderr
            );
        }
        assert_eq!(self.stdout, "");
        assert!(self.record.is_none());
    }

    /// Something was measured: this code in process and record, a page, and its reason in the record.
    #[track_caller]
    pub(crate) fn assert_judged(&self, code: i32, says: &[&str]) -> &RunRecord {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        let record = self.record.as_ref().expect("the record is written");
        let exit = record.exit.as_ref().expect("it says how it exits");
        assert_eq!(i32::from(exit.code), code);
        assert!(!exit.reason.contains('\n'), "{}", exit.reason);
        for part in says {
            assert!(
                exit.reason.contains(part),
                "{part:?} is not in {:?}",
                exit.reason
            );
        }
        record
    }
}
