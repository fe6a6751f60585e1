//! `busbar models path`

use busbar_app::Shelf;

use crate::{exit::Result, setup::Setup};

/// Say where a model's file is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name from `busbar models list`; without one, the default model.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    let path = match &args.name {
        Some(name) => shelf.store.locate(&shelf.catalog, name)?,
        None => shelf.store.path(super::default(shelf)?)?,
    };
    setup.terminal.line(path.display())
}
