//! `busbar explain`

use std::path::PathBuf;

use busbar_app::{ExplanationObject, Outlook, Shelf};

use crate::{
    exit::{Failure, Result},
    options::Global,
    setup::Setup,
};

const EXAMPLES: &str = "\
Examples:
  busbar explain --route assistant
  busbar explain --route assistant --request req.json --fail my-host/us-east-1
  busbar explain --route assistant --header x-busbar-key=user-7";

/// Say where a request would go, and why nowhere else. No model is called.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The route.
    #[arg(long, value_name = "NAME")]
    route: String,

    /// The request: a file with a chat-completions body. Without one, a short question.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,

    /// Take these for broken: a provider, a provider and region (bedrock/us-east-1), or a model.
    #[arg(long, value_name = "TARGET")]
    fail: Vec<String>,

    /// Headers that the request would have.
    #[arg(long, value_name = "NAME=VALUE", value_parser = header)]
    header: Vec<(String, String)>,

    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let setup = Setup::new(global, Vec::new())?;
    let body = args.request.as_ref().map(|path| {
        std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
    });
    let body = body.transpose()?;
    let outlook = Outlook::new(setup.config(), &Shelf::open(setup.config())?)?;
    let explained = outlook.explain(&args.route, body.as_deref(), &args.fail, &args.header)?;
    if args.json {
        return setup.terminal.line(String::from_utf8_lossy(&explained.encode()));
    }
    lines(&explained)
        .into_iter()
        .try_for_each(|line| setup.terminal.line(line))
}

fn lines(explained: &ExplanationObject) -> Vec<String> {
    let mut lines = vec![format!(
        "A prompt of about {} tokens for `{}`:",
        explained.prompt_tokens, explained.route
    )];
    for (place, tried) in explained.order.iter().enumerate() {
        let label = tried
            .step
            .as_deref()
            .map_or_else(String::new, |step| format!(" [{step}]"));
        lines.push(format!(
            "  {}. {}{label}: {}",
            place + 1,
            tried.target,
            tried.because
        ));
    }
    for (place, step) in explained.last_resorts.iter().enumerate() {
        let what = match step.as_str() {
            "cached" => "an answer that was given before",
            _ => "the text of the configuration",
        };
        lines.push(format!(
            "  {}. {what} [{step}]",
            explained.order.len() + place + 1
        ));
    }
    if explained.order.is_empty() && explained.last_resorts.is_empty() {
        lines.push("  nobody would be asked, and the request refused".to_owned());
    }
    if !explained.excluded.is_empty() {
        lines.push("Not asked:".to_owned());
    }
    for without in &explained.excluded {
        lines.push(format!(
            "  {}: {} ({})",
            without.target, without.because, without.reason
        ));
    }
    lines
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write NAME=VALUE, such as x-busbar-key=user-7")?;
    Ok((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}
