//! `busbar models verify`

use busbar_app::Shelf;
use busbar_catalog::{Cancel, Entry, Error};

use crate::{
    exit::{Failure, Result},
    setup::Setup,
    terminal::{PullBar, green, red},
};

/// Read models through and compare them with what was fetched.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Names from `busbar models list`; without any, all that are here.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    let named: Result<Vec<&Entry>, Error> = args.names.iter().map(|name| shelf.catalog.entry(name)).collect();
    let mut entries = named?;
    if entries.is_empty() {
        entries.extend(super::here(shelf));
    }
    let colour = setup.terminal.out_colour();
    let mut bad = 0;
    for entry in entries {
        let bar = PullBar::new(setup.terminal, setup.quiet);
        let verified = shelf.store.verify(entry, &bar, &Cancel::new());
        bar.clear();
        match verified {
            Ok(verified) => {
                let line = format!(
                    "{} {}  {}  sha256 {}",
                    green("✓", colour),
                    entry.name,
                    verified.size,
                    verified.sha256
                );
                setup.terminal.line(line)?;
            }
            Err(error) => {
                bad += 1;
                setup.terminal.line(format!("{} {}", red("✗", colour), error))?;
            }
        }
    }
    if bad == 0 { Ok(()) } else { Err(Failure::Said) }
}
