//! What Busbar tells about its own configuration, and what it is asked about it.

use busbar_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::{answer::json, client::Call};

/// The configuration that serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationStatus {
    /// Where it comes from; absent where it comes from nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The version that serves, where versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Whether a person went back to it: then it serves until the source says something new.
    pub chosen: bool,
    /// What the source says now, where that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedConfiguration>,
    /// Settings that changed and hold only after a restart.
    pub waiting_for_restart: Vec<String>,
}

/// A configuration that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefusedConfiguration {
    /// Its version, where versions are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Why, one reason each.
    pub reasons: Vec<String>,
}

/// The versions that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationVersions {
    /// The oldest first.
    pub versions: Vec<ConfigurationVersion>,
}

/// A version that was offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationVersion {
    /// Its number.
    pub version: u64,
    /// When it was offered, seconds since 1970.
    pub at: u64,
    /// Where it came from.
    pub origin: String,
    /// What those who keep it call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// A hash of what it says.
    pub hash: String,
    /// Whether it serves.
    pub serves: bool,
    /// Why it was refused, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Vec<String>>,
    /// What it says, as TOML and without secrets; only where one version is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
}

/// What differs between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationDiff {
    /// The first version.
    pub from: u64,
    /// The second one.
    pub to: u64,
    /// The settings that differ, by path.
    pub changes: Vec<ConfigurationChange>,
}

/// A setting that two versions have differently.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigurationChange {
    /// Its place: `providers[far].region`.
    pub path: String,
    /// Its value in the first, as TOML writes it; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its value in the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl ConfigurationStatus {
    /// As JSON.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }
}

impl ConfigurationVersion {
    /// As JSON.
    pub fn encode(&self) -> Bytes {
        encode(self)
    }
}

/// Which version to go back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackBody {
    /// Its number; without one, the version before the one that serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl RollbackBody {
    /// Reads a body; none at all names no version.
    ///
    /// # Errors
    /// What is wrong with it, with its field.
    pub fn read(body: &[u8]) -> Result<Self> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body).map_err(|error| {
            Error::invalid("version", format!("the body must be {{\"version\": 3}}: {error}"))
        })
    }
}

/// Where the configuration that serves is told.
pub const STATUS: &str = "/v1/config";
/// Where its versions are.
pub const VERSIONS: &str = "/v1/config/versions";

/// Where two versions are compared.
pub fn compared(from: u64, to: u64) -> String {
    format!("/v1/config/diff?from={from}&to={to}")
}

/// Asks a server to read everything again.
pub fn reload() -> Call {
    Call {
        path: "/v1/config/reload".into(),
        body: Bytes::from_static(b"{}"),
    }
}

/// Asks a server to go back to a version; without one, to the one before the one that serves.
pub fn roll_back(version: Option<u64>) -> Call {
    Call {
        path: "/v1/config/rollback".into(),
        body: encode(&RollbackBody { version }),
    }
}

/// What a server has told about its configuration.
///
/// # Errors
/// It is something else.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        let message =
            "the server told something else than its configuration; is it a Busbar of this version?";
        Error::new(ErrorKind::BadUpstream, message).with_source(error)
    })
}

/// As JSON.
pub fn encode(value: &impl Serialize) -> Bytes {
    json(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_reads_the_rollback_that_a_client_asks_for() {
        for version in [None, Some(7)] {
            let call = roll_back(version);
            assert_eq!(RollbackBody::read(&call.body).unwrap(), RollbackBody { version });
        }
    }

    #[test]
    fn what_a_server_tells_is_read_back_and_something_else_is_not() {
        let status = ConfigurationStatus {
            version: Some(3),
            refused: Some(RefusedConfiguration {
                version: Some(4),
                reasons: vec!["server.listen: is no address".to_owned()],
            }),
            ..ConfigurationStatus::default()
        };
        assert_eq!(decode::<ConfigurationStatus>(&encode(&status)).unwrap(), status);
        let wrong = decode::<ConfigurationStatus>(b"<html>").unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::BadUpstream);
    }

    #[test]
    fn a_rollback_names_a_version_or_none() {
        assert_eq!(RollbackBody::read(b"").unwrap().version, None);
        assert_eq!(RollbackBody::read(b"{}").unwrap().version, None);
        assert_eq!(RollbackBody::read(br#"{"version":3}"#).unwrap().version, Some(3));
        for wrong in [&b"3"[..], br#"{"version":"3"}"#, br#"{"verison":3}"#] {
            assert_eq!(RollbackBody::read(wrong).unwrap_err().param(), Some("version"));
        }
    }
}
