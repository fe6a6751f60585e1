//! Routes, put together: from the configuration and the models that there are to models that clients may
//! ask for. Done anew whenever a model is there.

mod outlook;

use std::{collections::BTreeSet, sync::Arc};

use busbar_config::{Config, nearest};
use busbar_core::{Models, TargetStatus};
use busbar_routing::{Placed, Ports, RouteSpec, Routing, Seeded};

use crate::{Error, Result, clock::SystemClock};

pub use outlook::Outlook;

/// The routes of a configuration.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    /// What is known of targets; it outlives a change of the configuration.
    routing: Arc<Routing>,
    specs: Vec<RouteSpec>,
    aliases: Vec<(String, String)>,
    default: Option<String>,
}

impl Routes {
    /// The routes of a configuration. What is known of targets stays, as long as the rules do.
    ///
    /// # Errors
    /// Where the system has no random numbers.
    pub(crate) fn of(config: &Config, before: Option<&Arc<Routing>>) -> Result<Self> {
        let rules = &config.routing.rules;
        let routing = match before.filter(|routing| routing.rules() == rules) {
            Some(routing) => Arc::clone(routing),
            None => {
                let routing = Routing::new(ports()?, rules.clone());
                if let Some(answers) = before.and_then(|before| before.answers()) {
                    routing.keep_answers_in(answers);
                }
                Arc::new(routing)
            }
        };
        Ok(Self {
            routing,
            specs: config.routes.clone(),
            aliases: config.models.aliases.clone(),
            default: config.models.default.clone(),
        })
    }

    /// What is known of targets.
    pub(crate) fn routing(&self) -> Arc<Routing> {
        Arc::clone(&self.routing)
    }

    /// Everything that clients may ask for, of these models.
    pub(crate) fn models(&self, placed: &[Placed]) -> Models {
        let models = self.routing.models(placed, &self.specs);
        let headers: BTreeSet<String> = if models.iter().any(|model| model.route.is_some()) {
            self.headers()
        } else {
            Default::default()
        };
        let models = models.into_iter().fold(Models::default(), Models::with);
        let models = self.aliases.iter().fold(models, |models, (name, model)| {
            models.with_alias(name, model.as_str().into())
        });
        let models = models.with_headers(headers);
        match &self.default {
            Some(default) => models.with_default(&default.as_str().into()),
            None => models,
        }
    }

    /// The headers that routes look at; models at several places look at those that every route does.
    fn headers(&self) -> BTreeSet<String> {
        let plain = RouteSpec::new("", Vec::new());
        let specs = self.specs.iter().chain([&plain]);
        specs
            .flat_map(|spec| spec.headers().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }
}

fn ports() -> Result<Ports> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| busbar_core::Error::internal(error.to_string()))?;
    Ok(Ports {
        timer: Arc::new(SystemClock),
        dice: Arc::new(Seeded::new(u64::from_le_bytes(seed))),
    })
}

/// How the targets of all routes are.
pub(crate) fn targets(models: &Models) -> Vec<TargetStatus> {
    let routes = models.iter().filter_map(|model| model.route.as_ref());
    let tiers = routes.flat_map(|route| route.status().tiers);
    tiers.flat_map(|tier| tier.targets).collect()
}

/// Whether the models are there that routes name.
///
/// # Errors
/// Each name that is none, with its field and the one that was probably meant.
pub(crate) fn check(config: &Config, known: &BTreeSet<String>) -> Result<()> {
    let mut wrong = Vec::new();
    for (place, route) in config.routes.iter().enumerate() {
        if known.contains(route.name.as_str()) {
            let message = format!("`{}` is the name of a model too; take another one", route.name);
            wrong.push(format!("routes[{place}].name: {message}"));
        }
        for (rank, tier) in route.tiers.iter().enumerate() {
            for (number, target) in tier.targets.iter().enumerate() {
                if !known.contains(&target.model) {
                    let field = format!("routes[{place}].tiers[{rank}].targets[{number}]");
                    wrong.push(format!("{field}: {}", unknown(&target.model, known)));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::Routes(wrong))
    }
}

/// Whether the model or route is there that answers requests that name none.
///
/// # Errors
/// It is none of these names, with the one that was probably meant.
pub(crate) fn check_default(config: &Config, known: &BTreeSet<String>) -> Result<()> {
    let Some(default) = &config.models.default else {
        return Ok(());
    };
    let mut names: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    names.extend(config.routes.iter().map(|route| route.name.as_str()));
    names.extend(config.models.text.iter().map(|model| model.id.as_str()));
    if names.contains(default.as_str()) {
        return Ok(());
    }
    let message = match nearest(default, names.iter().copied()) {
        Some(meant) => format!("no model and no route is called `{default}`; did you mean `{meant}`?"),
        None => {
            let names = Vec::from_iter(names).join(", ");
            format!(
                "no model and no route is called `{default}`; there are: {names}. A model of this machine must be listed in `models.text`"
            )
        }
    };
    Err(Error::Default(message))
}

fn unknown(name: &str, known: &BTreeSet<String>) -> String {
    if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
        return format!("no model is called `{name}`; did you mean `{meant}`?");
    }
    let there: Vec<&str> = known.iter().map(String::as_str).collect();
    let there = if there.is_empty() {
        "none".to_owned()
    } else {
        there.join(", ")
    };
    format!(
        "no model is called `{name}`; there are: {there}. A model of this machine must be listed in `models.text`"
    )
}
