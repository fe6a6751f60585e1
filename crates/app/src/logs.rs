//! Logging as the configuration wants it.

use busbar_config::{Config, LogFormat};
use busbar_telemetry::LogSettings;

use crate::Result;

/// The engine's library tells a page about each model that it loads. Whoever wants to read it adds
/// `llama-cpp-2=info` to the filter; what comes later in it wins.
const CHATTY: &str = "llama-cpp-2=error,llama_cpp_2=error";

/// Sets up logging for the whole process, on standard error. Once only.
///
/// # Errors
/// The filter cannot be read.
pub fn init_logs(config: &Config, colour: bool) -> Result<()> {
    let format = match config.log.format {
        LogFormat::Pretty => busbar_telemetry::LogFormat::Pretty,
        LogFormat::Json => busbar_telemetry::LogFormat::Json,
    };
    Ok(busbar_telemetry::init(&LogSettings {
        format,
        filter: format!("{CHATTY},{}", config.log.filter),
        colour,
    })?)
}
