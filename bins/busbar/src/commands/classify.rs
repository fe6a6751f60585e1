//! `busbar classify`

use std::{
    fs,
    io::{self, Read as _},
    num::NonZeroUsize,
};

use busbar_app::{Look, Sent};
use busbar_config::Flag;
use busbar_core::Classification;

use crate::{
    exit::{Failure, Result},
    options::{Global, flag},
    pull, runtime,
    setup::Setup,
    terminal::{self, Terminal},
};

const EXAMPLES: &str = "\
Examples:
  busbar classify photo.jpg
  busbar classify *.jpg --top-k 1               a line or a few for each
  busbar classify https://example.com/cat.jpg
  curl -s https://example.com/cat.jpg | busbar classify -
  busbar classify photo.jpg --json | jq -r '.predictions[0].label'
  busbar classify photo.jpg -m ./mine.onnx      with ./mine.toml beside it, which describes its input
  busbar classify photo.jpg -m candidate        the model that may be promoted next

JPEG, PNG, WebP, GIF and BMP. Where output is piped, each label is a line: file, label, score, with tabs
between. Scores of all labels together make 1. No server is needed; with --url one is asked instead.";

/// A larger file is no picture that anyone would look at.
const LARGEST: u64 = 32 << 20;

/// Say what is on pictures.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, addresses (https://…), or `-` for standard input.
    #[arg(value_name = "PICTURE", required = true)]
    pictures: Vec<String>,

    /// The model: a name of kind `vision` from `busbar models list`, an ONNX file, or candidate, production,
    /// previous. Default: the one in production, else the default one.
    #[arg(long, short, value_name = "NAME")]
    model: Option<String>,

    /// So many labels for each picture.
    #[arg(long, short = 'k', value_name = "N", default_value = "5")]
    top_k: NonZeroUsize,

    /// Only labels with at least this score. 0 to 1.
    #[arg(long, short, value_name = "SCORE", default_value = "0", value_parser = share)]
    threshold: f32,

    /// As JSON, a line for each picture.
    #[arg(long)]
    json: bool,

    /// Ask this server instead of running the model here: http://127.0.0.1:8080.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let flags: Vec<Flag> = flag("--url", "client.url", args.url.as_ref())
        .into_iter()
        .collect();
    let setup = Setup::new(global, flags)?;
    let twice = args.pictures.iter().filter(|name| *name == "-").count() > 1;
    if twice {
        return Err(Failure::Usage(
            "standard input can be one picture only".to_owned(),
        ));
    }
    runtime::run(async {
        let look = pull::or_pull(&setup, async || {
            Ok(Look::open(setup.config(), args.model.as_deref()).await?)
        });
        let look = look.await?;
        let mut failed = false;
        for name in &args.pictures {
            let seen = runtime::unless_interrupted(seen(&look, name, args, setup.terminal)).await;
            match seen {
                Ok(seen) => show(name, &seen, args, &setup)?,
                Err(failure) if args.pictures.len() > 1 && failure.is_about_one() => {
                    // The others may be fine.
                    failed = true;
                    setup.terminal.error(format!("{name}: {failure}"))?;
                }
                Err(failure) => return Err(failure),
            }
        }
        if failed { Err(Failure::Said) } else { Ok(()) }
    })
}

async fn seen(look: &Look, name: &str, args: &Args, terminal: Terminal) -> Result<Classification> {
    let picture = picture(name, terminal)?;
    let asked = look.at(picture, |request| {
        request.top_k = args.top_k;
        request.threshold = args.threshold;
    });
    Ok(asked.await?)
}

fn picture(name: &str, terminal: Terminal) -> Result<Sent> {
    if name.starts_with("https://") || name.starts_with("http://") {
        return Ok(Sent::Url(name.to_owned()));
    }
    let broken = |error: io::Error| Failure::Failed(format!("{name} cannot be read: {error}"));
    let mut file: Box<dyn io::Read> = match name {
        "-" if terminal.in_is_terminal() => {
            let message = "`-` is standard input, and nothing is piped into it";
            return Err(Failure::Usage(message.to_owned()));
        }
        "-" => Box::new(io::stdin().lock()),
        path => Box::new(fs::File::open(path).map_err(broken)?),
    };
    let mut bytes = Vec::new();
    let read = file
        .by_ref()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(broken)?;
    match read as u64 > LARGEST {
        false => Ok(Sent::File(bytes.into())),
        true => Err(Failure::Failed(format!("{name} has more than {LARGEST} bytes"))),
    }
}

fn show(name: &str, seen: &Classification, args: &Args, setup: &Setup) -> Result {
    let terminal = setup.terminal;
    if args.json {
        return terminal.line(as_json(name, seen));
    }
    let Some(sight) = seen.sights.first() else {
        return Ok(());
    };
    if !terminal.out_is_terminal() {
        let mut lines = sight.predictions.iter();
        return lines
            .try_for_each(|seen| terminal.line(format!("{name}\t{}\t{:.4}", seen.label, seen.score)));
    }
    let colour = terminal.out_colour();
    let version = seen
        .version
        .as_deref()
        .map_or_else(String::new, |version| format!(" {version}"));
    let millis =
        (seen.timings.decode + seen.timings.preprocess + seen.timings.inference).as_secs_f64() * 1000.0;
    let by = format!(
        "{} by {}, {}{version}, {millis:.0} ms",
        sight.width, sight.height, seen.model
    );
    terminal.line(format!("{name}  {}", terminal::dim(by, colour)))?;
    if sight.predictions.is_empty() {
        let nothing = format!("  nothing with a score of {} or more", args.threshold);
        return terminal.line(terminal::dim(nothing, colour));
    }
    let rows = sight.predictions.iter().map(|seen| (&*seen.label, seen.score));
    let lines = terminal::shares(&rows.collect::<Vec<_>>(), colour);
    lines.iter().try_for_each(|line| terminal.line(line))
}

fn as_json(name: &str, seen: &Classification) -> serde_json::Value {
    let sight = seen.sights.first();
    let predictions = sight
        .map(|sight| sight.predictions.as_slice())
        .unwrap_or_default();
    let predictions = predictions
        .iter()
        .map(|seen| serde_json::json!({"label": seen.label, "score": seen.score, "index": seen.index}));
    let millis = |span: std::time::Duration| (span.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    serde_json::json!({
        "file": name,
        "model": seen.model.as_str(),
        "version": seen.version,
        "width": sight.map(|sight| sight.width),
        "height": sight.map(|sight| sight.height),
        "predictions": predictions.collect::<Vec<_>>(),
        "timings_ms": {
            "decode": millis(seen.timings.decode),
            "preprocess": millis(seen.timings.preprocess),
            "inference": millis(seen.timings.inference),
        },
    })
}

fn share(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    number.ok_or_else(|| "must be from 0 to 1".to_owned())
}
