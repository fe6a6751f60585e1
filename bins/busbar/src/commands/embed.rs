//! `busbar embed`

use busbar_app::Talk;
use busbar_core::EmbedRequest;

use crate::{
    exit::{Failure, Result},
    options::{Global, Speaker},
    pull, runtime,
    setup::Setup,
    terminal::all_of_stdin,
};

const EXAMPLES: &str = "\
Examples:
  busbar embed \"a busbar joins generators and feeders\"
  busbar embed < sentences.txt > vectors.jsonl      a vector for each line
  busbar embed --similarity \"a cat\" \"a kitten\" \"a bridge\"";

/// Make vectors of texts: a line of JSON for each, of length 1.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The texts; without any, each line of standard input is one.
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,

    /// Say how alike the texts are to the first one instead (cosine, -1 to 1).
    #[arg(long)]
    similarity: bool,

    #[command(flatten)]
    speaker: Speaker,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let setup = Setup::new(global, args.speaker.flags())?;
    let inputs = inputs(args, &setup)?;
    runtime::run(async {
        let talk = pull::open(&setup, args.speaker.model.as_deref()).await?;
        let request = EmbedRequest::new(Talk::context(), talk.name.clone(), inputs.clone());
        let made = runtime::unless_interrupted(async { Ok(talk.embed(request).await?) }).await?;
        let lines = if args.similarity {
            alike(&inputs, &made.vectors)
        } else {
            made.vectors
                .iter()
                .map(|vector| serde_json::json!(vector).to_string())
                .collect()
        };
        lines.iter().try_for_each(|line| setup.terminal.line(line))
    })
}

fn inputs(args: &Args, setup: &Setup) -> Result<Vec<String>> {
    if !args.texts.is_empty() {
        return Ok(args.texts.clone());
    }
    let text = all_of_stdin(
        setup.terminal,
        "give some as arguments, or pipe in a line for each",
    )?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    if lines.is_empty() {
        Err(Failure::Usage("there is no text".to_owned()))
    } else {
        Ok(lines)
    }
}

/// The vectors have length 1, so their cosine is their product.
fn alike(inputs: &[String], vectors: &[Vec<f32>]) -> Vec<String> {
    let Some(first) = vectors.first() else {
        return Vec::new();
    };
    let cosine = |vector: &Vec<f32>| first.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>();
    let lines = inputs.iter().zip(vectors).skip(1);
    lines
        .map(|(input, vector)| format!("{:+.3}  {input}", cosine(vector)))
        .collect()
}
