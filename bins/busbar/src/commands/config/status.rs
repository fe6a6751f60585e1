//! `busbar config status`

use busbar_app::ConfigurationStatus;

use super::{server::At, terminal};
use crate::{
    exit::Result,
    options::Global,
    terminal::{Terminal, dim, red},
};

/// Say which version of the configuration a running server serves, and what it refused.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    at: At,

    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let status = args.at.any(global)?.configuration()?;
    tell(&status, args.json)
}

/// As JSON where that is wanted, else a line for each thing there is to say.
pub(super) fn tell(status: &ConfigurationStatus, json: bool) -> Result {
    if json {
        return terminal().line(String::from_utf8_lossy(&status.encode()));
    }
    show(status, terminal())
}

fn show(status: &ConfigurationStatus, terminal: Terminal) -> Result {
    let colour = terminal.out_colour();
    let source = status.source.as_deref().unwrap_or("no file: the defaults");
    terminal.line(match status.version {
        Some(version) => format!("version {version} serves, from {source}"),
        None => format!("no version is kept; what serves comes from {source}"),
    })?;
    if status.chosen {
        terminal.line("it was gone back to, and serves until the source says something new")?;
    }
    if let Some(refused) = &status.refused {
        let which = refused
            .version
            .map_or_else(String::new, |version| format!(", version {version}"));
        terminal.line(red(
            format!("what the source says now{which} was refused:"),
            colour,
        ))?;
        for reason in &refused.reasons {
            terminal.line(format!("  {reason}"))?;
        }
    }
    if !status.waiting_for_restart.is_empty() {
        terminal.line("these settings hold only after a restart:")?;
        for setting in &status.waiting_for_restart {
            terminal.line(dim(format!("  {setting}"), colour))?;
        }
    }
    Ok(())
}
