//! `busbar summarize`

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use busbar_app::{Length, Style, SummaryEvent, SummaryRequest, Talk};
use busbar_core::Tokens;
use clap::{ValueEnum, builder::PossibleValue};
use futures_util::StreamExt as _;

use crate::{
    exit::{Failure, Result},
    options::{Global, SamplingOptions, Speaker},
    pull, runtime,
    setup::Setup,
    terminal::{Steps, all_of_stdin, text_of},
};

const EXAMPLES: &str = "\
Examples:
  cat report.txt | busbar summarize
  busbar summarize report.txt --style bullets --length short
  busbar summarize chapter1.txt chapter2.txt > summary.txt

A text longer than the model's context window is summarised in parts, then the parts' summaries;
how far that is, is shown on standard error.";

/// Summarise a text of any length.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The texts, as one; `-`, or none, is standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Running text, a list, or one line.
    #[arg(long, value_name = "STYLE", default_value = "paragraph")]
    style: StyleName,

    /// The gist, the main points, or what supports them too.
    #[arg(long, value_name = "LENGTH", default_value = "medium")]
    length: LengthName,

    #[command(flatten)]
    speaker: Speaker,

    #[command(flatten)]
    sampling: SamplingOptions,
}

#[derive(Clone, Debug)]
struct StyleName(Style);

impl ValueEnum for StyleName {
    fn value_variants<'a>() -> &'a [Self] {
        const { &[Self(Style::ALL[0]), Self(Style::ALL[1]), Self(Style::ALL[2])] }
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

#[derive(Clone, Debug)]
struct LengthName(Length);

impl ValueEnum for LengthName {
    fn value_variants<'a>() -> &'a [Self] {
        const { &[Self(Length::ALL[0]), Self(Length::ALL[1]), Self(Length::ALL[2])] }
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let sampling = args.sampling.sampling()?;
    let setup = Setup::new(global, args.speaker.flags())?;
    let text = text(args, &setup)?;
    runtime::run(async {
        let talk = pull::open(&setup, args.speaker.model.as_deref()).await?;
        let request = SummaryRequest {
            style: args.style.0,
            length: args.length.0,
            sampling,
            max_tokens: args.sampling.max_tokens.map(Tokens),
            ..SummaryRequest::new(Talk::context(), talk.name.clone(), text)
        };
        runtime::unless_interrupted(summarize(&talk, request, &setup)).await
    })
}

async fn summarize(talk: &Talk, request: SummaryRequest, setup: &Setup) -> Result {
    let steps = Steps::new(setup.terminal, setup.quiet);
    let mut events = talk.summarize(request).await?;
    let mut last = String::new();
    while let Some(event) = events.next().await {
        match event? {
            SummaryEvent::Progress(progress) => {
                let what = if progress.stage == "map" {
                    "summarising parts"
                } else {
                    "combining"
                };
                steps.at(what, progress.done, progress.total);
            }
            SummaryEvent::Delta(delta) => {
                steps.clear();
                write(&delta.text)?;
                last = delta.text;
            }
            SummaryEvent::Done(done) => {
                if !last.ends_with('\n') {
                    write("\n")?;
                }
                if !setup.quiet && setup.terminal.err_is_terminal() && done.parts > 1 {
                    setup.terminal.note(format!(
                        "{} parts, {} tokens read",
                        done.parts,
                        done.usage.prompt()
                    ))?;
                }
                return Ok(());
            }
        }
    }
    Err(Failure::Failed("the summary broke off before its end".to_owned()))
}

fn text(args: &Args, setup: &Setup) -> Result<String> {
    if args.files.is_empty() {
        return all_of_stdin(
            setup.terminal,
            "name a file, or pipe some in: cat report.txt | busbar summarize",
        );
    }
    let texts: Result<Vec<String>> = args
        .files
        .iter()
        .map(|file| text_of(file, setup.terminal))
        .collect();
    Ok(texts?.join("\n\n"))
}

fn write(text: &str) -> Result {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(Failure::Output)
}
