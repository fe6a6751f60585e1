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

/// Memory is freed by another thread than the one that asked for it, whenever a connection moves: the system's
/// allocator makes the two wait for each other then.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
