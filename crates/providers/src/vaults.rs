//! Keys that services keep: `secretsmanager:NAME` stands where a key would, and is looked up here.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use busbar_core::Secret;

use crate::{
    http::Client,
    key::{Held, Key, Vault},
    settings::Problem,
    vendors::VAULTS,
};

/// Where services that keep secrets are, and how long what they say is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vaults {
    /// The region, where a secret's name does not say it.
    pub region: Option<String>,
    /// Instead of the region's own address.
    pub endpoint: Option<String>,
    /// How long a secret is believed.
    pub keep: Duration,
}

/// Opens one secret of a service; asks nobody yet.
pub(crate) type Open = fn(&str, &Vaults, Client) -> Result<Box<dyn Vault>, Problem>;

/// The keys that were named so far. Those of one name are one.
pub struct Ring {
    vaults: Vaults,
    client: Client,
    held: Mutex<BTreeMap<String, Arc<Held>>>,
}

impl Ring {
    /// No keys yet.
    pub fn new(vaults: Vaults, client: Client) -> Self {
        Self {
            vaults,
            client,
            held: Mutex::default(),
        }
    }

    /// Where it looks.
    pub fn vaults(&self) -> &Vaults {
        &self.vaults
    }

    /// The key that a text is, or that it names.
    ///
    /// # Errors
    /// It names none that could be looked up.
    pub fn key(&self, text: Secret<String>) -> Result<Key, Problem> {
        let vault = text.expose().split_once(':');
        let vault = vault.and_then(|(kind, name)| {
            let (_, open) = VAULTS.iter().find(|(known, _)| *known == kind)?;
            Some((*open, name.to_owned()))
        });
        let Some((open, name)) = vault else {
            return Ok(Key::Written(text));
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held.get(text.expose()) {
            return Ok(Key::Held(known.clone()));
        }
        let vault = open(&name, &self.vaults, self.client.clone())?;
        let new = Arc::new(Held::new(vault, self.vaults.keep));
        held.insert(text.expose().clone(), new.clone());
        Ok(Key::Held(new))
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("vaults", &self.vaults)
            .finish_non_exhaustive()
    }
}
