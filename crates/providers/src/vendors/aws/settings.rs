//! What a section says about an account: where it is, and who we are there.

use std::sync::Arc;

use serde::Deserialize;

use super::{Credentials, Identity, Objects, Signer, Style};
use crate::{
    auth::Auth,
    endpoint::Endpoint,
    host::Host,
    http::Client,
    key::Key,
    settings::{Problem, Section},
};

/// What every service's section says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `us-east-1`.
    pub region: String,
    /// Instead of the region's own address: a VPC endpoint, or whoever plays the service.
    endpoint: Option<String>,
    /// Keys that are there already: this is their name, and the section's key their secret.
    access_key_id: Option<String>,
    /// A profile of the shared configuration file.
    profile: Option<String>,
    /// A role to be assumed.
    role: Option<String>,
    /// What the role's owner wants to hear.
    external_id: Option<String>,
    /// Instead of the region's own store of objects, where one is used.
    objects_endpoint: Option<String>,
}

impl Settings {
    /// A region, and whoever plays its services, if somebody does.
    pub(super) fn of(region: &str, endpoint: Option<&str>) -> Self {
        let endpoint = endpoint.map(str::to_owned);
        Self {
            region: region.to_owned(),
            objects_endpoint: endpoint.clone(),
            endpoint,
            access_key_id: None,
            profile: None,
            role: None,
            external_id: None,
        }
    }

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
            None => self.regional(service),
        }
    }

    /// A key is a bearer's, unless it is the secret of a pair; without one requests are signed.
    ///
    /// # Errors
    /// What is wrong with the key.
    pub fn auth(
        &self,
        section: &Section,
        service: &'static str,
        credentials: Arc<Credentials>,
    ) -> Result<Auth, Problem> {
        if self.access_key_id.is_some() && matches!(section.key, Some(Key::Held(_))) {
            let message = "must be written where `access_key_id` is; rather let a role sign: leave both out";
            return Err(Problem::new("api_key", message));
        }
        if section.key.is_some() && self.access_key_id.is_none() {
            return Auth::bearer(section.key.as_ref()).map_err(|why| Problem::new("api_key", why));
        }
        let signer = self.signer(service, Style::Usual, credentials);
        Ok(Auth::Signed(Arc::new(signer)))
    }

    /// The account's credentials; nothing is looked for yet.
    pub fn credentials(&self, section: &Section, client: &Client) -> Arc<Credentials> {
        if let (Some(id), Some(Key::Written(secret))) = (&self.access_key_id, &section.key) {
            return Arc::new(Credentials::fixed(id, secret));
        }
        let identity = Identity {
            region: self.region.clone(),
            profile: self.profile.clone(),
            role: self.role.clone(),
            external_id: self.external_id.clone(),
        };
        Arc::new(Credentials::of(identity, client.clone()))
    }

    /// The store of objects in the region, with the same credentials.
    ///
    /// # Errors
    /// What is wrong with the section.
    pub fn objects(&self, host: &Host, credentials: Arc<Credentials>) -> Result<Objects, Problem> {
        let endpoint = match &self.objects_endpoint {
            Some(address) => Endpoint::new(address).map_err(|why| Problem::new("objects_endpoint", why))?,
            None => self.regional("s3")?,
        };
        let signer = Arc::new(self.signer("s3", Style::Objects, credentials));
        Ok(Objects {
            host: Host {
                auth: Auth::Signed(signer.clone()),
                ..host.clone()
            },
            endpoint,
            signer,
        })
    }

    fn signer(&self, service: &'static str, style: Style, credentials: Arc<Credentials>) -> Signer {
        Signer {
            credentials,
            region: self.region.clone(),
            service,
            style,
        }
    }

    fn regional(&self, service: &str) -> Result<Endpoint, Problem> {
        let region = &self.region;
        let country = if region.starts_with("cn-") { ".cn" } else { "" };
        let address = format!("https://{service}.{region}.amazonaws.com{country}");
        Endpoint::new(&address).map_err(|why| Problem::new("region", why))
    }
}
