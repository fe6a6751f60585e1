//! Who we are at a host: a key in a header, or a signature made by whoever knows how.

use std::{fmt, sync::Arc, time::SystemTime};

use busbar_core::{BoxFuture, Error, ErrorKind, Result, Secret};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, header::AUTHORIZATION};
use http_body_util::Full;

use crate::key::{Held, Key};

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
    /// Whoever has this key, which a service keeps.
    Held {
        /// The header that carries it.
        header: HeaderName,
        /// What stands before it there.
        before: &'static str,
        /// The key.
        key: Arc<Held>,
    },
    /// Whoever can make this signature.
    Signed(Arc<dyn Sign>),
}

impl Auth {
    /// `Authorization: Bearer …`, or nobody where there is no key.
    ///
    /// # Errors
    /// A sentence where the key cannot stand in a header.
    pub fn bearer(key: Option<&Key>) -> Result<Self, String> {
        Self::with(AUTHORIZATION, "Bearer ", key)
    }

    /// A key in a header of its own, or nobody where there is none.
    ///
    /// # Errors
    /// A sentence where the key cannot stand in a header.
    pub fn header(name: &'static str, key: Option<&Key>) -> Result<Self, String> {
        Self::with(HeaderName::from_static(name), "", key)
    }

    fn with(header: HeaderName, before: &'static str, key: Option<&Key>) -> Result<Self, String> {
        match key {
            None => Ok(Self::Open),
            Some(Key::Written(key)) => Ok(Self::Key {
                header,
                value: value(before, key)?,
            }),
            Some(Key::Held(key)) => Ok(Self::Held {
                header,
                before,
                key: key.clone(),
            }),
        }
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
            Self::Held { header, before, key } => {
                let key = key.get(SystemTime::now()).await?;
                let value = value(before, &key).map_err(|why| {
                    Error::new(
                        ErrorKind::BadUpstream,
                        format!("the key that is kept for this host {why}"),
                    )
                })?;
                request.headers_mut().insert(header.clone(), value);
                Ok(())
            }
            Self::Signed(signer) => signer.sign(request, body).await,
        }
    }

    /// Whether nothing has to be waited for.
    pub fn is_at_hand(&self) -> bool {
        matches!(self, Self::Open | Self::Key { .. })
    }

    /// The host does not accept who we are: what is kept elsewhere may have been changed there.
    pub fn refused(&self) {
        if let Self::Held { key, .. } = self {
            key.refused(SystemTime::now());
        }
    }
}

fn value(before: &str, key: &Secret<String>) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(&format!("{before}{}", key.expose()))
        .map_err(|_| "has a character that no header may have; is there a line break at its end?")?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_by_no_debug() {
        let key = Key::Written(Secret::new("sk-very-secret".to_owned()));
        for auth in [Auth::bearer(Some(&key)), Auth::header("x-api-key", Some(&key))] {
            let shown = format!("{:?}", auth.unwrap());
            assert!(!shown.contains("very-secret"), "{shown}");
        }
    }

    #[test]
    fn a_key_with_a_line_break_is_refused_without_being_repeated() {
        let key = Key::Written(Secret::new("sk-very-secret\n".to_owned()));
        let refused = Auth::bearer(Some(&key)).unwrap_err();
        assert!(!refused.contains("very-secret"), "{refused}");
    }
}
