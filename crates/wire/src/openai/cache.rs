//! Hints about what to keep computed, in the two ways that clients of this dialect write them: the
//! vendor's own `prompt_cache_breakpoint`, and the `cache_control` that gateways took over.

use busbar_core::{CachePoint, CacheSpan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// `{"type": "ephemeral", "ttl": "1h"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheControl {
    /// `ephemeral`; nothing else is known.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// How long: `5m` or `1h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
}

impl CacheControl {
    /// The point that this means. A time that we have no word for is the host's usual one.
    pub(super) fn point(&self) -> CachePoint {
        let keep = match self.ttl.as_deref() {
            Some("5m") => Some(CacheSpan::FiveMinutes),
            Some("1h") => Some(CacheSpan::OneHour),
            _ => None,
        };
        CachePoint { keep }
    }

    /// A point as gateways write it.
    pub(super) fn write(point: CachePoint) -> Value {
        match point.keep {
            None => json!({ "type": "ephemeral" }),
            Some(CacheSpan::FiveMinutes) => json!({ "type": "ephemeral", "ttl": "5m" }),
            Some(CacheSpan::OneHour) => json!({ "type": "ephemeral", "ttl": "1h" }),
        }
    }
}
