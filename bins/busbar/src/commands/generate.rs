//! `busbar generate`

use std::{path::PathBuf, time::Instant};

use busbar_app::Talk;
use busbar_core::{ChatRequest, Message, OutputFormat, Prompt};

use crate::{
    exit::{Failure, Result},
    options::{Global, SamplingOptions, Speaker},
    pull, runtime,
    setup::Setup,
    terminal::{Terminal, all_of_stdin, show, text_of},
};

const EXAMPLES: &str = "\
Examples:
  busbar generate \"Three names for a cat\"
  busbar generate --raw \"Once upon a time\"               continue a text, without a chat template
  git diff | busbar generate \"Describe this change:\" -    `-` stands for standard input
  busbar generate --json-schema person.json \"Ada, 36, London\"";

/// Write one text and end.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to answer or to continue. Several are joined by blank lines; `-`, or none, is standard input.
    #[arg(value_name = "PROMPT")]
    prompt: Vec<String>,

    /// Continue the text as it stands, without the model's chat template.
    #[arg(long)]
    raw: bool,

    /// Instructions that stand above the prompt.
    #[arg(long, short, value_name = "TEXT", conflicts_with = "raw")]
    system: Option<String>,

    /// Write a JSON object.
    #[arg(long, conflicts_with = "json_schema")]
    json: bool,

    /// Write JSON that this schema accepts.
    #[arg(long, value_name = "FILE")]
    json_schema: Option<PathBuf>,

    #[command(flatten)]
    speaker: Speaker,

    #[command(flatten)]
    sampling: SamplingOptions,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    args.sampling.sampling()?;
    let setup = Setup::new(global, args.speaker.flags())?;
    let text = prompt(&args.prompt, setup.terminal)?;
    let output = format(args, setup.terminal)?;
    runtime::run(async {
        let talk = pull::open(&setup, args.speaker.model.as_deref()).await?;
        let prompt = match args.raw || !talk.follows_chat {
            true => Prompt::Text(text),
            false => Prompt::Messages(turns(args.system.as_deref(), &text)),
        };
        let mut request = ChatRequest::new(Talk::context(), talk.name.clone(), prompt);
        args.sampling.apply(&mut request)?;
        request.output = output;
        let started = Instant::now();
        let answer = runtime::unless_interrupted(async { Ok(talk.chat(request).await?) }).await?;
        let shown = show(answer, started, setup.terminal).await?;
        if shown.stopped {
            return Err(Failure::Interrupted);
        }
        if setup.quiet {
            Ok(())
        } else {
            shown.say_figures(setup.terminal)
        }
    })
}

fn turns(system: Option<&str>, text: &str) -> Vec<Message> {
    let system = system.map(Message::system);
    system.into_iter().chain([Message::user(text)]).collect()
}

fn prompt(parts: &[String], terminal: Terminal) -> Result<String> {
    const INSTEAD: &str = "give it as an argument, or pipe it in";
    if parts.is_empty() {
        return all_of_stdin(terminal, INSTEAD);
    }
    let mut texts = Vec::new();
    for part in parts {
        texts.push(match &**part {
            "-" => all_of_stdin(terminal, INSTEAD)?,
            text => text.to_owned(),
        });
    }
    Ok(texts.join("\n\n"))
}

fn format(args: &Args, terminal: Terminal) -> Result<OutputFormat> {
    let Some(path) = &args.json_schema else {
        return Ok(if args.json {
            OutputFormat::Json
        } else {
            OutputFormat::Text
        });
    };
    let schema = serde_json::from_str(&text_of(path, terminal)?)
        .map_err(|error| Failure::Usage(format!("{} is no JSON: {error}", path.display())))?;
    Ok(OutputFormat::JsonSchema(schema))
}
