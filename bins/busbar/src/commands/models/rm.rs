//! `busbar models rm`

use busbar_app::Shelf;
use busbar_catalog::{Cancel, Silent};

use crate::{exit::Result, setup::Setup};

/// Remove models from this machine.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Names from `busbar models list`.
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    let mut entries = Vec::new();
    for name in &args.names {
        entries.push(shelf.catalog.entry(name)?);
    }
    for entry in entries {
        let freed = shelf.store.remove(entry)?;
        shelf.store.forget(&entry.name, &Silent, &Cancel::new())?;
        if !setup.quiet {
            let said = if freed.get() == 0 {
                "was not here".to_owned()
            } else {
                format!("removed, {freed} freed")
            };
            setup.terminal.note(format!("{}: {said}", entry.name))?;
        }
    }
    Ok(())
}
