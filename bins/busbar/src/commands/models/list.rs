//! `busbar models list`

use busbar_app::{ImagePlan, Shelf};
use busbar_catalog::{Entry, Status};
use serde_json::json;

use crate::{
    exit::Result,
    setup::Setup,
    terminal::{Table, dim},
};

/// List the models that can be had, and which of them are here.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only those that are here.
    #[arg(long, short)]
    installed: bool,

    /// As JSON, a line for each.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    let entries = shelf.catalog.entries().iter();
    let listed: Vec<(&Entry, Status)> = entries
        .map(|entry| (entry, shelf.store.status(entry)))
        .filter(|(_, status)| !args.installed || matches!(status, Status::Present { .. }))
        .collect();
    let built_in = ImagePlan::built_in(setup.config());
    if args.json {
        listed
            .iter()
            .try_for_each(|(entry, status)| setup.terminal.line(as_json(entry, status)))?;
        return built_in.map_or(Ok(()), |plan| setup.terminal.line(built_in_as_json(&plan)));
    }
    let mut table = Table::default();
    table.row(["NAME", "KIND", "SIZE", "HERE", "LICENCE", "WHAT"]);
    for (entry, status) in &listed {
        let name = format!("{}{}", entry.name, if entry.default { " *" } else { "" });
        table.row([
            &name,
            entry.kind.as_str(),
            &size(entry, status),
            &state(status),
            &entry.licence.name,
            &entry.title,
        ]);
    }
    if let Some(plan) = &built_in {
        let name = format!("{} *", plan.id);
        table.row([&name, "image", "-", "built in", &plan.licence, &plan.title]);
    }
    for line in table.lines() {
        setup.terminal.line(line)?;
    }
    if !setup.quiet && setup.terminal.out_is_terminal() {
        let note = "* the default of its kind. `busbar models pull NAME` fetches one.";
        setup.terminal.line(dim(note, setup.terminal.out_colour()))?;
    }
    Ok(())
}

fn size(entry: &Entry, status: &Status) -> String {
    match (status, entry.size) {
        (Status::Present { size, .. }, _) => size.to_string(),
        (_, Some(size)) => size.to_string(),
        // Only the hub knows; the pull says it.
        _ => "?".to_owned(),
    }
}

fn state(status: &Status) -> String {
    match status {
        Status::Absent => "-".to_owned(),
        Status::Partial { have } => format!("{have} of it"),
        Status::Present { .. } => "yes".to_owned(),
        Status::Unusable { .. } => "unusable".to_owned(),
    }
}

fn built_in_as_json(plan: &ImagePlan) -> String {
    json!({
        "name": plan.id,
        "kind": "image",
        "title": plan.title,
        "default": true,
        "licence": plan.licence,
        "installed": true,
        "built_in": true,
    })
    .to_string()
}

fn as_json(entry: &Entry, status: &Status) -> String {
    let path = match status {
        Status::Present { path, .. } => Some(path.display().to_string()),
        _ => None,
    };
    json!({
        "name": entry.name.as_str(),
        "kind": entry.kind.as_str(),
        "title": entry.title,
        "default": entry.default,
        "size": entry.size.map(|size| size.get()),
        "licence": entry.licence.name,
        "licence_url": entry.licence.url,
        "installed": path.is_some(),
        "path": path,
    })
    .to_string()
}
