//! An account in a region: what it offers beside models, all of it signed for with the same credentials.

use std::{sync::Arc, time::Duration};

use super::{Credentials, Objects, Service, Settings};
use crate::{
    host::Host,
    http::{Client, Patience},
    settings::{Problem, Section},
};

/// Longer than the longest wait for a message. What answers at once has a shorter limit of its own.
const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(40),
    stall: Duration::from_secs(20),
    connect: None,
};

/// An account in a region. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Account {
    settings: Arc<Settings>,
    credentials: Arc<Credentials>,
    client: Client,
}

impl Account {
    /// The account whose credentials the usual chain finds. Asks nobody yet.
    pub fn new(region: &str, endpoint: Option<&str>, client: Client) -> Self {
        let settings = Settings::of(region, endpoint);
        Self {
            credentials: settings.credentials(&Section::default(), &client),
            settings: Arc::new(settings),
            client,
        }
    }

    /// The service of that name.
    ///
    /// # Errors
    /// What is wrong with the region or the endpoint.
    pub fn service(&self, name: &'static str) -> Result<Service, Problem> {
        let endpoint = self.settings.address(name)?;
        Ok(Service::new(self.host(name)?, endpoint))
    }

    /// The store of objects.
    ///
    /// # Errors
    /// As above.
    pub fn objects(&self) -> Result<Objects, Problem> {
        self.settings.address("s3")?;
        self.settings.objects(&self.host("s3")?, self.credentials.clone())
    }

    fn host(&self, name: &'static str) -> Result<Host, Problem> {
        let section = Section::default();
        Ok(Host {
            name: name.into(),
            client: self.client.clone(),
            auth: self.settings.auth(&section, name, self.credentials.clone())?,
            patience: PATIENCE,
        })
    }
}
