//! AppConfig's data plane: a session is begun once, then its configuration is asked for again and again,
//! each time with the token that came with the answer before. An answer without a body says that nothing
//! has changed.

use std::time::Duration;

use busbar_core::Result;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::nonsense;
use crate::answer::json;

/// The path on which sessions are begun.
pub const SESSIONS: &str = "configurationsessions";
/// The path of the configuration, and the query that names the token.
pub const CONFIGURATION: (&str, &str) = ("configuration", "configuration_token");
/// The token for the next time.
pub const NEXT_TOKEN: &str = "next-poll-configuration-token";
/// How many seconds to wait until then.
pub const NEXT_POLL: &str = "next-poll-interval-in-seconds";
/// The version's number, as the agent beside a function tells it.
pub const VERSION: &str = "configuration-version";
/// What the version is called.
pub const LABEL: &str = "version-label";

/// What a session may ask for: nobody is to ask more often.
const INTERVALS: std::ops::RangeInclusive<u64> = 15..=86_400;

/// Which configuration is wanted, by names or ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The application.
    pub application: String,
    /// Its environment.
    pub environment: String,
    /// Its configuration profile.
    pub profile: String,
}

/// The path at which the agent beside a function or a container has it.
pub fn beside(place: &Place) -> [&str; 6] {
    [
        "applications",
        &place.application,
        "environments",
        &place.environment,
        "configurations",
        &place.profile,
    ]
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Session<'a> {
    application_identifier: &'a str,
    environment_identifier: &'a str,
    configuration_profile_identifier: &'a str,
    required_minimum_poll_interval_in_seconds: u64,
}

#[derive(Deserialize)]
struct Begun {
    #[serde(rename = "InitialConfigurationToken")]
    token: String,
}

/// Begins a session in which it is asked this often, as far as the service lets us.
pub fn session(place: &Place, interval: Duration) -> Bytes {
    json(&Session {
        application_identifier: &place.application,
        environment_identifier: &place.environment,
        configuration_profile_identifier: &place.profile,
        required_minimum_poll_interval_in_seconds: interval
            .as_secs()
            .clamp(*INTERVALS.start(), *INTERVALS.end()),
    })
}

/// The token of a session that was begun.
///
/// # Errors
/// Where it is none.
pub fn first_token(body: &[u8]) -> Result<String> {
    let begun: Result<Begun, _> = serde_json::from_slice(body);
    begun
        .map(|begun| begun.token)
        .map_err(|_| nonsense("session of AppConfig's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_names_the_place_and_asks_no_more_often_than_is_allowed() {
        let place = Place {
            application: "a".into(),
            environment: "e".into(),
            profile: "p".into(),
        };
        let body = session(&place, Duration::from_secs(2));
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = serde_json::json!({
            "ApplicationIdentifier": "a", "EnvironmentIdentifier": "e", "ConfigurationProfileIdentifier": "p",
            "RequiredMinimumPollIntervalInSeconds": 15,
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn what_is_no_session_is_an_error_that_repeats_nothing() {
        assert_eq!(first_token(br#"{"InitialConfigurationToken":"t"}"#).unwrap(), "t");
        let error = first_token(br#"{"secret":"s3cret"}"#).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"));
    }
}
