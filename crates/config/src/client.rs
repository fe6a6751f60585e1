//! `[client]`: the server that commands talk to instead of running a model themselves.

use busbar_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{environment::KEPT, problem::Problems};

/// As written; empty is absent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClient {
    url: String,
    api_key: String,
}

/// The server that commands talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address, without a slash at its end; `None`: commands run the model themselves.
    pub url: Option<String>,
    /// Who we are there.
    pub api_key: Option<Secret<String>>,
}

impl RawClient {
    pub(crate) fn check(&self, problems: &mut Problems) -> Client {
        // Whoever copies an API's address copies its version too.
        let url = self.url.trim_end_matches('/').trim_end_matches("/v1");
        let known = url.is_empty() || url.starts_with("http://") || url.starts_with("https://");
        if !known {
            problems.field(
                "client.url",
                format!("`{url}` is no address; write http://127.0.0.1:8080"),
            );
        }
        if self.api_key.starts_with(KEPT) {
            problems.field(
                "client.api_key",
                "cannot be kept elsewhere: only providers' keys can be named",
            );
        }
        Client {
            url: (!url.is_empty()).then(|| url.to_owned()),
            api_key: (!self.api_key.is_empty()).then(|| Secret::new(self.api_key.clone())),
        }
    }
}

impl std::fmt::Debug for RawClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawClient")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
