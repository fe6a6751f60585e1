//! `busbar config reload`

use super::{server::At, status};
use crate::{
    exit::{Failure, Result},
    options::Global,
};

/// Have a running server read everything again; ends with 1 if what it found was refused.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    at: At,

    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let status = args.at.any(global)?.reload_configuration()?;
    status::tell(&status, args.json)?;
    match status.refused {
        Some(_) => Err(Failure::Said),
        None => Ok(()),
    }
}
