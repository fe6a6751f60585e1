//! `busbar config history`

use busbar_app::ConfigurationVersion;

use super::{server::At, terminal, versions};
use crate::{
    exit::Result,
    options::Global,
    terminal::{Table, Terminal, dim, when},
};

/// List the versions of the configuration that were offered to servers, and what became of each.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    at: At,

    /// As JSON, a line for each.
    #[arg(long)]
    json: bool,
}

/// The versions, and the one that was gone back to.
struct Kept {
    all: Vec<ConfigurationVersion>,
    chosen: Option<u64>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let (kept, terminal) = (kept(args, global)?, terminal());
    if args.json {
        return kept
            .all
            .iter()
            .try_for_each(|version| terminal.line(String::from_utf8_lossy(&version.encode())));
    }
    if kept.all.is_empty() {
        return terminal.note("no version yet: `busbar serve` keeps those that it is offered");
    }
    let mut table = Table::default();
    table.row(["VERSION", "WHEN", "HASH", "WHAT BECAME OF IT"]);
    for version in &kept.all {
        let number = version.version.to_string();
        let hash = version.hash.get(..8).unwrap_or("-");
        table.row([&number, &when(version.at), hash, &fate(version)]);
    }
    let lines = table.lines();
    // Under each row its reasons, one a line.
    let reasons = std::iter::once(&[][..]).chain(kept.all.iter().map(reasons));
    for (line, reasons) in lines.iter().zip(reasons) {
        terminal.line(line)?;
        for reason in reasons {
            terminal.line(dim(format!("         {reason}"), terminal.out_colour()))?;
        }
    }
    notes(&kept, terminal, global.quiet)
}

fn kept(args: &Args, global: &Global) -> Result<Kept> {
    if let Some(server) = args.at.named(global)? {
        let status = server.configuration()?;
        return Ok(Kept {
            all: server.configurations()?,
            chosen: status.version.filter(|_| status.chosen),
        });
    }
    let versions = versions(global)?;
    let state = versions.state();
    let told = |version| busbar_app::summary(version, state.serving);
    Ok(Kept {
        all: versions.all().iter().map(told).collect(),
        chosen: state.chosen.map(|chosen| chosen.number),
    })
}

fn notes(kept: &Kept, terminal: Terminal, quiet: bool) -> Result {
    if quiet || !terminal.out_is_terminal() {
        return Ok(());
    }
    if let Some(number) = kept.chosen {
        terminal.note(format!(
            "version {number} was gone back to; it serves until the source says something new"
        ))?;
    }
    terminal.note("`busbar config diff 1 2` says what differs, `busbar config rollback 1` goes back")
}

fn reasons(version: &ConfigurationVersion) -> &[String] {
    version.refused.as_deref().unwrap_or_default()
}

fn fate(version: &ConfigurationVersion) -> String {
    let fate = match &version.refused {
        None if version.serves => "serves",
        None => "served",
        Some(_) => "refused",
    };
    match &version.label {
        Some(label) => format!("{fate} ({label})"),
        None => fate.to_owned(),
    }
}
