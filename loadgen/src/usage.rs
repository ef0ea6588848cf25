//! What the kernel says of processes: this one's descriptors; memory, processor time and descriptors of a server's.
//! It must not know what is made of that.

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use run_record::time::Nanos;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Descriptors of this process in use, and how many it may use; 0 where the system does not tell.
pub fn descriptors() -> (u64, u64) {
    let limit = getrlimit(Resource::RLIMIT_NOFILE);
    (count_of("self"), limit.map_or(0, |(soft, _)| soft))
}

/// What a process and its descendants use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in bytes; what several of them share is counted for each.
    pub memory_bytes: u64,
    /// Processor time since they began.
    pub cpu: Nanos,
    /// Open descriptors; 0 where this user may not see them.
    pub descriptors: u64,
}

impl Usage {
    /// Of the process with this number and all that descend from it; `None` if there is none.
    ///
    /// A descendant whose parent has ended belongs to nobody's tree any more.
    pub fn of_tree(root: u32) -> Option<Usage> {
        let stats = all_stats();
        stats.get(&root)?;
        let page = unit(SysconfVar::PAGE_SIZE, 4_096);
        let tick = Nanos::from_secs(1).0 / unit(SysconfVar::CLK_TCK, 100);
        let mut usage = Usage::default();
        for id in tree(root, &stats) {
            let stat = &stats[&id];
            usage.memory_bytes += stat.resident_pages * page;
            usage.cpu = usage.cpu + Nanos(stat.ticks * tick);
            usage.descriptors += count_of(&id.to_string());
        }
        Some(usage)
    }
}

/// The part of `/proc/PID/stat` that is of use.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// Processor time in user and system mode, of threads and of children that were waited for.
    ticks: u64,
    resident_pages: u64,
}

impl Stat {
    /// Source: proc_pid_stat(5); the name in brackets may hold anything.
    fn parse(text: &str) -> Option<Stat> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        // Field 3 of the manual is the first here.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Stat {
            parent: u32::try_from(number(4)?).ok()?,
            ticks: number(14)? + number(15)?,
            resident_pages: number(24)?,
        })
    }
}

fn all_stats() -> BTreeMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return BTreeMap::new();
    };
    let stat = |name: &str| {
        let id = name.parse().ok()?;
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Some((id, Stat::parse(&text)?))
    };
    entries
        .flatten()
        .filter_map(|entry| stat(entry.file_name().to_str()?))
        .collect()
}

fn tree(root: u32, stats: &BTreeMap<u32, Stat>) -> BTreeSet<u32> {
    let mut tree = BTreeSet::from([root]);
    loop {
        let found: Vec<u32> = stats
            .iter()
            .filter(|(id, stat)| tree.contains(&stat.parent) && !tree.contains(id))
            .map(|(id, _)| *id)
            .collect();
        if found.is_empty() {
            return tree;
        }
        tree.extend(found);
    }
}

/// Linux 6.2 and later tell the number as the size. To count ten thousand of them once a second was a thirtieth of what
/// their streams cost.
fn count_of(id: &str) -> u64 {
    let path = format!("/proc/{id}/fd");
    match fs::metadata(&path).map_or(0, |directory| directory.len()) {
        0 => fs::read_dir(path).map_or(0, |entries| entries.count() as u64),
        told => told,
    }
}

fn unit(name: SysconfVar, usual: u64) -> u64 {
    let known = sysconf(name).ok().flatten();
    known
        .and_then(|value| u64::try_from(value).ok())
        .filter(|value| *value > 0)
        .unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio, id};

    #[test]
    fn a_name_with_brackets_and_spaces_is_no_field() {
        let text =
            "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 50 60 7 8 20 0 1 0 9 1000 321 18446744";
        let stat = Stat {
            parent: 3,
            ticks: 110,
            resident_pages: 321,
        };
        assert_eq!(Stat::parse(text), Some(stat));
        assert_eq!(Stat::parse("7 (a"), None);
    }

    #[test]
    fn a_process_is_counted_with_its_children() {
        let alone = Usage::of_tree(id()).unwrap();
        assert!(alone.memory_bytes > 0 && alone.descriptors > 0);
        let (mut child, mut pipes) = echo();
        // What answers runs: a process between fork and exec has no memory of its own yet.
        pipes.0.write_all(b"x").unwrap();
        pipes.1.read_exact(&mut [0]).unwrap();
        let of_child = Usage::of_tree(child.id()).unwrap();
        let with_child = tree(id(), &all_stats());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(with_child.contains(&id()) && with_child.contains(&child.id()));
        assert!(of_child.memory_bytes > 0);
        assert_eq!(Usage::of_tree(u32::MAX), None);
    }

    fn echo() -> (Child, (ChildStdin, ChildStdout)) {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipes = child.stdin.take().zip(child.stdout.take());
        (child, pipes.unwrap())
    }
}
