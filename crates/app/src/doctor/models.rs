//! The models: is each there that the configuration wants, and is it whole?

use busbar_catalog::{Cancel, Silent};
use busbar_config::Config;

use super::Check;
use crate::{Error, ImageFiles, ImagePlan, Plan, Shelf};

pub(super) fn models(config: &Config, shelf: &Shelf, verify: bool) -> Vec<Check> {
    if !cfg!(feature = "text") {
        return vec![Check::good(
            "model",
            "this build has no local engine, and needs no model",
        )];
    }
    match Plan::all(config, shelf) {
        Ok(plans) => plans.iter().map(|plan| model(plan, shelf, verify)).collect(),
        Err(Error::Models(errors)) => errors.iter().map(|error| absent("model", error)).collect(),
        Err(error) => vec![absent("model", &error)],
    }
}

/// The models that make pictures.
pub(super) fn images(config: &Config, shelf: &Shelf, verify: bool) -> Vec<Check> {
    if !cfg!(feature = "image") {
        return vec![Check::good("pictures", "this build makes none itself")];
    }
    match ImagePlan::all(config, shelf) {
        Ok(plans) if plans.is_empty() => vec![built_in(config)],
        Ok(plans) => plans.iter().map(|plan| image(plan, shelf, verify)).collect(),
        Err(Error::Models(errors)) => errors.iter().map(|error| absent("pictures", error)).collect(),
        Err(error) => vec![absent("pictures", &error)],
    }
}

fn built_in(config: &Config) -> Check {
    match ImagePlan::built_in(config) {
        Some(plan) => Check::good("pictures", format!("{}, built in", plan.id)),
        None => Check::poor(
            "pictures",
            "there is no model that makes any",
            "fetch one, such as `busbar models pull sd-turbo`, and list it in models.images",
        ),
    }
}

fn image(plan: &ImagePlan, shelf: &Shelf, verify: bool) -> Check {
    let here = match &plan.files {
        ImageFiles::Folder(folder) => format!("{}: {}", plan.id, folder.display()),
        ImageFiles::BuiltIn | ImageFiles::Elsewhere => plan.id.clone(),
    };
    checked("pictures", &here, plan.catalog_name.as_deref(), shelf, verify)
}

fn model(plan: &Plan, shelf: &Shelf, verify: bool) -> Check {
    let here = format!("{}: {}", plan.id, plan.path.display());
    checked("model", &here, plan.catalog_name.as_deref(), shelf, verify)
}

fn checked(what: &'static str, here: &str, name: Option<&str>, shelf: &Shelf, verify: bool) -> Check {
    let Some(entry) = name.and_then(|name| shelf.catalog.entry(name).ok()) else {
        return Check::good(what, format!("{here} (a file of yours)"));
    };
    if !verify {
        return Check::good(what, here);
    }
    match shelf.store.verify(entry, &Silent, &Cancel::new()) {
        Ok(verified) => Check::good(what, format!("{here} ({}, verified)", verified.size)),
        Err(error) => Check::bad(
            what,
            error.to_string(),
            format!("busbar models pull {}", entry.name),
        ),
    }
}

/// The message says itself what to do.
fn absent(what: &'static str, error: &dyn std::error::Error) -> Check {
    let message = error.to_string();
    let (found, fix) = message
        .split_once("; ")
        .unwrap_or((&message, "see `busbar models list`"));
    Check::bad(what, found, fix)
}
