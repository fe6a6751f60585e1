//! Who hands out pictures that lie in a bucket, and the key that signs their addresses there: written down, in a
//! file, or kept by a service.

use busbar_config::Config;
use busbar_core::Secret;
use busbar_providers::{http::Client, key::Key, services::Distribution, vaults::Ring};

use crate::{Error, Result, hosted::vaults};

/// What a key has in it, and no file's name.
const WRITTEN: &str = "-----BEGIN";
/// Its setting.
const KEY: &str = "private_key";

/// The distribution that the configuration names, and its key, so that a wrong one is told at the start.
///
/// # Errors
/// What is wrong with the address or the key, or that it cannot be had, with the field.
pub(crate) async fn of(config: &Config) -> Result<Option<Distribution>> {
    let Some(wanted) = &config.distribution else {
        return Ok(None);
    };
    let wrong = |field: &str, why: &str| Error::Distribution {
        field: field.to_owned(),
        why: why.to_owned(),
    };
    let client = Client::new().map_err(|error| wrong(KEY, &error.to_string()))?;
    let key = Ring::new(vaults(config), client).key(wanted.private_key.clone());
    let key = match key.map_err(|problem| wrong(KEY, &problem.message))? {
        Key::Written(text) if !text.expose().contains(WRITTEN) => {
            let file = std::fs::read_to_string(text.expose());
            // Its name is not repeated: what is no file may be a key that was cut.
            let unread = |source| wrong(KEY, &format!("is no PEM file that can be read: {source}"));
            Key::Written(Secret::new(file.map_err(unread)?))
        }
        key => key,
    };
    let distribution = Distribution::new(&wanted.address, &wanted.key_id, key)
        .map_err(|problem| wrong(&problem.field, &problem.message))?;
    match distribution.opener().await {
        Ok(_) => Ok(Some(distribution)),
        Err(error) => Err(wrong(KEY, error.message())),
    }
}
