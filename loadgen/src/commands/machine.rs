//! What machine this is, without its name.

use run_record::environment::Environment;
use std::fs;

/// This machine and this version of the tool. What cannot be found out is left empty.
pub(in crate::commands) fn environment() -> Environment {
    Environment {
        tool: format!("loadgen {}", env!("CARGO_PKG_VERSION")),
        os: pretty_name(&read("/etc/os-release"))
            .unwrap_or_else(|| std::env::consts::OS.to_owned()),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cores: std::thread::available_parallelism().map_or(0, |cores| cores.get() as u32),
        memory_bytes: total_memory(&read("/proc/meminfo")).unwrap_or_default(),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn pretty_name(os_release: &str) -> Option<String> {
    let line = os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches('"').to_owned())
}

fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_system_are_understood() {
        let os = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(os).unwrap(), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(
            total_memory("MemTotal:       24627432 kB\nMemFree: 1 kB\n"),
            Some(24_627_432 * 1024)
        );
        assert_eq!(total_memory("MemTotal: many"), None);
    }
}
