//! `busbar models`: what can be had, and what of it is here.

mod list;
mod path;
mod pull;
mod rm;
mod stages;
mod verify;

use busbar_app::Shelf;
use busbar_catalog::{Entry, Kind, Status};

use crate::{
    exit::{Failure, Result},
    options::Global,
    setup::Setup,
};

const EXAMPLES: &str = "\
Examples:
  busbar models list
  busbar models pull                      the default model
  busbar models pull qwen2.5-0.5b-instruct
  busbar models pull hf:OWNER/REPO:Q4_K_M any other GGUF file; `busbar help models pull`
  busbar models path smollm2-135m-instruct
  busbar models promote mobilenet-v2      it answers those who ask what is on pictures

Models live under $BUSBAR_HOME, by default the platform's directory for data. A catalog of your own
is added by the setting models.catalog.";

/// Find, fetch, check and remove model files; say which is in production.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    List(list::Args),
    Pull(pull::Args),
    Verify(verify::Args),
    Rm(rm::Args),
    Path(path::Args),
    Aliases(stages::Aliases),
    Candidate(stages::Candidate),
    Promote(stages::Promote),
    Rollback(stages::Rollback),
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let setup = Setup::new(global, Vec::new())?;
    let shelf = Shelf::open(setup.config())?;
    match &args.action {
        Action::List(args) => list::run(args, &shelf, &setup),
        Action::Pull(args) => pull::run(args, &shelf, &setup),
        Action::Verify(args) => verify::run(args, &shelf, &setup),
        Action::Rm(args) => rm::run(args, &shelf, &setup),
        Action::Path(args) => path::run(args, &shelf, &setup),
        Action::Aliases(args) => args.run(&setup),
        Action::Candidate(args) => args.run(&setup),
        Action::Promote(args) => args.run(&setup),
        Action::Rollback(args) => args.run(&setup),
    }
}

/// The model that is meant where none is named.
fn default(shelf: &Shelf) -> Result<&Entry> {
    shelf
        .catalog
        .default_of(Kind::Text)
        .ok_or_else(|| Failure::Usage("the catalog has no default model; name one".to_owned()))
}

/// The models that are here, whole or in part.
fn here(shelf: &Shelf) -> impl Iterator<Item = &Entry> {
    let entries = shelf.catalog.entries().iter();
    entries.filter(|entry| shelf.store.status(entry) != Status::Absent)
}
