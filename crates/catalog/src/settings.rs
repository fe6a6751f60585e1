//! What a pull is told by configuration: the hub, pip, and how long to keep trying.

use std::{ffi::OsString, fmt, time::Duration};

use crate::source::address;

/// Everything that a store needs to know besides where it lies.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where `hf:` sources are.
    pub hub: Hub,
    /// How pip is called, as a program and its first arguments; without it `python3 -m pip`, `pip3` and
    /// `pip` are tried in turn.
    pub pip: Option<Vec<OsString>>,
    /// How long a failing network is tried.
    pub patience: Patience,
}

/// A Hugging Face hub, or a mirror of it.
#[derive(Clone, Debug)]
pub struct Hub {
    endpoint: String,
    token: Option<HubToken>,
}

impl Hub {
    /// The public hub.
    pub const PUBLIC: &str = "https://huggingface.co";

    /// A hub at an address: `https:`, or `http:` on this machine. A token goes nowhere else.
    ///
    /// # Errors
    /// Says what is wrong with the address.
    pub fn new(endpoint: &str, token: Option<HubToken>) -> Result<Self, String> {
        let endpoint = endpoint.trim_end_matches('/');
        address::check(endpoint)?;
        Ok(Self {
            endpoint: endpoint.to_owned(),
            token,
        })
    }

    /// The public hub, with a token or without.
    pub fn public(token: Option<HubToken>) -> Self {
        Self {
            endpoint: Self::PUBLIC.to_owned(),
            token,
        }
    }

    /// Its address, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn token(&self) -> Option<&HubToken> {
        self.token.as_ref()
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::public(None)
    }
}

/// A hub's access token. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HubToken(String);

impl HubToken {
    /// The token, or nothing if there is only blank space or it could not stand in a header.
    pub fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        let sound = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self(token.to_owned()))
    }

    /// The secret itself: for the request's header only.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HubToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubToken(…)")
    }
}

/// How often and how long a failing network is tried before a pull gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries in a row without a single byte gained.
    pub tries: u32,
    /// The wait after the first failure; it doubles each time.
    pub pause: Duration,
    /// The longest silence of a connection.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            pause: Duration::from_secs(1),
            silence: Duration::from_secs(60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hub, HubToken};

    #[test]
    fn a_token_is_never_shown() {
        let hub = Hub::public(HubToken::new("hf_secret\n"));
        assert_eq!(hub.token().map(HubToken::reveal), Some("hf_secret"));
        assert!(!format!("{hub:?}").contains("secret"));
    }

    #[test]
    fn a_token_that_could_smuggle_a_header_is_none() {
        assert!(HubToken::new("a\r\nX-Evil: 1").is_none());
        assert!(HubToken::new("  ").is_none());
    }

    #[test]
    fn a_hub_over_plain_http_must_be_on_this_machine() {
        assert!(Hub::new("http://127.0.0.1:8000/", None).is_ok());
        assert!(Hub::new("https://hub.example.com", None).is_ok());
        for bad in ["http://hub.example.com", "hub.example.com", "ftp://127.0.0.1", ""] {
            assert!(Hub::new(bad, None).is_err(), "{bad:?} was taken for a hub");
        }
    }
}
