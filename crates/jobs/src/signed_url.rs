//! Addresses that open one file for a while, without a login. Pure: time is passed in.
//!
//! The signature is HMAC-SHA256 over the path and the moment it ends; nothing else about the
//! request counts, so caches and range requests work.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use busbar_core::{Error, ErrorKind, Result, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Timestamp;

/// A key to sign addresses with.
#[derive(Clone, Debug)]
pub struct UrlKey {
    /// Its name, which stands in the address: letters, digits, `-` and `_`.
    pub id: String,
    /// Its secret, of 32 bytes or more.
    pub secret: Secret<Vec<u8>>,
}

/// The keys in use: the first signs, all of them verify. To change keys, put the new one first
/// and take the old one away once every address that it signed has ended.
#[derive(Clone, Debug)]
pub struct UrlKeys(Vec<UrlKey>);

impl UrlKeys {
    /// Keys, the one that signs first.
    ///
    /// # Errors
    /// `Invalid` where there is none, one is short, or two have one name.
    pub fn new(keys: Vec<UrlKey>) -> Result<Self> {
        const SHORTEST: usize = 32;
        let refuse = |why: String| Err(Error::invalid("url_keys", why));
        if keys.is_empty() {
            return refuse("there is no key to sign addresses with".into());
        }
        for (at, key) in keys.iter().enumerate() {
            let id = &key.id;
            if id.is_empty()
                || !id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            {
                return refuse(format!(
                    "`{id}` is no name for a key: use letters, digits, - and _"
                ));
            }
            if key.secret.expose().len() < SHORTEST {
                return refuse(format!("key `{id}` has fewer than {SHORTEST} bytes"));
            }
            if keys[..at].iter().any(|other| other.id == *id) {
                return refuse(format!("two keys are named `{id}`"));
            }
        }
        Ok(Self(keys))
    }

    /// The query that opens `path` until `valid_for` from `now`: `expires=…&key=…&signature=…`.
    pub fn sign(&self, path: &str, now: Timestamp, valid_for: Duration) -> String {
        let expires = (now + valid_for).seconds();
        // `new` refuses an empty list.
        let Some(key) = self.0.first() else {
            return String::new();
        };
        let code = mac(key, path, expires).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(code);
        format!("expires={expires}&key={}&signature={signature}", key.id)
    }

    /// Checks the query that came with `path`; answers when it ends, for the cache's header.
    ///
    /// # Errors
    /// `Denied`, with the code `signature_expired` where it was right once, else
    /// `signature_invalid`.
    pub fn verify(&self, path: &str, query: &str, now: Timestamp) -> Result<Timestamp> {
        let field = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
        };
        let invalid = || {
            Error::new(ErrorKind::Denied, "the address's signature is wrong").with_code("signature_invalid")
        };
        let expires: u64 = field("expires")
            .and_then(|text| text.parse().ok())
            .ok_or_else(invalid)?;
        let id = field("key").ok_or_else(invalid)?;
        let key = self.0.iter().find(|key| key.id == id).ok_or_else(invalid)?;
        let given = field("signature")
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .ok_or_else(invalid)?;
        // Takes the same time for every wrong signature.
        mac(key, path, expires)
            .verify_slice(&given)
            .map_err(|_| invalid())?;
        if expires <= now.seconds() {
            let over = Error::new(
                ErrorKind::Denied,
                "the address is no longer valid; ask for a new one",
            );
            return Err(over.with_code("signature_expired"));
        }
        Ok(Timestamp::from_millis(expires.saturating_mul(1000)))
    }
}

fn mac(key: &UrlKey, path: &str, expires: u64) -> Hmac<Sha256> {
    let mut mac = keyed(key.secret.expose());
    // No path has a line feed, so no two pairs of path and moment make one text.
    mac.update(format!("{expires}\n{path}").as_bytes());
    mac
}

/// HMAC-SHA256 under a key of any length.
#[expect(
    clippy::expect_used,
    reason = "HMAC takes keys of every length; the error cannot happen"
)]
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of every length")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const PATH: &str = "/v1/files/a/b.png";

    fn key(id: &str, byte: u8) -> UrlKey {
        UrlKey {
            id: id.into(),
            secret: Secret::new(vec![byte; 32]),
        }
    }

    fn keys(all: &[UrlKey]) -> UrlKeys {
        UrlKeys::new(all.to_vec()).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[track_caller]
    fn check(keys: &UrlKeys, path: &str, query: &str, now: u64, code: Option<&str>) {
        let got = keys.verify(path, query, at(now));
        assert_eq!(got.err().and_then(|error| error.code()), code);
    }

    #[test]
    fn an_address_opens_its_own_file_until_it_ends() {
        let keys = keys(&[key("a", 1)]);
        let query = keys.sign(PATH, at(100), HOUR);
        check(&keys, PATH, &query, 3699, None);
        check(&keys, PATH, &query, 3700, Some("signature_expired"));
        check(&keys, "/v1/files/a/c.png", &query, 100, Some("signature_invalid"));
    }

    #[test]
    fn a_later_end_cannot_be_written_in() {
        let keys = keys(&[key("a", 1)]);
        let query = keys.sign(PATH, at(100), HOUR).replace("3700", "9999");
        check(&keys, PATH, &query, 100, Some("signature_invalid"));
    }

    #[test]
    fn an_old_key_verifies_until_it_is_taken_away() {
        let query = keys(&[key("a", 1)]).sign(PATH, at(100), HOUR);
        check(&keys(&[key("b", 2), key("a", 1)]), PATH, &query, 100, None);
        check(
            &keys(&[key("b", 2)]),
            PATH,
            &query,
            100,
            Some("signature_invalid"),
        );
        check(
            &keys(&[key("a", 2)]),
            PATH,
            &query,
            100,
            Some("signature_invalid"),
        );
    }

    #[test]
    fn bad_keys_are_refused() {
        assert!(UrlKeys::new(vec![]).is_err());
        assert!(UrlKeys::new(vec![key("a", 1), key("a", 2)]).is_err());
        assert!(UrlKeys::new(vec![key("a&b", 1)]).is_err());
        let short = UrlKey {
            id: "a".into(),
            secret: Secret::new(vec![1; 31]),
        };
        assert!(UrlKeys::new(vec![short]).is_err());
    }

    proptest! {
        #[test]
        fn no_made_up_query_opens_anything(query in "(expires=[0-9]{0,20}&?)?(key=a&?)?(signature=.{0,60})?") {
            prop_assert!(keys(&[key("a", 1)]).verify(PATH, &query, at(0)).is_err());
        }
    }
}
