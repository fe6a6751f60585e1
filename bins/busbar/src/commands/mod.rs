//! The commands, one file each.

pub(crate) mod chat;
pub(crate) mod classify;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod embed;
pub(crate) mod explain;
pub(crate) mod generate;
pub(crate) mod imagine;
pub(crate) mod jobs;
pub(crate) mod man;
pub(crate) mod models;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod summarize;
pub(crate) mod version;
pub(crate) mod worker;

use crate::{
    cli::{Cli, Command},
    exit::Result,
};

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> Result {
    let global = &cli.global;
    match cli.command {
        Command::Serve(args) => serve::run(&args, global),
        Command::Imagine(args) => imagine::run(&args, global),
        Command::Jobs(args) => jobs::run(&args, global),
        Command::Worker(args) => worker::run(&args, global),
        Command::Chat(args) => chat::run(&args, global),
        Command::Generate(args) => generate::run(&args, global),
        Command::Summarize(args) => summarize::run(&args, global),
        Command::Classify(args) => classify::run(&args, global),
        Command::Embed(args) => embed::run(&args, global),
        Command::Models(args) => models::run(&args, global),
        Command::Routes(args) => routes::run(&args, global),
        Command::Explain(args) => explain::run(&args, global),
        Command::Config(args) => config::run(&args, global),
        Command::Doctor(args) => doctor::run(&args, global),
        Command::Version(_) => version::run(),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
