//! `busbar models pull`

use busbar_app::Shelf;
use busbar_catalog::Kind;

use crate::{
    exit::{Failure, Result},
    pull, runtime,
    setup::Setup,
};

const HELP: &str = "\
Examples:
  busbar models pull                                     the default models
  busbar models pull qwen2.5-0.5b-instruct               one of `busbar models list`
  busbar models pull hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:q8_0
                                                         any GGUF file of the hub: of several the one
                                                         with this in its name, else Q4_K_M
  busbar models pull hf:OWNER/REPO/FILE.gguf --name mine exactly this file, under a name of your own
  busbar models pull https://example.com/FILE.gguf       from anywhere else

What was pulled by its place is listed and served by its name from then on. Where a hub asks for a token,
set HF_TOKEN; another hub is set with hub.endpoint.";

/// Fetch models. A pull that was stopped goes on where it was.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Args {
    /// Names from `busbar models list`, or places such as hf:OWNER/REPO:Q4_K_M; without any, the default
    /// models of text and of pictures.
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// What a model that is pulled by its place is to be called. Default: as its file.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: &Args, shelf: &Shelf, setup: &Setup) -> Result {
    if args.name.is_some() && args.names.len() != 1 {
        return Err(Failure::Usage(
            "--name is for one model that is pulled by its place: hf:OWNER/REPO/FILE.gguf".to_owned(),
        ));
    }
    runtime::run(async {
        // All of them are looked up before the first is fetched.
        let mut wanted = Vec::new();
        for name in &args.names {
            wanted.push(pull::find(name, args.name.as_deref(), shelf, setup).await?);
        }
        if wanted.is_empty() {
            wanted.push(super::default(shelf)?.clone());
            wanted.extend(shelf.catalog.default_of(Kind::Vision).cloned());
        }
        for entry in &wanted {
            pull::pull(entry, shelf, setup).await?;
        }
        Ok(())
    })
}
