//! `busbar version`

use std::io::{self, Write as _};

use busbar_app::about;

use crate::exit::{Failure, Result};

const EXAMPLES: &str = "\
Example:
  busbar version";

/// Say which build this is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

pub(crate) fn run() -> Result {
    let features = about::features();
    let features = if features.is_empty() {
        "no engines".to_owned()
    } else {
        features.join(", ")
    };
    writeln!(
        io::stdout(),
        "busbar {} ({}; {features})",
        about::VERSION,
        about::platform()
    )
    .map_err(Failure::Output)
}
