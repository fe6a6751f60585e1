//! Names to addresses.

use std::{fmt::Debug, io, net::IpAddr};

use busbar_core::BoxFuture;

/// Something that knows the addresses of hosts.
pub(crate) trait Resolve: Debug + Send + Sync + 'static {
    /// The addresses that a host has at this moment.
    ///
    /// # Errors
    /// Where it is not known, or nobody could be asked.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The machine's own resolver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
