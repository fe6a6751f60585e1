//! `busbar config rollback`

use std::{
    thread,
    time::{Duration, Instant},
};

use busbar_config::Versions;

use super::{server::At, sources, status, terminal, versions};
use crate::{
    exit::{Failure, Result},
    options::Global,
};

/// A server that has a large model to load takes a while.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(100);

/// Go back to an earlier version of the configuration, until its source says something new.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    at: At,

    /// Which one; without it, the one before the one that serves.
    #[arg(value_name = "VERSION")]
    version: Option<u64>,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    if let Some(server) = args.at.named(global)? {
        return status::tell(&server.roll_configuration_back(args.version)?, false);
    }
    let (versions, terminal) = (versions(global)?, terminal());
    let version = busbar_app::roll_back(&sources(global), args.version)?;
    let number = version.number;
    match versions.are_attended() {
        Some(true) => {}
        Some(false) => {
            return terminal.line(format!(
                "noted: the next server to start serves version {number}, unless the source says something new"
            ));
        }
        None => {
            return terminal.line(format!(
                "noted: servers that share these versions serve version {number} as soon as they look, unless \
                 the source says something new"
            ));
        }
    }
    wait(&versions, number)?;
    terminal.line(format!(
        "version {number} serves, until the source says something new"
    ))
}

/// Until the server serves it, or has refused to.
fn wait(versions: &Versions, number: u64) -> Result {
    let until = Instant::now() + PATIENCE;
    loop {
        let state = versions.state();
        if state.serving == Some(number) {
            return Ok(());
        }
        if state.chosen.is_none_or(|chosen| chosen.number != number) {
            let message = format!("the server could not go back to version {number}; its log says why");
            return Err(Failure::Failed(message));
        }
        if Instant::now() > until {
            let message = format!("the server has not taken version {number} up yet; its log says why");
            return Err(Failure::Failed(message));
        }
        thread::sleep(GLANCE);
    }
}
