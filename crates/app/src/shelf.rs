//! The catalog and the store, as the configuration wants them.

use busbar_catalog::{Catalog, Hub, HubToken, Settings, Store};
use busbar_config::Config;

use crate::Result;

/// What can be had, and what of it is here.
#[derive(Debug)]
pub struct Shelf {
    /// The models that can be had by name.
    pub catalog: Catalog,
    /// The models on this machine.
    pub store: Store,
}

impl Shelf {
    /// Reads the catalogs; opens nothing.
    ///
    /// # Errors
    /// The user's own catalog cannot be read or is wrong, or the hub's address is of no use.
    pub fn open(config: &Config) -> Result<Self> {
        let token = config
            .hub
            .token
            .as_ref()
            .and_then(|token| HubToken::new(token.expose()));
        let hub = Hub::new(&config.hub.endpoint, token)
            .map_err(|why| busbar_core::Error::invalid("hub.endpoint", format!("hub.endpoint: {why}")))?;
        let settings = Settings {
            hub,
            ..Settings::default()
        };
        let store = Store::new(&config.storage.home).with_settings(settings);
        let mut catalog = Catalog::builtin()?.with_pulled(&store)?;
        if let Some(own) = &config.models.catalog {
            catalog = catalog.extended_by(own)?;
        }
        Ok(Self { catalog, store })
    }
}
