//! The machine: processor, threads, memory, GPU, disk.

use std::{fs, path::Path};

use busbar_catalog::Store;
use busbar_config::{Config, GpuLayers, cores};

use super::Check;
use crate::{about, cpu};

const GIB: u64 = 1 << 30;

pub(super) fn processor() -> Check {
    let found = format!("{} {}", about::platform(), cpu::present().join(" "));
    match cpu::check() {
        Ok(()) => Check::good("processor", found.trim_end()),
        Err(missing) => Check::bad("processor", missing.to_string(), "run a build for this processor"),
    }
}

pub(super) fn threads(config: &Config) -> Check {
    let cores = cores();
    let physical = cores
        .physical
        .map_or_else(String::new, |n| format!(", {n} physical cores"));
    let used = config.models.text_engine.threads;
    let found = format!("{} usable{physical}; the text engine takes {used}", cores.threads);
    if used > cores.threads {
        let fix = format!("set text.threads to {} or less, or to \"auto\"", cores.usable());
        return Check::poor("threads", found, fix);
    }
    Check::good("threads", found)
}

pub(super) fn memory() -> Check {
    let Some(available) = available_memory() else {
        return Check::good("memory", "the system does not tell");
    };
    let found = format!("{:.1} GiB available", available as f64 / GIB as f64);
    if available < GIB / 2 {
        return Check::poor(
            "memory",
            found,
            "the default model needs about 0.5 GiB; close something",
        );
    }
    Check::good("memory", found)
}

pub(super) fn gpu(config: &Config) -> Check {
    let wants_layers = matches!(config.models.text_engine.gpu_layers, GpuLayers::Layers(1..));
    match (about::has_gpu(), wants_layers) {
        (false, true) => Check::bad(
            "gpu",
            "text.gpu_layers is set, but this build has no GPU support",
            "build with the cargo feature cuda, metal or vulkan, or set text.gpu_layers to \"auto\"",
        ),
        (false, false) => Check::good("gpu", "not compiled in; models run on the processor"),
        (true, _) => Check::good("gpu", format!("compiled in: {}", about::features().join(", "))),
    }
}

pub(super) fn disk(config: &Config) -> Check {
    let home = &config.storage.home;
    let shown = home.display();
    if let Err(error) = writable(home) {
        let fix = "give this user the right to write there, or set BUSBAR_HOME to another directory";
        return Check::bad("storage", format!("{shown} cannot be written: {error}"), fix);
    }
    match Store::new(home).free_space() {
        Ok(free) if free.get() < 2 * GIB => {
            let fix = "models take 0.1 to 5 GB each; free some space, or set BUSBAR_HOME to another disk";
            Check::poor("storage", format!("{shown}, {free} free"), fix)
        }
        Ok(free) => Check::good("storage", format!("{shown}, {free} free")),
        Err(error) => Check::poor(
            "storage",
            format!("{shown}: {error}"),
            "look whether the disk is there",
        ),
    }
}

/// Whether files could be made there; the directory itself may have to be made first.
fn writable(home: &Path) -> std::io::Result<()> {
    let Some(existing) = home.ancestors().find(|path| path.exists()) else {
        return Ok(());
    };
    tempfile::tempfile_in(existing).map(drop)
}

/// What can be had without swapping: of the machine, or of what the container leaves.
pub(crate) fn available_memory() -> Option<u64> {
    let machine = meminfo(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limit = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    let left = limit.map(|(max, current)| max.saturating_sub(current));
    Some(left.map_or(machine, |left| left.min(machine)))
}

/// `MemAvailable:   12345 kB`
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_is_read_from_its_line() {
        assert_eq!(meminfo("MemTotal: 9 kB\nMemAvailable:    2 kB\n"), Some(2048));
        assert_eq!(meminfo(""), None);
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_judged_by_the_one_above() {
        let directory = tempfile::tempdir().unwrap();
        assert!(writable(&directory.path().join("a/b")).is_ok());
        assert!(writable(Path::new("/proc/1/nowhere")).is_err());
    }
}
