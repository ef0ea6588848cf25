//! Memory: an estimate of what the run takes, against what the machine and its container have left.
//! It must not be exact: it refuses what cannot work and warns of what may not.

use std::fs;

use thiserror::Error;

use super::Note;
use crate::coding::Coding;
use crate::plan::Plan;

/// The program, its libraries and the collector.
const BASE_BYTES: u64 = 64 << 20;

/// Two sets of histograms of 264 KiB a metric, and buffers.
const PER_WORKER_BYTES: u64 = 16 << 20;

/// A session (at most 4 KiB by design) and its socket in the kernel with a little unread data.
const PER_CONNECTION_BYTES: u64 = 10 << 10;

/// What a TLS session adds (measured: 5.7 KiB with one small certificate; the server's chain is kept as well).
const PER_TLS_BYTES: u64 = 8 << 10;

/// One traced event with its times and sizes, and room to grow.
const PER_TRACED_EVENT_BYTES: u64 = 200;

/// More than there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "-c {connections} needs about {} MiB of memory and {} MiB are available: use -c {possible} or less, \
     or free some memory",
    needed >> 20,
    available >> 20
)]
pub struct MemoryError {
    /// What was asked for.
    pub connections: u32,
    /// Bytes that needs, by estimate.
    pub needed: u64,
    /// Bytes that are left.
    pub available: u64,
    /// Connections that the rest would be enough for.
    pub possible: u64,
}

/// Checks the estimate. The note is for codings whose windows may grow beyond what is left.
pub(super) fn check(plan: &Plan) -> Result<Option<Note>, MemoryError> {
    // Where it cannot be read there is nothing to go by.
    available_bytes().map_or(Ok(None), |available| judge(plan, available))
}

fn judge(plan: &Plan, available: u64) -> Result<Option<Note>, MemoryError> {
    let connections = u64::from(plan.load.own());
    let offered = offered_codings(plan);
    let smallest = offered
        .iter()
        .map(|coding| coding.window_bytes() as u64)
        .min()
        .unwrap_or(0);
    let largest = offered
        .iter()
        .map(|coding| coding.window_bytes() as u64)
        .max()
        .unwrap_or(0);
    let tls = if plan.target.tls.is_some() {
        PER_TLS_BYTES
    } else {
        0
    };
    let each = PER_CONNECTION_BYTES + tls + smallest;
    let traced = (plan.trace.streams * plan.trace.events_per_stream) as u64;
    let users = plan.users.as_ref().map_or(0, |users| users.bytes());
    let fixed = BASE_BYTES * u64::from(plan.load.processes)
        + users
        + PER_WORKER_BYTES * plan.load.workers as u64
        + PER_TRACED_EVENT_BYTES * traced;
    let needed = fixed + connections * each;
    if needed > available {
        let possible = available.saturating_sub(fixed) / each;
        return Err(MemoryError {
            connections: plan.load.own(),
            needed,
            available,
            possible,
        });
    }
    let most = connections * largest;
    Ok((needed + most > available && largest > smallest)
        .then_some(Note::Windows { most, available }))
}

/// Any of those that the request offers may be what the server answers with.
fn offered_codings(plan: &Plan) -> Vec<Coding> {
    let headers = plan.request.headers.iter();
    let offers = headers.filter(|(name, _)| name.eq_ignore_ascii_case("Accept-Encoding"));
    offers
        .flat_map(|(_, value)| value.split(','))
        .filter_map(|offer| Coding::from_token(offer.split(';').next().unwrap_or_default().trim()))
        .collect()
}

/// The least of what the machine and the container (cgroup v2) have left.
fn available_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| mem_available(&text));
    machine.into_iter().chain(container_bytes()).min()
}

fn mem_available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

fn container_bytes() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let read = |file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{group}/{file}")).ok();
    left_in_group(&read("memory.max")?, &read("memory.current")?)
}

/// `max` stands for no limit.
fn left_in_group(max: &str, current: &str) -> Option<u64> {
    let max: u64 = max.trim().parse().ok()?;
    Some(max.saturating_sub(current.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;
    use crate::plan::{TlsPlan, Trust};
    use crate::request::HttpVersion;

    const GIB: u64 = 1 << 30;

    fn offering(connections: u32, codings: &str) -> Plan {
        let mut plan = plan(connections);
        plan.request
            .headers
            .push(("accept-encoding".into(), codings.into()));
        plan
    }

    #[test]
    fn the_number_that_would_work_works() {
        let error = judge(&plan(1_000_000), GIB).unwrap_err();
        let possible = u32::try_from(error.possible).unwrap();
        assert!(possible > 10_000);
        assert_eq!(judge(&plan(possible), GIB), Ok(None));
        judge(&plan(possible + 1), GIB).unwrap_err();
        assert_eq!(judge(&plan(1), 1 << 20).unwrap_err().possible, 0);
    }

    #[test]
    fn tls_is_counted() {
        let mut secured = plan(1_000_000);
        secured.target.tls = TlsPlan::new("localhost", &Trust::Anyone, HttpVersion::Http11).ok();
        let (plain, tls) = (
            judge(&plan(1_000_000), GIB).unwrap_err(),
            judge(&secured, GIB).unwrap_err(),
        );
        assert_eq!(tls.needed - plain.needed, 1_000_000 * PER_TLS_BYTES);
    }

    #[test]
    fn windows_that_every_coding_needs_are_counted() {
        let possible = judge(&plan(1_000_000), GIB).unwrap_err().possible;
        let with_gzip = judge(&offering(1_000_000, "gzip;q=0.5"), GIB)
            .unwrap_err()
            .possible;
        assert!(with_gzip < possible / 4, "{with_gzip} of {possible}");
    }

    #[test]
    fn windows_that_may_grow_are_only_warned_of() {
        assert_eq!(judge(&offering(1000, "gzip"), GIB), Ok(None));
        let Ok(Some(Note::Windows {
            most,
            available: GIB,
        })) = judge(&offering(1000, "gzip, br"), GIB)
        else {
            panic!("no warning");
        };
        assert!(most > 16_000 << 20);
        assert_eq!(judge(&offering(10, "gzip, br"), GIB), Ok(None));
    }

    #[test]
    fn the_systems_words_are_read() {
        let meminfo = "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:     1024 kB\n";
        assert_eq!(mem_available(meminfo), Some(1 << 20));
        assert_eq!(mem_available("MemTotal: 1 kB\n"), None);
        assert_eq!(left_in_group("1000\n", "400\n"), Some(600));
        assert_eq!(left_in_group("1000\n", "4000\n"), Some(0));
        assert_eq!(left_in_group("max\n", "400\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_some_memory_left() {
        assert!(available_bytes().unwrap() > 1 << 20);
    }
}
