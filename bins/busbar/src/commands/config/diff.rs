//! `busbar config diff`

use busbar_app::{ConfigurationChange, Remote, changes};
use toml::Table;

use super::{server::At, sources, terminal, versions};
use crate::{
    exit::{Failure, Result},
    options::Global,
    runtime,
    terminal::{green, red},
};

/// Say what differs between two versions of the configuration; ends with 0 either way.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    at: At,

    /// The first version; without one, the version that serves.
    #[arg(value_name = "VERSION")]
    from: Option<u64>,

    /// The second version; without one, what the source says now, or with --url the version that serves.
    #[arg(value_name = "VERSION")]
    to: Option<u64>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let changes = match args.at.named(global)? {
        Some(server) => there(args, &server)?,
        None => here(args, global)?,
    };
    let terminal = terminal();
    if changes.is_empty() && !global.quiet {
        return terminal.note("nothing differs, secrets aside: they are compared by nobody");
    }
    let colour = terminal.out_colour();
    for change in changes {
        terminal.line(&change.path)?;
        if let Some(before) = change.before {
            terminal.line(red(format!("  - {before}"), colour))?;
        }
        if let Some(after) = change.after {
            terminal.line(green(format!("  + {after}"), colour))?;
        }
    }
    Ok(())
}

fn there(args: &Args, server: &Remote) -> Result<Vec<ConfigurationChange>> {
    let from = args.from.ok_or_else(|| {
        let message = "which version? `busbar config diff 3` compares it to the one that serves";
        Failure::Usage(message.to_owned())
    })?;
    let to = match args.to {
        Some(to) => to,
        None => server.configuration()?.version.ok_or_else(none_serves)?,
    };
    Ok(server.compare_configurations(from, to)?.changes)
}

fn here(args: &Args, global: &Global) -> Result<Vec<ConfigurationChange>> {
    let versions = versions(global)?;
    let kept = |number: u64| {
        let version = versions.get(number).and_then(|version| version.table);
        version.ok_or_else(|| {
            Failure::Failed(format!(
                "there is no version {number} to compare; `busbar config history` lists those there are"
            ))
        })
    };
    let from = args.from.or_else(|| versions.state().serving);
    let before = kept(from.ok_or_else(none_serves)?)?;
    let after = args.to.map_or_else(|| now(global), kept)?;
    Ok(changes(&before, &after))
}

fn none_serves() -> Failure {
    Failure::Failed("no version serves yet; name two".to_owned())
}

fn now(global: &Global) -> Result<Table> {
    let sources = sources(global);
    runtime::run(async { Ok(busbar_app::current(&sources).await?.table) })
}
