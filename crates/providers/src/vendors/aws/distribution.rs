//! Addresses of files that a CloudFront distribution hands out to whoever has them, for a while.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html>:
//! a canned policy, signed by RSA or ECDSA on P-256. The service has taken SHA-256 in place of SHA-1 since April
//! 2026, where the address says so.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use busbar_core::{Error, ErrorKind, Result, Secret};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
    sign::SigningKey,
};

use crate::{endpoint::Endpoint, key::Key, settings::Problem};

/// What the service verifies, with keys of 2048 bits and on P-256.
const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];
/// What an address says of its signature.
const HASH: &str = "SHA256";
/// Addresses that are known by heart: signing one takes up to a millisecond.
const KNOWN: usize = 4096;
const FIELD: &str = "private_key";

/// A distribution. Cheap to clone.
#[derive(Clone)]
pub struct Distribution(Arc<Parts>);

struct Parts {
    endpoint: Endpoint,
    key_id: String,
    key: Key,
    /// The key as it was last read, and from what.
    read: Mutex<Option<(Secret<String>, Gate)>>,
}

impl Distribution {
    /// The distribution at an address, and the key whose public half it trusts under this id. Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with the address, or with a key that is written down.
    pub fn new(address: &str, key_id: &str, key: Key) -> Result<Self, Problem> {
        let endpoint = Endpoint::new(address).map_err(|why| Problem::new("address", why))?;
        let this = Self(Arc::new(Parts {
            endpoint,
            key_id: key_id.to_owned(),
            key,
            read: Mutex::default(),
        }));
        if let Key::Written(text) = &this.0.key {
            this.gate(text).map_err(|why| Problem::new(FIELD, why))?;
        }
        Ok(this)
    }

    /// What writes addresses with the key that is good now.
    ///
    /// # Errors
    /// It cannot be had, or is none.
    pub async fn opener(&self) -> Result<Gate> {
        let text = match &self.0.key {
            Key::Written(text) => text.clone(),
            Key::Held(held) => held.get(SystemTime::now()).await?,
        };
        let wrong = |why: String| Error::new(ErrorKind::Unavailable, format!("the key of addresses {why}"));
        self.gate(&text).map_err(wrong)
    }

    /// Scheme and host of its addresses.
    pub fn origin(&self) -> Option<String> {
        let uri = self.0.endpoint.join(&[], None).ok()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }

    fn gate(&self, text: &Secret<String>) -> Result<Gate, String> {
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, gate)) = read.as_ref().filter(|(known, _)| known == text) {
            return Ok(gate.clone());
        }
        let lines = in_lines(text.expose());
        let gate = Gate {
            endpoint: self.0.endpoint.clone(),
            key_id: id_of(&lines).unwrap_or(&self.0.key_id).to_owned(),
            key: signing(&lines)?,
            known: Arc::default(),
        };
        *read = Some((text.clone(), gate.clone()));
        Ok(gate)
    }
}

impl fmt::Debug for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Distribution").field(&self.0.endpoint).finish()
    }
}

/// A variable may have been written in one line.
fn in_lines(text: &str) -> Cow<'_, str> {
    match text.trim().contains('\n') {
        true => text.into(),
        false => text.replace("\\n", "\n").into(),
    }
}

/// The id that a key says itself, on a line before it: `Key-Pair-Id: K2JCJMDEHXQW5F`. So both change at once, however
/// long the configuration takes to follow.
fn id_of(text: &str) -> Option<&str> {
    let (before, _) = text.split_once("-----BEGIN")?;
    let named = before
        .lines()
        .find_map(|line| line.trim().strip_prefix("Key-Pair-Id:"));
    let plain = |id: &&str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    named.map(str::trim).filter(plain)
}

/// The key in a PEM text. Nothing of it is repeated.
fn signing(text: &str) -> Result<Arc<dyn SigningKey>, String> {
    let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        "is no private key in PEM (-----BEGIN PRIVATE KEY-----), or one that is encrypted; write one with \
         `openssl genrsa -out key.pem 2048`"
            .to_owned()
    })?;
    let key = any_supported_type(&der).ok();
    key.filter(|key| key.choose_scheme(SCHEMES).is_some())
        .ok_or_else(|| "is neither an RSA key of 2048 bits nor an ECDSA key on P-256".to_owned())
}

/// Writes addresses. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    endpoint: Endpoint,
    key_id: String,
    key: Arc<dyn SigningKey>,
    /// Addresses that were written, by what they open and until when. Not each signature is the same, and
    /// caches find a picture again by its address only.
    known: Arc<Mutex<HashMap<(String, u64), String>>>,
}

impl Gate {
    /// An address that fetches a file by its path in the bucket, until so long after a moment.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn get(&self, path: &str, from: SystemTime, valid_for: Duration) -> Result<String> {
        let segments: Vec<&str> = path.split('/').collect();
        let address = self.endpoint.join(&segments, None).map_err(Error::internal)?;
        let end = (from + valid_for).duration_since(UNIX_EPOCH);
        let opens = (address.to_string(), end.unwrap_or_default().as_secs());
        if let Some(known) = self.known().get(&opens) {
            return Ok(known.clone());
        }
        let signed = self.sign(&opens.0, opens.1)?;
        let mut known = self.known();
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(opens, signed.clone());
        Ok(signed)
    }

    fn sign(&self, resource: &str, end: u64) -> Result<String> {
        let policy = policy(resource, end);
        let signer = self.key.choose_scheme(SCHEMES);
        let signature = signer.and_then(|signer| signer.sign(policy.as_bytes()).ok());
        let signature = signature.ok_or_else(|| Error::internal("an address could not be signed"))?;
        let signature = in_query(&STANDARD.encode(signature));
        let key_id = &self.key_id;
        Ok(format!(
            "{resource}?Expires={end}&Signature={signature}&Key-Pair-Id={key_id}&Hash-Algorithm={HASH}"
        ))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<(String, u64), String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gate").field(&self.endpoint).finish()
    }
}

/// What is signed: the service writes the same from the address, to the letter. An address has no quotes.
fn policy(resource: &str, end: u64) -> String {
    format!(
        r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{end}}}}}}}]}}"#
    )
}

/// The letters of base64 that mean something in a query, as the service wants them.
fn in_query(base64: &str) -> String {
    let letter = |letter| match letter {
        '+' => '-',
        '=' => '_',
        '/' => '~',
        other => other,
    };
    base64.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA: &str = include_str!("../../../tests/keys/rsa.pem");
    const ECDSA: &str = include_str!("../../../tests/keys/ecdsa.pem");
    const PATH: &str = "files/019b/a b.png";

    fn distribution(key: &str) -> Result<Distribution, Problem> {
        let key = Key::Written(Secret::new(key.to_owned()));
        Distribution::new("https://d.example.net/", "K2JCJMDEHXQW5F", key)
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The address of a file until 1767290400.
    async fn address(key: &str) -> String {
        let gate = distribution(key).unwrap().opener().await.unwrap();
        gate.get(PATH, at(1_767_286_800), Duration::from_secs(3600))
            .unwrap()
    }

    #[tokio::test]
    async fn an_address_is_what_openssl_signs() {
        // printf '{"Statement":[…]}' | openssl dgst -sha256 -sign rsa.pem | openssl base64 -A | tr -- '+=/' '-_~'
        let signature = include_str!("../../../tests/keys/rsa.signature").trim();
        let wanted = format!(
            "https://d.example.net/files/019b/a%20b.png?Expires=1767290400&Signature={signature}\
             &Key-Pair-Id=K2JCJMDEHXQW5F&Hash-Algorithm=SHA256"
        );
        assert_eq!(address(RSA).await, wanted);
        // As a variable in one line would have it, and as older programs write keys.
        assert_eq!(address(&RSA.replace('\n', "\\n")).await, wanted);
        let old = include_str!("../../../tests/keys/rsa.pkcs1.pem");
        assert_eq!(address(old).await, wanted);
    }

    #[tokio::test]
    async fn a_signature_on_p256_is_one_of_the_same_policy() {
        let address = address(ECDSA).await;
        let (_, rest) = address.split_once("Signature=").unwrap();
        let (signature, _) = rest.split_once('&').unwrap();
        let signature = signature.replace('-', "+").replace('_', "=").replace('~', "/");
        let signature = STANDARD.decode(signature).unwrap();
        let policy = policy("https://d.example.net/files/019b/a%20b.png", 1_767_290_400);
        let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let (_, algorithms) = known
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256)
            .unwrap();
        let public = include_bytes!("../../../tests/keys/ecdsa.point");
        let verified = |message: &[u8]| {
            algorithms
                .iter()
                .any(|algorithm| algorithm.verify_signature(public, message, &signature).is_ok())
        };
        assert!(verified(policy.as_bytes()));
        assert!(!verified(b"another policy"));
    }

    #[tokio::test]
    async fn an_address_stays_as_it_was_until_its_end_changes() {
        let gate = distribution(ECDSA).unwrap().opener().await.unwrap();
        let get = |from: u64| gate.get(PATH, at(from), Duration::from_secs(60)).unwrap();
        assert_eq!(get(100), get(100));
        assert!(get(101).contains("Expires=161&"));
        for from in 0..2 * KNOWN as u64 {
            get(from);
            assert!(gate.known().len() <= KNOWN);
        }
    }

    #[tokio::test]
    async fn a_key_may_say_itself_by_which_id_it_is_known() {
        let said = address(&format!("Key-Pair-Id: KNEW\n{ECDSA}")).await;
        assert!(said.contains("&Key-Pair-Id=KNEW&"), "{said}");
        for unsaid in ["", "Key-Pair-Id:\n", "Key-Pair-Id: a&b\n", "a note\n"] {
            let address = address(&format!("{unsaid}{ECDSA}")).await;
            assert!(address.contains("&Key-Pair-Id=K2JCJMDEHXQW5F&"), "{address}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_by_its_field_and_not_repeated() {
        let small = include_str!("../../../tests/keys/small.pem");
        let p384 = include_str!("../../../tests/keys/p384.pem");
        let locked = include_str!("../../../tests/keys/locked.pem");
        for wrong in ["", "hunter2", small, p384, locked, &RSA[..400]] {
            let problem = distribution(wrong).unwrap_err();
            assert_eq!(problem.field, "private_key");
            assert!(!problem.message.contains("hunter2"));
        }
        let key = Key::Written(Secret::new(RSA.to_owned()));
        let problem = Distribution::new("d.example.net", "K1", key).unwrap_err();
        assert_eq!(problem.field, "address");
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let distribution = distribution(RSA).unwrap();
        assert!(!format!("{distribution:?}").contains("PRIVATE"));
    }
}
