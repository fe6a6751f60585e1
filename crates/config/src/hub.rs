//! `[hub]`: where models are fetched from, and as whom.

use busbar_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{environment::KEPT, problem::Problems};

/// As written; an empty token is absent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHub {
    endpoint: String,
    token: String,
}

/// Where models are fetched from, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub {
    /// The hub's address, without a slash at its end.
    pub endpoint: String,
    /// Who we are there.
    pub token: Option<Secret<String>>,
}

impl RawHub {
    pub(crate) fn check(&self, problems: &mut Problems) -> Hub {
        let endpoint = self.endpoint.trim_end_matches('/');
        if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
            problems.field(
                "hub.endpoint",
                format!("`{endpoint}` is no address; write https://huggingface.co or a mirror's"),
            );
        }
        if self.token.starts_with(KEPT) {
            problems.field(
                "hub.token",
                "cannot be kept elsewhere: only providers' keys can be named",
            );
        }
        Hub {
            endpoint: endpoint.to_owned(),
            token: (!self.token.is_empty()).then(|| Secret::new(self.token.clone())),
        }
    }
}

impl std::fmt::Debug for RawHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawHub")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
