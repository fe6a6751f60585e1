//! `[log]`: what is logged, and how.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problems;

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLog {
    filter: String,
    format: LogFormat,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A level or directives. The logging library reads the rest of them.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

const LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

impl RawLog {
    pub(crate) fn check(&self, problems: &mut Problems) -> Log {
        for directive in self.filter.split(',') {
            // `target[span]=level`: the level is what people get wrong.
            let level = directive
                .rsplit_once('=')
                .map_or(directive, |(_, level)| level)
                .trim();
            let bare = !directive.contains(['=', '[', ':']);
            let known = LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
            if !known && (!bare || !is_target(level)) {
                let levels = LEVELS.join(", ");
                problems.field(
                    "log.filter",
                    format!("`{level}` is no level; the levels are {levels}"),
                );
            }
        }
        Log {
            filter: self.filter.clone(),
            format: self.format,
        }
    }
}

/// A crate's name alone is a directive too: everything of that crate.
fn is_target(text: &str) -> bool {
    text.contains('_') || text == "busbar"
}
