//! Models that are hosted elsewhere: from the sections of the configuration to models. Calls nobody.

use std::sync::Arc;

use busbar_config::{Config, Provider};
use busbar_core::Model;
use busbar_providers::{Shared, build, http::Client, prices::Prices, settings::Section};

use crate::{Error, Result};

/// The models of all providers.
///
/// # Errors
/// Everything that is wrong with their sections, each with its field.
pub(crate) fn models(config: &Config) -> Result<Vec<Model>> {
    if config.providers.is_empty() {
        return Ok(Vec::new());
    }
    let broken = |why: String| Error::Providers(vec![why]);
    let shared = Shared {
        client: Client::new().map_err(|error| broken(error.to_string()))?,
        prices: Arc::new(prices(config)?),
    };
    let (mut models, mut wrong) = (Vec::new(), Vec::new());
    for (place, provider) in config.providers.iter().enumerate() {
        match build(&section(provider), &shared) {
            Ok(theirs) => models.extend(theirs),
            Err(problems) => wrong.extend(problems.into_iter().map(|problem| {
                let field = Provider::field(place, &problem.field);
                format!("{field}: {}", problem.message)
            })),
        }
    }
    if wrong.is_empty() {
        Ok(models)
    } else {
        Err(Error::Providers(wrong))
    }
}

/// What the user's own table says, before what is built in.
fn prices(config: &Config) -> Result<Prices> {
    let wrong = |why: String| Error::Providers(vec![format!("models.prices: {why}")]);
    let built_in = Prices::built_in().map_err(wrong)?;
    let Some(path) = &config.models.prices else {
        return Ok(built_in);
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
    Ok(Prices::read(&text).map_err(wrong)?.before(built_in))
}

fn section(provider: &Provider) -> Section {
    Section {
        name: provider.name.clone(),
        kind: provider.kind.clone(),
        key: provider.key.clone(),
        fields: provider.fields.clone(),
    }
}
