//! Who we are at a host: a key in a header, or a signature made by whoever knows how.

use std::{fmt, sync::Arc};

use busbar_core::{BoxFuture, Error, Result, Secret};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header::AUTHORIZATION};
use http_body_util::Full;

/// Puts a signature on a request that is otherwise ready.
pub trait Sign: fmt::Debug + Send + Sync + 'static {
    /// Signs it. The body is what the request carries.
    ///
    /// # Errors
    /// `BadUpstream` where there are no credentials to sign with.
    fn sign<'a>(
        &'a self,
        request: &'a mut Request<Full<Bytes>>,
        body: &'a Bytes,
    ) -> BoxFuture<'a, Result<()>>;
}

/// Who we are at a host.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Nobody in particular.
    Open,
    /// Whoever has this key. Its value is marked as sensitive, so that no `Debug` shows it.
    Key {
        /// The header that carries it.
        header: HeaderName,
        /// What the header says.
        value: HeaderValue,
    },
    /// Whoever can make this signature.
    Signed(Arc<dyn Sign>),
}

impl Auth {
    /// `Authorization: Bearer …`, or nobody where there is no key.
    ///
    /// # Errors
    /// A sentence where the key cannot stand in a header.
    pub fn bearer(key: Option<&Secret<String>>) -> Result<Self, String> {
        key.map_or(Ok(Self::Open), |key| {
            Self::key(AUTHORIZATION, &format!("Bearer {}", key.expose()))
        })
    }

    /// A key in a header of its own, or nobody where there is none.
    ///
    /// # Errors
    /// A sentence where the key cannot stand in a header.
    pub fn header(name: &'static str, key: Option<&Secret<String>>) -> Result<Self, String> {
        key.map_or(Ok(Self::Open), |key| {
            Self::key(HeaderName::from_static(name), key.expose())
        })
    }

    fn key(header: HeaderName, value: &str) -> Result<Self, String> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| "has a character that no header may have; is there a line break at its end?")?;
        value.set_sensitive(true);
        Ok(Self::Key { header, value })
    }

    /// Says on the request who we are.
    ///
    /// # Errors
    /// `BadUpstream` where no signature could be made.
    pub async fn apply(&self, request: &mut Request<Full<Bytes>>, body: &Bytes) -> Result<(), Error> {
        match self {
            Self::Open => Ok(()),
            Self::Key { header, value } => {
                request.headers_mut().insert(header.clone(), value.clone());
                Ok(())
            }
            Self::Signed(signer) => signer.sign(request, body).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_by_no_debug() {
        let key = Secret::new("sk-very-secret".to_owned());
        for auth in [Auth::bearer(Some(&key)), Auth::header("x-api-key", Some(&key))] {
            let shown = format!("{:?}", auth.unwrap());
            assert!(!shown.contains("very-secret"), "{shown}");
        }
    }

    #[test]
    fn a_key_with_a_line_break_is_refused_without_being_repeated() {
        let key = Secret::new("sk-very-secret\n".to_owned());
        let refused = Auth::bearer(Some(&key)).unwrap_err();
        assert!(!refused.contains("very-secret"), "{refused}");
    }
}
