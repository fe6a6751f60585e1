//! `[fetch]`: what clients point to, and from where it may be fetched.

use std::time::Duration;

use busbar_core::Place;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, size::Size, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFetch {
    public: bool,
    allow: Vec<String>,
    size_limit: Size,
    timeout: Span,
    redirects: u32,
}

/// From where things may be fetched that clients point to, and how much. What they want to be told is
/// sent by the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Whether from the public internet.
    pub public: bool,
    /// Places from which it may be fetched whatever they are.
    pub allow: Vec<Place>,
    /// The largest file, in bytes.
    pub size_limit: usize,
    /// How long one may take.
    pub timeout: Duration,
    /// How often a host may send us on.
    pub redirects: u32,
}

impl RawFetch {
    pub(crate) fn check(&self, problems: &mut Problems) -> Fetch {
        let mut allow = Vec::new();
        for (index, place) in self.allow.iter().enumerate() {
            match place.parse() {
                Ok(place) => allow.push(place),
                Err(why) => problems.field(format!("fetch.allow[{index}]"), why),
            }
        }
        if self.size_limit < Size(1024) {
            problems.field(
                "fetch.size_limit",
                format!("must be at least 1 KiB, not {}", self.size_limit),
            );
        }
        if self.timeout.0.is_zero() {
            problems.field("fetch.timeout", "must be more than nothing");
        }
        Fetch {
            public: self.public,
            allow,
            size_limit: self.size_limit.bytes(),
            timeout: self.timeout.0,
            redirects: problems.within("fetch.redirects", self.redirects, 0..=10),
        }
    }
}
