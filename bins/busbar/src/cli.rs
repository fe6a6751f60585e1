//! What can be typed: all commands, and what holds for every one of them.

use clap::{Parser, Subcommand, builder::styling};

use crate::{commands, options::Global};

/// One program that serves generative AI: chat, generation and summaries on this machine, behind the
/// APIs that your code already speaks.
#[derive(Debug, Parser)]
#[command(
    name = "busbar",
    version = busbar_app::about::VERSION,
    propagate_version = false,
    styles = styles(),
    max_term_width = 100,
    after_help = AFTER_HELP,
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Every command; each has a file of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Box<commands::serve::Args>),
    Worker(commands::worker::Args),
    Chat(Box<commands::chat::Args>),
    Generate(Box<commands::generate::Args>),
    Summarize(Box<commands::summarize::Args>),
    Embed(Box<commands::embed::Args>),
    Classify(Box<commands::classify::Args>),
    Imagine(Box<commands::imagine::Args>),
    Jobs(commands::jobs::Args),
    Models(commands::models::Args),
    Routes(commands::routes::Args),
    Explain(commands::explain::Args),
    Config(commands::config::Args),
    Doctor(commands::doctor::Args),
    Version(commands::version::Args),
    Completions(commands::completions::Args),
    Man(commands::man::Args),
}

const AFTER_HELP: &str = "\
First steps:
  busbar models pull               fetch the default model (98 MB)
  busbar chat                      talk to it
  busbar serve                     serve it, with a web page, on http://127.0.0.1:8080
  cat report.txt | busbar summarize
  busbar imagine \"a red apple\"      make a picture

Exit codes: 0 done, 1 failed, 2 wrong command line or configuration, 130 interrupted.
`busbar help COMMAND` says more, with examples.";

fn styles() -> styling::Styles {
    styling::Styles::styled()
        .header(styling::AnsiColor::Yellow.on_default().bold())
        .usage(styling::AnsiColor::Yellow.on_default().bold())
        .literal(styling::AnsiColor::Green.on_default())
        .placeholder(styling::AnsiColor::Cyan.on_default())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_free_of_contradictions() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_argument_says_what_it_does() {
        fn check(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} of {} has no help",
                    argument.get_id(),
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn every_working_command_shows_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(
                help.contains("busbar "),
                "{} shows no example",
                command.get_name()
            );
        }
    }
}
