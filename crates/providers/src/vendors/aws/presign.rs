//! Addresses that open one object to whoever has them, for a while.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials as Keys;
use busbar_core::{Error, Result};
use http::Method;

use super::{Location, Signer};
use crate::endpoint::Endpoint;

/// Writes such addresses, with credentials that were good when it was made. Asks nobody.
///
/// An address ends with its time, or with the session of the credentials that signed it if that is sooner.
#[derive(Clone)]
pub struct Opener {
    pub(super) signer: Arc<Signer>,
    pub(super) endpoint: Endpoint,
    pub(super) keys: Keys,
}

impl Opener {
    /// An address that fetches an object, from a moment on and for so long; a week at most.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn get(&self, location: &Location, from: SystemTime, valid_for: Duration) -> Result<String> {
        self.open(&Method::GET, location, from, valid_for)
    }

    /// An address that an object can be put at, likewise.
    ///
    /// # Errors
    /// As above.
    pub fn put(&self, location: &Location, from: SystemTime, valid_for: Duration) -> Result<String> {
        self.open(&Method::PUT, location, from, valid_for)
    }

    fn open(
        &self,
        method: &Method,
        location: &Location,
        from: SystemTime,
        valid_for: Duration,
    ) -> Result<String> {
        let uri = self.endpoint.join(&location.segments(), None);
        let uri = uri.map_err(Error::internal)?;
        self.signer
            .address(method, uri, self.keys.clone(), (from, valid_for))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
