//! The two ends of bench/gateway.py: a host that answers at once, and a client that asks and measures.

mod ask;
mod figures;
mod host;

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

/// What goes wrong here ends the program, in words.
type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// The two ends of a benchmark of gateways. bench/gateway.py runs both.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play a model that answers in OpenAI's format, as soon as it is asked.
    Host {
        /// The port on the loopback address.
        port: u16,
    },
    /// Ask, and write what was measured as one line of JSON.
    Ask(ask::Plan),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Host { port } => host::serve(port).await,
        Command::Ask(plan) => ask::run(plan).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            figures::complain(&*error);
            ExitCode::FAILURE
        }
    }
}
