//! Getting what stands at an address that a client names.

use std::fmt::Debug;

use bytes::Bytes;

use crate::{BoxFuture, Context, Result};

/// Something that fetches what clients point to, within rules that keep it from being used against
/// the network that it stands in.
pub trait Fetcher: Debug + Send + Sync + 'static {
    /// What stands at an address. `param` is the field that names it, for errors.
    ///
    /// # Errors
    /// `Invalid` where the address may not be fetched or is none, or what is there is not what was
    /// wanted; `TooLarge` where it is more than the limit; `BadUpstream` where its host fails.
    fn fetch<'a>(
        &'a self,
        context: &'a Context,
        url: &'a str,
        param: &'a str,
    ) -> BoxFuture<'a, Result<Fetched>>;
}

/// What was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type as its host gave it, without parameters.
    pub media_type: String,
}

impl Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fetched({} bytes, {})", self.bytes.len(), self.media_type)
    }
}
