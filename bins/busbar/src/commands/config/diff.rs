//! `busbar config diff`

use busbar_config::diff;
use toml::Table;

use super::{sources, versions};
use crate::{
    exit::{Failure, Result},
    options::Global,
    runtime,
    terminal::{green, red},
};

/// Say what differs between two versions of the configuration; ends with 0 either way.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The first version; without one, the version that serves.
    #[arg(value_name = "VERSION")]
    from: Option<u64>,

    /// The second version; without one, what the source says now.
    #[arg(value_name = "VERSION")]
    to: Option<u64>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let (versions, terminal) = versions(global)?;
    let kept = |number: u64| {
        let version = versions.get(number).and_then(|version| version.table);
        version.ok_or_else(|| {
            Failure::Failed(format!(
                "there is no version {number} to compare; `busbar config history` lists those there are"
            ))
        })
    };
    let from = args.from.or_else(|| versions.state().serving);
    let from = from.ok_or_else(|| Failure::Failed("no version serves yet; name two".to_owned()))?;
    let (before, after) = (kept(from)?, args.to.map_or_else(|| now(global), kept)?);
    let changes = diff(&before, &after);
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

fn now(global: &Global) -> Result<Table> {
    let sources = sources(global);
    runtime::run(async { Ok(busbar_app::current(&sources).await?.table) })
}
