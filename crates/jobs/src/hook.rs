//! Webhooks as data: whom to tell of what, and the signature that proves who tells. Pure.
//!
//! Signatures follow Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, in Base64,
//! behind `v1,`.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Error, Result, Secret};
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Milestone, Timestamp};

/// Whom a job tells, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Where to.
    pub url: String,
    /// Of what; empty: of every end.
    #[serde(default)]
    pub events: Vec<HookEvent>,
}

/// What a hook can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookEvent {
    /// It was accepted.
    Queued,
    /// A worker took it up.
    Started,
    /// A start failed; there will be another.
    Retrying,
    /// It is done.
    Succeeded,
    /// It was given up.
    Failed,
    /// It was stopped.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl HookEvent {
    fn of(what: &Milestone) -> Option<Self> {
        match what {
            Milestone::Queued => Some(Self::Queued),
            Milestone::Started(_) => Some(Self::Started),
            Milestone::Retrying(_) => Some(Self::Retrying),
            Milestone::Succeeded => Some(Self::Succeeded),
            Milestone::Failed(_) => Some(Self::Failed),
            Milestone::Cancelled => Some(Self::Cancelled),
            Milestone::Expired => Some(Self::Expired),
            Milestone::Progress(_) | Milestone::Returned | Milestone::Stopping => None,
        }
    }
}

impl Hook {
    /// Whether it is told of this.
    pub fn wants(&self, what: &Milestone) -> bool {
        match HookEvent::of(what) {
            None => false,
            Some(_) if self.events.is_empty() => what.is_last(),
            Some(event) => self.events.contains(&event),
        }
    }

    /// Checks what a client gave.
    ///
    /// # Errors
    /// `Invalid`, naming the field. Whether the host may be reached is checked by whoever sends.
    pub fn check(&self) -> Result<()> {
        const LONGEST: usize = 2048;
        let url = &self.url;
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        let host = host.and_then(|rest| rest.split(['/', '?', '#']).next());
        if host.is_none_or(str::is_empty) {
            return Err(Error::invalid(
                "webhook.url",
                "a webhook's address begins with https:// and names a host",
            ));
        }
        if url.len() > LONGEST || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid(
                "webhook.url",
                format!("a webhook's address has at most {LONGEST} characters and no blanks"),
            ));
        }
        Ok(())
    }
}

/// The secrets that webhooks are signed with: the present one first, then those that receivers
/// may still check with.
#[derive(Clone, Debug)]
pub struct HookKeys(Vec<Secret<Vec<u8>>>);

impl HookKeys {
    /// Secrets as they are handed to receivers: `whsec_` and Base64, of 24 to 64 bytes.
    ///
    /// # Errors
    /// `Invalid`, without showing the secret.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let keys: Vec<_> = secrets.into_iter().map(read).collect::<Result<_>>()?;
        if keys.is_empty() {
            return Err(Error::invalid(
                "webhook.secrets",
                "there is no secret to sign webhooks with",
            ));
        }
        Ok(Self(keys))
    }

    /// A secret of these random bytes, as it is handed to receivers.
    pub fn secret(random: &[u8]) -> String {
        format!("whsec_{}", STANDARD.encode(random))
    }

    /// Signs a message: one signature for each secret.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> HookSignature {
        let each = self.0.iter().map(|key| {
            let signature = mac(key, id, at.seconds(), body).finalize().into_bytes();
            format!("v1,{}", STANDARD.encode(signature))
        });
        HookSignature(each.collect::<Vec<_>>().join(" "))
    }

    /// Whether a message bears one of our signatures and is at most five minutes old or early.
    pub fn verify(
        &self,
        message: (&str, Timestamp, &[u8]),
        signature: &HookSignature,
        now: Timestamp,
    ) -> bool {
        const TOLERANCE: u64 = 5 * 60;
        let (id, at, body) = message;
        if at.seconds().abs_diff(now.seconds()) > TOLERANCE {
            return false;
        }
        let given = signature.0.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let given: Vec<Vec<u8>> = given.filter_map(|one| STANDARD.decode(one).ok()).collect();
        // `verify_slice` takes the same time for every wrong signature.
        self.0.iter().any(|key| {
            given
                .iter()
                .any(|one| mac(key, id, at.seconds(), body).verify_slice(one).is_ok())
        })
    }
}

/// What stands in the `webhook-signature` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSignature(String);

impl FromStr for HookSignature {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for HookSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn read(secret: &str) -> Result<Secret<Vec<u8>>> {
    let wrong = || {
        Error::invalid(
            "webhook.secrets",
            "a secret is `whsec_` and 24 to 64 bytes in Base64",
        )
    };
    let bytes = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .map_err(|_| wrong())?;
    if !(24..=64).contains(&bytes.len()) {
        return Err(wrong());
    }
    Ok(Secret::new(bytes))
}

/// The code over a message.
fn mac(key: &Secret<Vec<u8>>, id: &str, seconds: u64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = crate::signed_url::keyed(key.expose());
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const NEXT: &str = "whsec_bmV4dG5leHRuZXh0bmV4dG5leHRuZXh0";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// The example of the specification's own libraries.
    #[test]
    fn the_specifications_example_is_signed_alike() {
        let keys = HookKeys::new([SECRET]).unwrap();
        let signature = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at(1_614_265_330), BODY);
        assert_eq!(
            signature.to_string(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_receiver_with_the_old_or_the_new_secret_accepts() {
        let both = HookKeys::new([NEXT, SECRET]).unwrap();
        let signature = both.sign("m", at(100), BODY);
        for one in [SECRET, NEXT] {
            let receiver = HookKeys::new([one]).unwrap();
            assert!(receiver.verify(("m", at(100), BODY), &signature, at(100)));
        }
    }

    #[test]
    fn a_changed_message_and_an_old_one_are_refused() {
        let keys = HookKeys::new([SECRET]).unwrap();
        let signature = keys.sign("m", at(1000), BODY);
        let verify = |id, sent, body, now| keys.verify((id, at(sent), body), &signature, at(now));
        assert!(verify("m", 1000, BODY, 1300));
        assert!(!verify("m", 1000, BODY, 1301));
        assert!(!verify("m", 1000, BODY, 600));
        assert!(!verify("n", 1000, BODY, 1000));
        assert!(!verify("m", 1001, BODY, 1000));
        assert!(!verify("m", 1000, b"{}".as_slice(), 1000));
    }

    #[test]
    fn a_bad_secret_is_refused_without_being_shown() {
        let error = HookKeys::new(["whsec_aHVudGVyMg=="]).unwrap_err();
        assert!(!format!("{error:?}").contains("aHVudGVyMg"));
        assert!(HookKeys::new([]).is_err());
    }

    #[test]
    fn a_hook_without_a_filter_is_told_of_every_end() {
        let hook = |events| Hook {
            url: "https://a.example/x".into(),
            events,
        };
        assert!(hook(vec![]).wants(&Milestone::Cancelled));
        assert!(!hook(vec![]).wants(&Milestone::Started(1)));
        assert!(hook(vec![HookEvent::Started]).wants(&Milestone::Started(1)));
        assert!(!hook(vec![HookEvent::Started]).wants(&Milestone::Succeeded));
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for url in [
            "",
            "ftp://a",
            "https://",
            "https:///x",
            "https://a b",
            "a.example",
        ] {
            let hook = Hook {
                url: url.into(),
                events: vec![],
            };
            assert_eq!(hook.check().unwrap_err().param(), Some("webhook.url"), "{url}");
        }
    }
}
