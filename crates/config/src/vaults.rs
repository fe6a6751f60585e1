//! `[vault]`: where keys are kept that the configuration only names.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{problem::Problems, span::Span};

/// As written; empty is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawVaults {
    region: String,
    endpoint: String,
    keep: Span,
}

/// Where keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vaults {
    /// The region, where a name does not say it.
    pub region: Option<String>,
    /// Instead of the region's own address.
    pub endpoint: Option<String>,
    /// How long a key is believed.
    pub keep: Duration,
}

impl RawVaults {
    pub(crate) fn check(&self, problems: &mut Problems) -> Vaults {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        problems.within(
            "vault.keep",
            self.keep,
            Span(Duration::from_secs(1))..=Span(Duration::from_secs(24 * 3600)),
        );
        Vaults {
            region: text(&self.region),
            endpoint: text(&self.endpoint),
            keep: self.keep.0,
        }
    }
}
