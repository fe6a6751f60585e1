//! What a section says about an account: where it is, and who we are there.

use std::sync::Arc;

use serde::Deserialize;

use super::{Credentials, Identity, Signer};
use crate::{
    auth::Auth,
    endpoint::Endpoint,
    settings::{Problem, Section},
    vendors::Shared,
};

/// What every service's section says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `us-east-1`.
    pub region: String,
    /// Instead of the region's own address: a VPC endpoint, or whoever plays the service.
    endpoint: Option<String>,
    /// A profile of the shared configuration file.
    profile: Option<String>,
    /// A role to be assumed.
    role: Option<String>,
    /// What the role's owner wants to hear.
    external_id: Option<String>,
}

impl Settings {
    /// The service's address in the region, or the one that is set.
    ///
    /// # Errors
    /// What is wrong with the section.
    pub fn address(&self, service: &str) -> Result<Endpoint, Problem> {
        let region = &self.region;
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(known) {
            let message = format!("`{region}` is no region; write us-east-1");
            return Err(Problem::new("region", message));
        }
        match &self.endpoint {
            Some(address) => Endpoint::new(address).map_err(|why| Problem::new("endpoint", why)),
            None => {
                let country = if region.starts_with("cn-") { ".cn" } else { "" };
                let address = format!("https://{service}.{region}.amazonaws.com{country}");
                Endpoint::new(&address).map_err(|why| Problem::new("region", why))
            }
        }
    }

    /// A key is a bearer's; without one requests are signed.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub fn auth(&self, section: &Section, shared: &Shared, service: &'static str) -> Result<Auth, Problem> {
        if section.key.is_some() {
            return Auth::bearer(section.key.as_ref()).map_err(|why| Problem::new("api_key", why));
        }
        let identity = Identity {
            region: self.region.clone(),
            profile: self.profile.clone(),
            role: self.role.clone(),
            external_id: self.external_id.clone(),
        };
        Ok(Auth::Signed(Arc::new(Signer {
            credentials: Arc::new(Credentials::of(identity, shared.client.clone())),
            region: self.region.clone(),
            service,
        })))
    }
}
