//! Another process: started, measured from outside, and always ended.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

use crate::clock;

const POLL: Duration = Duration::from_millis(50);

/// A child process; dropping it kills it.
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `command`; `name` stands for it in messages.
    ///
    /// Errors: the program is not there or cannot be run.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command.spawn().with_context(|| {
            let program = command.get_program().display();
            format!("cannot start {name}: {program}")
        })?;
        Ok(Self {
            child,
            name: name.to_owned(),
        })
    }

    /// What is left of its piped output, once.
    pub fn take_stderr(&mut self) -> Option<std::process::ChildStderr> {
        self.child.stderr.take()
    }

    /// CPU time used so far, user and system, all threads.
    ///
    /// Errors: it has ended.
    pub fn cpu_time(&self) -> Result<Duration> {
        clock::cpu_time(self.id()).with_context(|| format!("no CPU clock of {}", self.name))
    }

    /// Resident memory now, in bytes (`VmRSS`).
    ///
    /// Errors: it has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        resident_bytes(&self.id().to_string())
            .with_context(|| format!("no memory of {}", self.name))
    }

    /// Errors: it has ended, which none of ours should before it is dropped.
    pub fn check_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended too early: {status}", self.name),
        }
    }

    /// Waits until it has ended by itself, however well.
    ///
    /// Errors: it has not within `limit`.
    pub fn wait(mut self, limit: Duration) -> Result<()> {
        let until = clock::now() + limit;
        while self.child.try_wait()?.is_none() {
            if clock::now() > until {
                bail!("{} did not end within {limit:?}", self.name);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("Linux keeps process ids below 2^22"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors mean that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Resident memory in bytes of a process by its id, or of this one as `self`.
///
/// Errors: no such process, or no `VmRSS` in its status.
pub fn resident_bytes(id: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1024)
}

/// Raises the limit of open descriptors to the hard limit, for this process and those it starts.
///
/// Errors: fewer than `needed` are allowed; the text names both numbers.
pub fn allow_descriptors(needed: u64) -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if hard < needed {
        bail!("{needed} open descriptors are needed, the hard limit is {hard} (ulimit -Hn)");
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_this_process_is_plausible_and_that_of_none_an_error() {
        let bytes = resident_bytes("self").unwrap();
        assert!((100_000..1 << 40).contains(&bytes), "{bytes}");
        assert!(resident_bytes("0").is_err());
    }

    #[test]
    fn an_ended_process_is_noticed() {
        let mut process = Process::start("true", &mut Command::new("true")).unwrap();
        process.child.wait().unwrap();
        assert!(
            process
                .check_running()
                .unwrap_err()
                .to_string()
                .contains("true ended too early")
        );
        assert!(process.cpu_time().is_err());
        assert!(Process::start("nothing", &mut Command::new("/no/such/program")).is_err());
    }

    #[test]
    fn descriptors_that_the_machine_forbids_are_refused_with_both_numbers() {
        allow_descriptors(16).unwrap();
        let refused = allow_descriptors(u64::MAX).unwrap_err().to_string();
        assert!(refused.contains(&u64::MAX.to_string()), "{refused}");
    }
}
