//! `busbar config history`

use busbar_config::{Fate, Version, Versions};
use serde_json::json;

use super::versions;
use crate::{
    exit::Result,
    options::Global,
    terminal::{Table, Terminal, dim, when},
};

/// List the versions of the configuration that were offered to servers, and what became of each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON, a line for each.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let (versions, terminal) = versions(global)?;
    let serving = versions.state().serving;
    let all = versions.all();
    if args.json {
        return all
            .iter()
            .try_for_each(|version| terminal.line(as_json(version, serving)));
    }
    if all.is_empty() {
        return terminal.note("no version yet: `busbar serve` keeps those that it is offered");
    }
    let mut table = Table::default();
    table.row(["VERSION", "WHEN", "HASH", "WHAT BECAME OF IT"]);
    for version in &all {
        let number = version.number.to_string();
        table.row([
            &number,
            &when(version.at),
            version.short(),
            &fate(version, serving),
        ]);
    }
    let lines = table.lines();
    // Under each row its reasons, one a line.
    let reasons = std::iter::once(&[][..]).chain(all.iter().map(reasons));
    for (line, reasons) in lines.iter().zip(reasons) {
        terminal.line(line)?;
        for reason in reasons {
            terminal.line(dim(format!("         {reason}"), terminal.out_colour()))?;
        }
    }
    notes(&versions, terminal, global.quiet)
}

fn notes(versions: &Versions, terminal: Terminal, quiet: bool) -> Result {
    if quiet || !terminal.out_is_terminal() {
        return Ok(());
    }
    if let Some(chosen) = versions.state().chosen {
        let number = chosen.number;
        terminal.note(format!(
            "version {number} was gone back to; it serves until the source says something new"
        ))?;
    }
    terminal.note("`busbar config diff 1 2` says what differs, `busbar config rollback 1` goes back")
}

fn reasons(version: &Version) -> &[String] {
    match &version.fate {
        Fate::Served => &[],
        Fate::Refused(reasons) => reasons,
    }
}

fn fate(version: &Version, serving: Option<u64>) -> String {
    let fate = match &version.fate {
        Fate::Served if serving == Some(version.number) => "serves",
        Fate::Served => "served",
        Fate::Refused(_) => "refused",
    };
    match &version.label {
        Some(label) => format!("{fate} ({label})"),
        None => fate.to_owned(),
    }
}

fn as_json(version: &Version, serving: Option<u64>) -> String {
    json!({
        "version": version.number,
        "at": version.at,
        "origin": version.origin,
        "label": version.label,
        "hash": version.fingerprint,
        "serves": serving == Some(version.number),
        "refused": match &version.fate {
            Fate::Served => None,
            Fate::Refused(reasons) => Some(reasons),
        },
    })
    .to_string()
}
