//! `busbar config`: what is configured, where it comes from, and whether it is right.

mod check;
mod init;
mod schema;
mod show;

use crate::{exit::Result, options::Global};

const EXAMPLES: &str = "\
Examples:
  busbar config show                       every setting, its value, and who set it
  busbar config init                       write a busbar.toml to start from
  busbar config check --config prod.toml   report everything that is wrong, and change nothing
  busbar config schema > busbar.schema.json

A setting comes from the first of: a flag, the environment, the file, the default. The file is the one
that --config or BUSBAR_CONFIG names, else ./busbar.toml, the user's, or /etc/busbar/busbar.toml.";

/// Show, check and begin configurations.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Check(check::Args),
    Show(show::Args),
    Schema(schema::Args),
    Init(init::Args),
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    match &args.action {
        Action::Check(_) => check::run(global),
        Action::Show(args) => show::run(args, global),
        Action::Schema(_) => schema::run(),
        Action::Init(args) => init::run(args),
    }
}
