//! How many processor cores this process may really use.
//!
//! Decoding is bound by memory: a second thread on the same core brings nothing and often costs.
//! So the physical cores count, of those the allowed ones, and of those what the container's quota
//! leaves.

use std::{collections::BTreeSet, fs, thread};

/// What the machine has, and what of it is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    /// Hardware threads that this process may run on, cgroup quota and affinity included.
    pub threads: u32,
    /// Physical cores among those that it may run on, where the system tells.
    pub physical: Option<u32>,
}

impl Cores {
    /// How many threads are worth starting.
    pub fn usable(self) -> u32 {
        self.physical
            .map_or(self.threads, |physical| physical.min(self.threads))
            .max(1)
    }
}

/// Asks the system.
pub fn cores() -> Cores {
    Cores {
        // The standard library reads the affinity mask and both versions of cgroup quotas.
        threads: thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX)),
        physical: physical(),
    }
}

/// Counts the distinct cores behind the processors that we may run on (Linux).
fn physical() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = BTreeSet::new();
    for cpu in numbers(allowed.trim())? {
        let siblings = format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        // A container may hide the topology; then nothing is known, and nothing is said.
        cores.insert(fs::read_to_string(siblings).ok()?);
    }
    u32::try_from(cores.len()).ok().filter(|count| *count > 0)
}

/// `0-3,8` as 0, 1, 2, 3, 8.
fn numbers(list: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in list.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        all.extend(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_read() {
        assert_eq!(numbers("0-3,8"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(numbers("5"), Some(vec![5]));
        assert_eq!(numbers(""), None);
    }

    #[test]
    fn a_quota_below_the_cores_counts() {
        let cores = |threads, physical| Cores { threads, physical }.usable();
        assert_eq!(cores(16, Some(8)), 8);
        assert_eq!(cores(2, Some(8)), 2);
        assert_eq!(cores(4, None), 4);
    }
}
