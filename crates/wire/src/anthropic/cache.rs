//! `cache_control`: a mark on the last block of what should be kept computed.

use busbar_core::{CachePoint, CacheSpan};
use serde::{Deserialize, Serialize};

/// The mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct CacheControl {
    #[serde(rename = "type")]
    kind: CacheKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Ttl>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum CacheKind {
    Ephemeral,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum Ttl {
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "1h")]
    OneHour,
}

impl From<CacheControl> for CachePoint {
    fn from(control: CacheControl) -> Self {
        Self {
            keep: control.ttl.map(|ttl| match ttl {
                Ttl::FiveMinutes => CacheSpan::FiveMinutes,
                Ttl::OneHour => CacheSpan::OneHour,
            }),
        }
    }
}

impl From<CachePoint> for CacheControl {
    fn from(point: CachePoint) -> Self {
        Self {
            kind: CacheKind::Ephemeral,
            ttl: point.keep.map(|keep| match keep {
                CacheSpan::FiveMinutes => Ttl::FiveMinutes,
                CacheSpan::OneHour => Ttl::OneHour,
            }),
        }
    }
}
