//! Models that are hosted elsewhere: from the sections of the configuration to models. Calls nobody.

use std::{sync::Arc, time::SystemTime};

use busbar_config::{Config, Environment, Provider};
use busbar_providers::{
    Shared, build,
    http::Client,
    key::{Held, Key},
    key_variable,
    prices::Prices,
    settings::{Problem, Section},
    vaults::{Ring, Vaults},
};
use busbar_routing::{Place, Placed};
use futures_util::future::join_all;
use toml::{Table, Value};

use crate::{Error, Result, fetch, images};

/// The models of all providers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosted {
    /// One client for all versions of a configuration, so that connections outlive a change.
    client: Option<Client>,
    /// The same for keys that are kept elsewhere, so that none is fetched twice.
    ring: Option<Arc<Ring>>,
    /// The user's own prices, as they were written.
    prices: Option<String>,
    sections: Vec<(Provider, Vec<Placed>)>,
    /// Keys that are kept elsewhere, each with the field that names it.
    keys: Vec<(String, Arc<Held>)>,
}

impl Hosted {
    /// The models of all providers. Those of a section that is as it was before stay as they are, with
    /// their connections and credentials.
    ///
    /// # Errors
    /// Everything that is wrong with their sections, each with its field.
    pub(crate) fn of(config: &Config, before: &Self) -> Result<Self> {
        if config.providers.is_empty() {
            return Ok(Self::default());
        }
        let broken = |why: String| Error::Providers(vec![why]);
        let client = match &before.client {
            Some(client) => client.clone(),
            None => Client::new().map_err(|error| broken(error.to_string()))?,
        };
        let vaults = vaults(config);
        let same = before.ring.clone().filter(|ring| *ring.vaults() == vaults);
        let ring = same.unwrap_or_else(|| Arc::new(Ring::new(vaults, client.clone())));
        let own = own_prices(config)?;
        let shared = Shared {
            client: client.clone(),
            prices: Arc::new(prices(own.as_deref())?),
            decode: Arc::new(images::decode),
            fetcher: fetch::pictures(&config.fetch),
        };
        let same_keys = before
            .ring
            .as_ref()
            .is_some_and(|before| Arc::ptr_eq(before, &ring));
        let kept = |provider: &Provider| {
            let mut sections = before
                .sections
                .iter()
                .filter(|_| before.prices == own && same_keys);
            let same = sections.find(|(section, _)| section == provider);
            same.map(|(_, models)| models.clone())
        };
        let (mut sections, mut wrong, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for (place, provider) in config.providers.iter().enumerate() {
            let key = key(provider, &ring);
            if let Ok(Some(Key::Held(key))) = &key {
                keys.push((Provider::field(place, "api_key"), key.clone()));
            }
            if let Some(models) = kept(provider) {
                sections.push((provider.clone(), models));
                continue;
            }
            match key.and_then(|key| placed(provider, &shared, key.as_ref())) {
                Ok(models) => sections.push((provider.clone(), models)),
                Err(problems) => wrong.extend(problems.into_iter().map(|problem| {
                    let field = Provider::field(place, &problem.field);
                    format!("{field}: {}", problem.message)
                })),
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Providers(wrong));
        }
        Ok(Self {
            client: Some(client),
            ring: Some(ring),
            prices: own,
            sections,
            keys,
        })
    }

    /// Fetches the keys that are kept elsewhere, unless they are known.
    ///
    /// # Errors
    /// Those that cannot be had, each by its field.
    pub(crate) async fn fetch_keys(&self) -> Result<()> {
        let now = SystemTime::now();
        let fetched = self.keys.iter().map(|(field, key)| async move {
            let wrong = |error: busbar_core::Error| {
                format!(
                    "{field}: {}; see that its name and vault.region are right, and that we may read it",
                    error.message()
                )
            };
            key.get(now).await.err().map(wrong)
        });
        let wrong: Vec<_> = join_all(fetched).await.into_iter().flatten().collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(Error::Providers(wrong)),
        }
    }

    /// The models, in the order of the configuration.
    pub(crate) fn models(&self) -> impl Iterator<Item = Placed> {
        self.sections.iter().flat_map(|(_, models)| models.clone())
    }
}

/// The models of one provider, at all its places.
fn placed(provider: &Provider, shared: &Shared, key: Option<&Key>) -> Result<Vec<Placed>, Vec<Problem>> {
    let sections = sections(provider, key).map_err(|why| vec![Problem::new(REGIONS, why)])?;
    let mut placed = Vec::new();
    // A section with several regions is wrong alike in each: the first tells it.
    for (region, section) in sections {
        let models = build(&section, shared)?;
        placed.extend(models.into_iter().map(|model| {
            let (provider, region) = (provider.name.clone(), region.clone());
            let place = Place { provider, region };
            Placed { place, model }
        }));
    }
    Ok(placed)
}

fn own_prices(config: &Config) -> Result<Option<String>> {
    let Some(path) = &config.models.prices else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path);
    text.map(Some)
        .map_err(|error| wrong_prices(&format!("{}: {error}", path.display())))
}

/// What the user's own table says, before what is built in.
fn prices(own: Option<&str>) -> Result<Prices> {
    let wrong = |why: String| wrong_prices(&why);
    let built_in = Prices::built_in().map_err(wrong)?;
    let Some(own) = own else {
        return Ok(built_in);
    };
    Ok(Prices::read(own).map_err(wrong)?.before(built_in))
}

fn wrong_prices(why: &str) -> Error {
    Error::Providers(vec![format!("models.prices: {why}")])
}

/// Several regions of one provider, as the configuration writes them.
const REGIONS: &str = "regions";
const REGION: &str = "region";

/// The sections of a provider: one for each of its regions, where it has several.
fn sections(provider: &Provider, key: Option<&Key>) -> Result<Vec<(Option<String>, Section)>, String> {
    let mut fields = provider.fields.clone();
    let Some(regions) = fields.remove(REGIONS) else {
        let region = fields.get(REGION).and_then(Value::as_str).map(str::to_owned);
        return Ok(vec![(region, section(provider, key, fields))]);
    };
    if fields.contains_key(REGION) {
        return Err("stands beside `region`; write one of the two".to_owned());
    }
    let names = regions
        .as_array()
        .map(|list| list.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let all = |names: &Vec<&str>| regions.as_array().is_some_and(|list| list.len() == names.len());
    let names = names.filter(|names| !names.is_empty() && all(names));
    let names = names.ok_or("must be a list of names; write regions = [\"us-east-1\", \"eu-west-1\"]")?;
    let one = |name: &str| {
        let mut fields = fields.clone();
        fields.insert(REGION.to_owned(), Value::String(name.to_owned()));
        (Some(name.to_owned()), section(provider, key, fields))
    };
    Ok(names.into_iter().map(one).collect())
}

/// Who we are at a provider: what its section says, or else what is where its vendor's own clients look.
fn key(provider: &Provider, ring: &Ring) -> Result<Option<Key>, Vec<Problem>> {
    let named = provider.key.clone().or_else(|| {
        let variable = key_variable(&section(provider, None, provider.fields.clone()))?;
        Environment::of_process().key(variable)
    });
    let key = named.map(|key| ring.key(key)).transpose();
    key.map_err(|problem| vec![problem])
}

fn section(provider: &Provider, key: Option<&Key>, fields: Table) -> Section {
    Section {
        name: provider.name.clone(),
        kind: provider.kind.clone(),
        key: key.cloned(),
        fields,
    }
}

/// Where keys are kept that the configuration only names.
pub(crate) fn vaults(config: &Config) -> Vaults {
    let vault = &config.vault;
    Vaults {
        region: vault.region.clone(),
        endpoint: vault.endpoint.clone(),
        keep: vault.keep,
    }
}
