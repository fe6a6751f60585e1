//! How many threads are worth computing with: the physical cores that this process may use.
//!
//! Decoding is bound by memory, so a second thread on a core gains nothing and costs the waiting
//! at barriers; and threads beyond a container's share are stopped by the kernel in the middle of
//! a step. Linux tells all of this in files, which are read here; other systems are asked for their
//! parallelism.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

/// What a system tells of its processors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Processors {
    /// The logical processors that this process may run on.
    pub allowed: BTreeSet<usize>,
    /// For each, the logical processors on the same core, itself among them.
    pub siblings: BTreeMap<usize, BTreeSet<usize>>,
    /// How many processors' time the process gets, where it is limited (cgroup).
    pub share: Option<f64>,
}

impl Processors {
    /// Physical cores of the allowed processors, at most as many as the share fills; at least 1.
    /// `None` where nothing is known.
    pub fn cores(&self) -> Option<NonZeroUsize> {
        let core = |processor: &usize| {
            let siblings = self.siblings.get(processor);
            // The core goes by its first processor.
            siblings
                .and_then(|siblings| siblings.first())
                .unwrap_or(processor)
                .to_owned()
        };
        let cores: BTreeSet<usize> = self.allowed.iter().map(core).collect();
        let cores = NonZeroUsize::new(cores.len())?;
        Some(self.share.map_or(cores, |share| cores.min(whole(share))))
    }

    /// Asks Linux by reading its files. `read` gives a file's text, or nothing.
    pub fn from_files(read: impl Fn(&str) -> Option<String>) -> Self {
        let status = read("/proc/self/status").unwrap_or_default();
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .map(list)
            .unwrap_or_default();
        let siblings = allowed.iter().filter_map(|processor| {
            let topology = format!("/sys/devices/system/cpu/cpu{processor}/topology");
            let siblings = read(&format!("{topology}/core_cpus_list"))
                .or_else(|| read(&format!("{topology}/thread_siblings_list")))?;
            Some((*processor, list(&siblings)))
        });
        Self {
            siblings: siblings.collect(),
            share: share(&read),
            allowed,
        }
    }
}

/// The threads worth computing with on this machine.
pub fn physical_cores() -> NonZeroUsize {
    let known = if cfg!(target_os = "linux") {
        Processors::from_files(|path| std::fs::read_to_string(path).ok()).cores()
    } else {
        None
    };
    known
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// A list as Linux writes it: `0-3,8,10-11`.
fn list(text: &str) -> BTreeSet<usize> {
    let ranges = text.trim().split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse::<usize>().ok()?);
        // No machine has more; a damaged file must not fill the memory.
        Some(first..=last.min(1 << 16))
    });
    ranges.flatten().collect()
}

/// The smallest share among the process's group and those around it, in processors.
fn share(read: &impl Fn(&str) -> Option<String>) -> Option<f64> {
    let groups = read("/proc/self/cgroup")?;
    let shares = groups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        let shares: Vec<f64> = match controllers {
            "" => around(path).filter_map(|path| unified(read, &path)).collect(),
            _ if controllers.split(',').any(|controller| controller == "cpu") => around(path)
                .filter_map(|path| legacy(read, controllers, &path))
                .collect(),
            _ => Vec::new(),
        };
        shares
    });
    shares.min_by(f64::total_cmp)
}

/// A group and all around it, up to the root, as ends of paths without a `/` behind them.
fn around(path: &str) -> impl Iterator<Item = String> + '_ {
    let path = path.trim_end_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let mut paths: Vec<String> = ends
        .filter_map(|end| path.get(..end).map(str::to_owned))
        .collect();
    paths.dedup();
    paths.into_iter()
}

/// The share of a group of cgroup version 2.
fn unified(read: &impl Fn(&str) -> Option<String>, path: &str) -> Option<f64> {
    let text = read(&format!("/sys/fs/cgroup{path}/cpu.max"))?;
    let mut fields = text.split_whitespace();
    // `max` in the first place, no number, is no limit.
    ratio(fields.next()?.parse().ok()?, fields.next()?.parse().ok()?)
}

/// The share of a group of cgroup version 1.
fn legacy(read: &impl Fn(&str) -> Option<String>, controllers: &str, path: &str) -> Option<f64> {
    let number = |file: &str| {
        let mounted = |mount: &str| read(&format!("/sys/fs/cgroup/{mount}{path}/{file}"));
        let text = mounted(controllers).or_else(|| mounted("cpu"))?;
        text.trim().parse::<f64>().ok()
    };
    ratio(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)
}

fn ratio(quota: f64, period: f64) -> Option<f64> {
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

/// Whole processors of a share; a part of one is one.
fn whole(share: f64) -> NonZeroUsize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is positive, and a cast of floats saturates"
    )]
    let processors = share.floor() as usize;
    NonZeroUsize::new(processors).unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cores by the files given as `path`, `text` pairs.
    fn check(files: &[(&str, &str)]) -> Option<usize> {
        let read = |path: &str| {
            let found = files.iter().find(|(known, _)| *known == path);
            found.map(|(_, text)| (*text).to_owned())
        };
        Processors::from_files(read).cores().map(NonZeroUsize::get)
    }

    const FOUR: (&str, &str) = (
        "/proc/self/status",
        "Name:\tx\nCpus_allowed:\tf\nCpus_allowed_list:\t0-3\n",
    );

    #[test]
    fn two_threads_of_a_core_are_one() {
        let topology = [
            ("/sys/devices/system/cpu/cpu0/topology/core_cpus_list", "0,2\n"),
            ("/sys/devices/system/cpu/cpu1/topology/core_cpus_list", "1,3\n"),
            (
                "/sys/devices/system/cpu/cpu2/topology/thread_siblings_list",
                "0,2\n",
            ),
            ("/sys/devices/system/cpu/cpu3/topology/core_cpus_list", "1,3\n"),
        ];
        assert_eq!(check(&[&[FOUR], topology.as_slice()].concat()), Some(2));
        assert_eq!(check(&[FOUR]), Some(4));
    }

    #[test]
    fn only_the_processors_that_are_allowed_count() {
        assert_eq!(
            check(&[("/proc/self/status", "Cpus_allowed_list:\t2,5-6\n")]),
            Some(3)
        );
        assert_eq!(check(&[("/proc/self/status", "Name:\tx\n")]), None);
        assert_eq!(check(&[]), None);
    }

    #[test]
    fn the_share_of_a_group_and_of_those_around_it_limits() {
        let group = ("/proc/self/cgroup", "0::/a/b\n");
        let own = ("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
        let outer = ("/sys/fs/cgroup/a/cpu.max", "250000 100000\n");
        assert_eq!(check(&[FOUR, group, own]), Some(4));
        assert_eq!(check(&[FOUR, group, own, outer]), Some(2));
        let root = [
            ("/proc/self/cgroup", "0::/\n"),
            ("/sys/fs/cgroup/cpu.max", "50000 100000\n"),
        ];
        assert_eq!(check(&[FOUR, root[0], root[1]]), Some(1));
    }

    #[test]
    fn the_older_groups_limit_too() {
        let group = ("/proc/self/cgroup", "5:memory:/x\n3:cpu,cpuacct:/x\n0::/x\n");
        let quota = ("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "300000\n");
        let period = ("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
        assert_eq!(check(&[FOUR, group, quota, period]), Some(3));
        let endless = ("/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "-1\n");
        assert_eq!(check(&[FOUR, group, endless, period]), Some(4));
        let elsewhere = ("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "100000\n");
        let period = ("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
        assert_eq!(check(&[FOUR, group, elsewhere, period]), Some(1));
    }

    #[test]
    fn lists_are_read_as_linux_writes_them() {
        assert_eq!(list("0-2,7,\n"), BTreeSet::from([0, 1, 2, 7]));
        assert_eq!(list("x,3-,1"), BTreeSet::from([1]));
    }

    #[test]
    fn this_machine_has_a_core() {
        let parallelism = std::thread::available_parallelism().map_or(usize::MAX, NonZeroUsize::get);
        assert!(physical_cores().get() <= parallelism);
    }
}
