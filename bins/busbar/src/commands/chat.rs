//! `busbar chat`

use crate::{
    exit::Result,
    options::{Global, SamplingOptions, Speaker},
    pull, repl,
    repl::Conversation,
    runtime,
    setup::Setup,
    terminal::all_of_stdin,
};

const EXAMPLES: &str = "\
Examples:
  busbar chat
  busbar chat --system \"Answer in one sentence.\" --temperature 0
  echo \"What is a busbar?\" | busbar chat
  busbar chat --url http://127.0.0.1:8080        with a server that runs

In the chat, /help lists commands. Ctrl-C stops an answer, Ctrl-D ends the chat.";

/// Talk with a model in the terminal.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Instructions that stand above the conversation.
    #[arg(long, short, value_name = "TEXT")]
    system: Option<String>,

    #[command(flatten)]
    speaker: Speaker,

    #[command(flatten)]
    sampling: SamplingOptions,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    // A wrong parameter is said before a model is loaded.
    args.sampling.sampling()?;
    let setup = Setup::new(global, args.speaker.flags())?;
    let conversation = Conversation::new(args.system.clone(), args.sampling.clone());
    let piped = match setup.terminal.is_interactive() {
        true => None,
        false => Some(all_of_stdin(
            setup.terminal,
            "type in a terminal, or pipe some in",
        )?),
    };
    let opened = async {
        let talk = pull::open(&setup, args.speaker.model.as_deref()).await?;
        match piped {
            Some(text) => repl::once(&talk, conversation, &text, &setup).await,
            None => repl::run(talk, conversation, &setup).await,
        }
    };
    runtime::run(opened)
}
