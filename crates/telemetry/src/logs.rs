//! Structured logs on standard error: one line an event, as text for people or as JSON.
//!
//! Never writes to standard output, which belongs to answers.

use busbar_core::{RequestId, Trace};
use tracing::Span;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Pretty,
    /// One JSON object a line, for machines.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// What passes: a level, or directives such as `info,busbar_server=debug`.
    pub filter: String,
    /// Whether text lines are coloured.
    pub colour: bool,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// The filter cannot be read.
    #[error(
        "`{filter}` is no log filter: {reason}; write a level such as `info`, or `info,busbar_server=debug`"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something in this process has set up logging before.
    #[error("logging is set up already")]
    Twice,
}

/// Sets up logging for the whole process. Once only.
///
/// # Errors
/// Where the filter cannot be read, or logging is set up already.
pub fn init(settings: &LogSettings) -> Result<(), LogsError> {
    let filter = filter(&settings.filter)?;
    // A log line that cannot be written is lost: reporting that would need the same closed pipe.
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    let installed = match settings.format {
        LogFormat::Pretty => registry
            .with(lines.with_ansi(settings.colour).with_target(false))
            .try_init(),
        LogFormat::Json => registry
            .with(
                lines
                    .json()
                    .with_ansi(false)
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init(),
    };
    installed.map_err(|_| LogsError::Twice)
}

/// The span in which a request is handled: every line logged in it carries the request's id, and its trace
/// where it is a part of one.
pub fn request_span(request: &RequestId, trace: Option<&Trace>, method: &str, route: &str) -> Span {
    tracing::info_span!(
        "request",
        request_id = request.as_str(),
        trace_id = trace.map(tracing::field::display),
        method,
        route
    )
}

fn filter(text: &str) -> Result<EnvFilter, LogsError> {
    EnvFilter::builder()
        .parse(text)
        .map_err(|error| LogsError::Filter {
            filter: text.to_owned(),
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_directives_pass() {
        assert!(filter("info").is_ok());
        assert!(filter("info,busbar_server=debug").is_ok());
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let error = filter("info,busbar=loud").unwrap_err().to_string();
        assert!(
            error.starts_with("`info,busbar=loud` is no log filter"),
            "{error}"
        );
    }
}
