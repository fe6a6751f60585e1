//! Models that are hosted elsewhere: from the sections of the configuration to models. Calls nobody.

use std::sync::Arc;

use busbar_config::{Config, Environment, Provider};
use busbar_providers::{
    Shared, build,
    http::Client,
    key_variable,
    prices::Prices,
    settings::{Problem, Section},
};
use busbar_routing::{Place, Placed};
use toml::{Table, Value};

use crate::{Error, Result, fetch, images};

/// The models of all providers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosted {
    /// One client for all versions of a configuration, so that connections outlive a change.
    client: Option<Client>,
    /// The user's own prices, as they were written.
    prices: Option<String>,
    sections: Vec<(Provider, Vec<Placed>)>,
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
        let own = own_prices(config)?;
        let shared = Shared {
            client: client.clone(),
            prices: Arc::new(prices(own.as_deref())?),
            decode: Arc::new(images::decode),
            fetcher: fetch::pictures(&config.fetch),
        };
        let kept = |provider: &Provider| {
            let mut sections = before.sections.iter().filter(|_| before.prices == own);
            let same = sections.find(|(section, _)| section == provider);
            same.map(|(_, models)| models.clone())
        };
        let (mut sections, mut wrong) = (Vec::new(), Vec::new());
        for (place, provider) in config.providers.iter().enumerate() {
            if let Some(models) = kept(provider) {
                sections.push((provider.clone(), models));
                continue;
            }
            match placed(provider, &shared) {
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
            prices: own,
            sections,
        })
    }

    /// The models, in the order of the configuration.
    pub(crate) fn models(&self) -> impl Iterator<Item = Placed> {
        self.sections.iter().flat_map(|(_, models)| models.clone())
    }
}

/// The models of one provider, at all its places.
fn placed(provider: &Provider, shared: &Shared) -> Result<Vec<Placed>, Vec<Problem>> {
    let sections = sections(provider).map_err(|why| vec![Problem::new(REGIONS, why)])?;
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
fn sections(provider: &Provider) -> Result<Vec<(Option<String>, Section)>, String> {
    let mut fields = provider.fields.clone();
    let Some(regions) = fields.remove(REGIONS) else {
        let region = fields.get(REGION).and_then(Value::as_str).map(str::to_owned);
        return Ok(vec![(region, section(provider, fields))]);
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
        (Some(name.to_owned()), section(provider, fields))
    };
    Ok(names.into_iter().map(one).collect())
}

/// A section, with its key from where its vendor's own clients look for it, if it has none.
fn section(provider: &Provider, fields: Table) -> Section {
    let mut section = Section {
        name: provider.name.clone(),
        kind: provider.kind.clone(),
        key: provider.key.clone(),
        fields,
    };
    if let Some(variable) = key_variable(&section) {
        section.key = Environment::of_process().secret(variable);
    }
    section
}
