//! Which build this is.

use busbar_telemetry::BuildInfo;

/// The version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What was compiled in, by the names of the cargo features.
pub fn features() -> Vec<&'static str> {
    let known = [
        (cfg!(feature = "text"), "text"),
        (cfg!(feature = "vision"), "vision"),
        (cfg!(feature = "image"), "image"),
        (cfg!(feature = "emoji"), "emoji"),
        (cfg!(feature = "cuda"), "cuda"),
        (cfg!(feature = "metal"), "metal"),
        (cfg!(feature = "vulkan"), "vulkan"),
    ];
    known
        .into_iter()
        .filter(|(is_in, _)| *is_in)
        .map(|(_, name)| name)
        .collect()
}

/// Whether a GPU can be used.
pub fn has_gpu() -> bool {
    cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan"))
}

/// Operating system and processor: `linux-x86_64`.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

pub(crate) fn build_info() -> BuildInfo {
    BuildInfo {
        version: VERSION.to_owned(),
        features: features().join(","),
        platform: platform(),
    }
}
