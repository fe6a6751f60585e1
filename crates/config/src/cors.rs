//! `[cors]`: which web pages of elsewhere may call the API.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCors {
    origins: Vec<String>,
    max_age: Span,
}

/// Which web pages of elsewhere may call the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Pages of these origins.
    pub origins: Origins,
    /// How long browsers may remember it.
    pub max_age: Duration,
}

/// Origins of web pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// None but our own.
    None,
    /// Any at all.
    Any,
    /// These: scheme, host and port, as browsers send them.
    These(Vec<String>),
}

impl RawCors {
    pub(crate) fn check(&self, problems: &mut Problems) -> Cors {
        let origins = match &*self.origins {
            [] => Origins::None,
            [any] if any == "*" => Origins::Any,
            these => Origins::These(these.to_vec()),
        };
        if let Origins::These(these) = &origins {
            for (place, origin) in these.iter().enumerate() {
                check(place, origin, problems);
            }
        }
        Cors {
            origins,
            max_age: self.max_age.0,
        }
    }
}

fn check(place: usize, origin: &str, problems: &mut Problems) {
    let field = format!("cors.origins[{place}]");
    if origin == "*" {
        return problems.field(field, "`*` allows every origin; write it alone");
    }
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    let right = host.is_some_and(|host| {
        !host.is_empty()
            && !host.contains(['/', '?', '#', '@', ' '])
            && !host.bytes().any(|b| b.is_ascii_uppercase())
    });
    if !right {
        // A browser sends exactly `scheme://host[:port]` in lower case, so nothing else ever matches.
        problems.field(
            field,
            format!("`{origin}` is no origin; write https://app.example, without a path"),
        );
    }
}
