//! `busbar imagine`

use std::path::PathBuf;

use busbar_app::{Easel, ImageRecipe, Stroke};
use busbar_config::Flag;
use futures_util::StreamExt as _;

use crate::{
    exit::{Failure, Result},
    options::{Global, PictureOptions},
    outputs::Outputs,
    runtime,
    setup::Setup,
    terminal::{Steps, all_of_stdin, spinner},
};

const EXAMPLES: &str = "\
Examples:
  busbar imagine \"a red apple\"                             picture.png, by the model that is built in
  busbar imagine \"a red apple\" -o apple.webp --seed 7      same seed, same picture
  busbar imagine \"a cat\" --count 4 -o cat.png              cat-1.png to cat-4.png
  busbar imagine \"in winter\" --image house.jpg --strength 0.6
  busbar models pull sd-turbo && busbar imagine -m sd-turbo \"a lighthouse at dusk\"
  busbar imagine \"a cat\" --url http://127.0.0.1:8080       let a server make it

How a picture was made is in its file. A file is there whole or not at all; Ctrl-C stops between two steps.";

/// Make pictures from words.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What the picture shows; without it, standard input is read.
    #[arg(value_name = "PROMPT")]
    prompt: Vec<String>,

    /// Write the picture here; its ending says the format: .png, .jpg or .webp. Several pictures get numbers.
    #[arg(long, short, value_name = "FILE", default_value = "picture.png")]
    output: PathBuf,

    /// Replace a file that is there already.
    #[arg(long, short)]
    force: bool,

    /// The model: a name from `busbar models list`, or a folder in diffusers' layout. Default: the first of
    /// `models.images`, else the one that is built in.
    #[arg(long, short, value_name = "NAME")]
    model: Option<String>,

    /// Let this server make it instead of this process: http://127.0.0.1:8080.
    #[arg(long, visible_alias = "server", value_name = "URL")]
    url: Option<String>,

    #[command(flatten)]
    picture: PictureOptions,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let url = args.url.as_ref().map(|url| Flag {
        name: "--url".to_owned(),
        path: "client.url".to_owned(),
        value: url.clone(),
    });
    let setup = Setup::new(global, url.into_iter().collect())?;
    let prompt = match args.prompt.is_empty() {
        true => all_of_stdin(setup.terminal, "give it as an argument, or pipe it in")?,
        false => args.prompt.join(" "),
    };
    // What cannot be written is said before minutes are spent on it.
    let outputs = Outputs::new(&args.output, args.picture.count(), args.force)?;
    let mut recipe = args.picture.recipe(prompt.trim(), outputs.format())?;
    let init = args.picture.init()?;
    runtime::run(async {
        let easel = runtime::unless_interrupted(open(&setup, args.model.as_deref())).await?;
        recipe.model.clone_from(&easel.model);
        paint(&easel, recipe, init, &outputs, &setup).await
    })
}

async fn open(setup: &Setup, model: Option<&str>) -> Result<Easel> {
    let wait = spinner("loading the model", setup.terminal, setup.quiet);
    let easel = Easel::open(setup.config(), model).await;
    wait.finish_and_clear();
    Ok(easel?)
}

async fn paint(
    easel: &Easel,
    mut recipe: ImageRecipe,
    init: Option<Vec<u8>>,
    outputs: &Outputs,
    setup: &Setup,
) -> Result {
    if recipe.model.is_empty() {
        // A server chooses; its name for the model comes back with the picture.
        "default".clone_into(&mut recipe.model);
    }
    let bar = Steps::new(setup.terminal, setup.quiet);
    let work = async {
        let mut strokes = easel.paint(recipe, init.map(Into::into)).await?;
        let mut written = Vec::new();
        while let Some(stroke) = strokes.next().await {
            match stroke? {
                Stroke::Step(done, total) => bar.at("denoising", done, total),
                Stroke::Notice(notice) => setup.terminal.note(notice)?,
                Stroke::Picture { index, file, recipe } => {
                    let path = outputs.write(index, &file)?;
                    written.push((path, recipe.seed));
                }
            }
        }
        Ok::<_, Failure>(written)
    };
    let written = runtime::unless_interrupted(work).await;
    bar.clear();
    for (path, seed) in written? {
        if setup.quiet {
            continue;
        }
        let seed = seed.map_or_else(String::new, |seed| format!("  (seed {seed})"));
        setup.terminal.line(format!("{}{seed}", path.display()))?;
    }
    Ok(())
}
