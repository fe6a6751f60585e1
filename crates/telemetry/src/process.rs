//! What the operating system says about this process. Reads `/proc` where there is one.

use std::fs;

/// Figures that are there on Linux; elsewhere they are absent rather than wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) open_fds: Option<u64>,
}

impl Process {
    pub(crate) fn read() -> Self {
        Self {
            resident_bytes: fs::read_to_string("/proc/self/status")
                .ok()
                .as_deref()
                .and_then(resident),
            cpu_seconds: fs::read_to_string("/proc/self/stat")
                .ok()
                .as_deref()
                .and_then(cpu),
            // Reading the directory opens one more, which is not counted.
            open_fds: fs::read_dir("/proc/self/fd")
                .ok()
                .map(|entries| (entries.count() as u64).saturating_sub(1)),
        }
    }
}

/// `VmRSS:   123456 kB`
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// The 14th and 15th fields, in ticks; Linux has shown 100 a second to programs since 2.6.
fn cpu(stat: &str) -> Option<f64> {
    // The 2nd field is the program's name in parentheses, and may hold spaces itself.
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_its_line() {
        assert_eq!(
            resident("Name:\tx\nVmRSS:\t   2048 kB\nThreads:\t3\n"),
            Some(2 * 1024 * 1024)
        );
        assert_eq!(resident("Name:\tx\n"), None);
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0";
        assert_eq!(cpu(stat), Some(2.0));
    }
}
