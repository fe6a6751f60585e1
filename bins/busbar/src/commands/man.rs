//! `busbar man`

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::{
    cli::Cli,
    exit::{Failure, Result},
};

const EXAMPLES: &str = "\
Examples:
  busbar man | man -l -
  busbar man --out ~/.local/share/man/man1      a page for each command";

/// Print the manual page.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write a page for each command into this directory instead.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result {
    let Some(directory) = &args.out else {
        let mut page = Vec::new();
        Man::new(Cli::command())
            .render(&mut page)
            .map_err(Failure::Output)?;
        return io::stdout().write_all(&page).map_err(Failure::Output);
    };
    let written =
        fs::create_dir_all(directory).and_then(|()| clap_mangen::generate_to(Cli::command(), directory));
    written.map_err(|error| Failure::Failed(format!("{}: {error}", directory.display())))
}
