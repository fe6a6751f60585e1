//! The command line: reads it, runs the command, and ends with its exit code.

mod cli;
mod commands;
mod exit;
mod options;
mod outputs;
mod pull;
mod repl;
mod runtime;
mod setup;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use cli::Cli;
use exit::Failure;

fn main() -> ExitCode {
    // Before anything else: what follows is compiled for a processor that this may not be.
    if let Err(missing) = busbar_app::cpu::check() {
        return exit::report(&Failure::Processor(missing));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => exit::report(&failure),
    }
}
