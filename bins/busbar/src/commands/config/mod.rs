//! `busbar config`: what is configured, where it comes from, and whether it is right.

mod check;
mod diff;
mod history;
mod init;
mod reload;
mod rollback;
mod schema;
mod server;
mod show;
mod status;

use busbar_config::{Environment, Sources, Versions};

use crate::{
    exit::{Failure, Result},
    options::Global,
    terminal::Terminal,
};

const EXAMPLES: &str = "\
Examples:
  busbar config show                       every setting, its value, and who set it
  busbar config init                       write a busbar.toml to start from
  busbar config check --config prod.toml   report everything that is wrong, and change nothing
  busbar config schema > busbar.schema.json
  busbar config history                    versions that servers were offered, and why some were refused
  busbar config diff 3 5                   what differs between two of them
  busbar config rollback                   go back to the one before, while the server runs
  busbar config status                     which version a running server serves, and what it refused
  busbar config reload                     have it read everything again, now
  busbar config history --url http://127.0.0.1:8080   ask a running server, not the files

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
    #[command(visible_alias = "versions")]
    History(history::Args),
    Diff(diff::Args),
    Rollback(rollback::Args),
    Status(status::Args),
    Reload(reload::Args),
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    match &args.action {
        Action::Check(_) => check::run(global),
        Action::Show(args) => show::run(args, global),
        Action::Schema(_) => schema::run(),
        Action::Init(args) => init::run(args),
        Action::History(args) => history::run(args, global),
        Action::Diff(args) => diff::run(args, global),
        Action::Rollback(args) => rollback::run(args, global),
        Action::Status(args) => status::run(args, global),
        Action::Reload(args) => reload::run(args, global),
    }
}

fn terminal() -> Terminal {
    Terminal::new(Environment::of_process().no_color())
}

fn sources(global: &Global) -> Sources {
    Sources {
        environment: Environment::of_process(),
        file: global.config.clone(),
        flags: global.flags(),
    }
}

/// The versions that are kept of the configuration that a server would read.
fn versions(global: &Global) -> Result<Versions> {
    busbar_app::versions(&sources(global)).ok_or_else(|| {
        let message =
            "the configuration is kept nowhere, so there are no versions of it; name a file with --config";
        Failure::Failed(message.to_owned())
    })
}
