//! Whether this processor has what the program was compiled for.
//!
//! Asks the processor itself: the standard library's own question is answered at compile time for
//! everything that the compiler was told to assume. Kept plain, since nothing may run before it that
//! needs what it looks for.

/// What the program was compiled for and the processor lacks; nothing is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing(&'static [&'static str], u32);

/// Looks whether the processor has what the program was compiled for.
///
/// # Errors
/// What is missing.
pub fn check() -> Result<(), Missing> {
    let missing = missing(WANTED);
    if missing == 0 {
        Ok(())
    } else {
        Err(Missing(NAMES, missing))
    }
}

/// The features that the program uses and this processor has, for people.
pub fn present() -> Vec<&'static str> {
    let missing = missing(u32::MAX);
    let known = NAMES.iter().enumerate();
    known
        .filter(|(bit, _)| missing & (1 << bit) == 0)
        .map(|(_, name)| *name)
        .collect()
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this program was compiled for a newer processor than this one, which lacks")?;
        for (bit, name) in self.0.iter().enumerate() {
            if self.1 & (1 << bit) != 0 {
                write!(f, " {name}")?;
            }
        }
        f.write_str(
            "; build it here with RUSTFLAGS=\"-C target-cpu=native\", or run it on a processor of 2015 or later",
        )
    }
}

impl std::error::Error for Missing {}

/// The names of the bits below, by their place.
#[cfg(target_arch = "x86_64")]
const NAMES: &[&str] = &["sse4.2", "avx", "avx2", "fma", "f16c", "bmi1", "bmi2", "avx512f"];
#[cfg(not(target_arch = "x86_64"))]
const NAMES: &[&str] = &[];

/// The bits of what the compiler was told to assume.
#[cfg(target_arch = "x86_64")]
const WANTED: u32 = (cfg!(target_feature = "sse4.2") as u32)
    | (cfg!(target_feature = "avx") as u32) << 1
    | (cfg!(target_feature = "avx2") as u32) << 2
    | (cfg!(target_feature = "fma") as u32) << 3
    | (cfg!(target_feature = "f16c") as u32) << 4
    | (cfg!(target_feature = "bmi1") as u32) << 5
    | (cfg!(target_feature = "bmi2") as u32) << 6
    | (cfg!(target_feature = "avx512f") as u32) << 7;
#[cfg(not(target_arch = "x86_64"))]
const WANTED: u32 = 0;

/// The bits of `wanted` that the processor lacks. Bit numbers: Intel's manual, volume 2, CPUID.
#[cfg(target_arch = "x86_64")]
fn missing(wanted: u32) -> u32 {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    let basic = __cpuid(1).ecx;
    let extended = if __cpuid(0).eax < 7 {
        0
    } else {
        __cpuid_count(7, 0).ebx
    };
    let bit = |register: u32, place: u32| (register >> place) & 1;
    // The wide registers are of use only where the operating system saves them (OSXSAVE).
    let saved = bit(basic, 27);
    let have = bit(basic, 20)
        | (bit(basic, 28) & saved) << 1
        | (bit(extended, 5) & saved) << 2
        | (bit(basic, 12) & saved) << 3
        | (bit(basic, 29) & saved) << 4
        | bit(extended, 3) << 5
        | bit(extended, 8) << 6
        | (bit(extended, 16) & saved) << 7;
    wanted & !have
}

#[cfg(not(target_arch = "x86_64"))]
fn missing(_wanted: u32) -> u32 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_that_runs_this_has_what_it_was_compiled_for() {
        assert_eq!(check(), Ok(()));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_is_found_agrees_with_the_operating_system() {
        let Ok(info) = std::fs::read_to_string("/proc/cpuinfo") else {
            return;
        };
        let flags: Vec<&str> = info
            .lines()
            .find_map(|line| line.strip_prefix("flags"))
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        for name in NAMES {
            let linux = name.replace("sse4.2", "sse4_2");
            assert_eq!(present().contains(name), flags.contains(&&*linux), "{name}");
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_is_missing_is_named() {
        let message = Missing(NAMES, 0b110).to_string();
        assert!(message.contains("which lacks avx avx2;"), "{message}");
    }
}
