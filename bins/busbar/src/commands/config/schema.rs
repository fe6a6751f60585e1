//! `busbar config schema`

use std::io::{self, Write as _};

use crate::exit::{Failure, Result};

/// Print the JSON Schema of the file, for editors.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run() -> Result {
    writeln!(io::stdout(), "{:#}", busbar_config::schema()).map_err(Failure::Output)
}
