//! `busbar completions`

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{
    cli::Cli,
    exit::{Failure, Result},
};

const EXAMPLES: &str = "\
Examples:
  busbar completions bash > ~/.local/share/bash-completion/completions/busbar
  busbar completions zsh > \"${fpath[1]}/_busbar\"
  busbar completions fish > ~/.config/fish/completions/busbar.fish";

/// Print a script that completes commands and options in your shell.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result {
    // Into memory first: the generator panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "busbar", &mut script);
    io::stdout().write_all(&script).map_err(Failure::Output)
}
