//! `busbar models pull`

use busbar_app::Shelf;
use busbar_catalog::Kind;

use crate::{exit::Result, pull, runtime, setup::Setup};

/// Fetch models. A pull that was stopped goes on where it was.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Names from `busbar models list`; without any, the default models of text and of pictures.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    // All names are looked up before the first is fetched.
    let mut entries = Vec::new();
    for name in &args.names {
        entries.push(shelf.catalog.entry(name)?);
    }
    if entries.is_empty() {
        entries.push(super::default(shelf)?);
        entries.extend(shelf.catalog.default_of(Kind::Vision));
    }
    runtime::run(async {
        for entry in entries {
            pull::pull(entry, shelf, setup).await?;
        }
        Ok(())
    })
}
