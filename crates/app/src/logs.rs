//! Logging as the configuration wants it.

use busbar_config::{Config, LogFormat};
use busbar_telemetry::LogSettings;

use crate::Result;

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
        filter: config.log.filter.clone(),
        colour,
    })?)
}
