//! The models: is each there that the configuration wants, and is it whole?

use busbar_catalog::{Cancel, Silent};
use busbar_config::Config;

use super::Check;
use crate::{Error, Plan, Shelf};

pub(super) fn models(config: &Config, shelf: &Shelf, verify: bool) -> Vec<Check> {
    if !cfg!(feature = "text") {
        return vec![Check::good(
            "model",
            "this build has no local engine, and needs no model",
        )];
    }
    match Plan::all(config, shelf) {
        Ok(plans) => plans.iter().map(|plan| model(plan, shelf, verify)).collect(),
        Err(Error::Models(errors)) => errors.iter().map(|error| absent(error)).collect(),
        Err(error) => vec![absent(&error)],
    }
}

fn model(plan: &Plan, shelf: &Shelf, verify: bool) -> Check {
    let here = format!("{}: {}", plan.id, plan.path.display());
    let Some(entry) = plan
        .catalog_name
        .as_deref()
        .and_then(|name| shelf.catalog.entry(name).ok())
    else {
        return Check::good("model", format!("{here} (a file of yours)"));
    };
    if !verify {
        return Check::good("model", here);
    }
    match shelf.store.verify(entry, &Silent, &Cancel::new()) {
        Ok(verified) => Check::good("model", format!("{here} ({}, verified)", verified.size)),
        Err(error) => Check::bad(
            "model",
            error.to_string(),
            format!("busbar models pull {}", entry.name),
        ),
    }
}

/// The message says itself what to do.
fn absent(error: &dyn std::error::Error) -> Check {
    let message = error.to_string();
    let (found, fix) = message
        .split_once("; ")
        .unwrap_or((&message, "see `busbar models list`"));
    Check::bad("model", found, fix)
}
