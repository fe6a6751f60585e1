//! `busbar serve`

use busbar_app::Ended;
use busbar_config::{Environment, Flag, Sources};

use crate::{
    exit::{Failure, Result},
    options::{Engine, Global, Part},
    runtime,
    terminal::Terminal,
};

const EXAMPLES: &str = "\
Examples:
  busbar serve                                   the default model on http://127.0.0.1:8080
  busbar serve --listen 0.0.0.0:80               on every address of this machine
  busbar serve -m smollm2 -m mine=./mine.gguf    two models; clients choose by name
  BUSBAR_LISTEN=:9000 busbar serve               the same by the environment
  busbar serve --role api & busbar worker        one process answers, another makes the pictures
  busbar serve --container                       as a hosting service starts it

A configuration file that changes is taken up at once; one that is wrong is refused, and the last good one
serves on (`busbar config history`). SIGHUP reads everything again.

/healthz answers at once, /readyz once the models are loaded. SIGTERM or Ctrl-C finishes what runs,
within `server.drain_timeout`; a second one ends at once.";

/// Serve models over HTTP, server-sent events and WebSocket, with a web page to try them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Listen here; a port alone means this machine only. Default: 127.0.0.1:8080.
    #[arg(long, short, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Serve this model: a name from `busbar models list`, FILE.gguf, or NAME=FILE.gguf. May be given
    /// several times; the first is the default.
    #[arg(long, short, value_name = "MODEL")]
    model: Vec<String>,

    /// Requests that are worked on at once, for each model.
    #[arg(long, value_name = "N")]
    sequences: Option<u32>,

    /// Requests that may wait before more are refused, for each model.
    #[arg(long, value_name = "N")]
    queue: Option<u32>,

    /// What this process does: `all`; `api`, which answers and leaves jobs to `busbar worker` processes on
    /// the same data directory; or the name of a service whose containers it is to be one of. Default: what
    /// `BUSBAR_ROLE` says, or `all`.
    #[arg(long, value_name = "ROLE", value_enum)]
    role: Option<Part>,

    /// Make pictures with this model: a name from `busbar models list`, a folder, or NAME=FOLDER. May be
    /// given several times. Default: the small one that is built in.
    #[arg(long, value_name = "MODEL")]
    image_model: Vec<String>,

    /// Serve as hosting services want it of their containers: port 8080 of every address, the models of
    /// /opt/ml/model, the log as JSON. What other flags say counts more.
    #[arg(long)]
    container: bool,

    /// How log lines look: `pretty` or `json`.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,

    #[command(flatten)]
    engine: Engine,
}

impl Args {
    fn flags(&self) -> Vec<Flag> {
        let models = (!self.model.is_empty()).then(|| self.model.join(","));
        let named = [
            ("--listen", "server.listen", self.listen.clone()),
            ("--model", "models.text", models),
            (
                "--sequences",
                "text.sequences",
                self.sequences.map(|n| n.to_string()),
            ),
            (
                "--image-model",
                "models.images",
                (!self.image_model.is_empty()).then(|| self.image_model.join(",")),
            ),
            ("--queue", "text.queue", self.queue.map(|n| n.to_string())),
            ("--log-format", "log.format", self.log_format.clone()),
        ];
        let named = named.into_iter().filter_map(|(name, path, value)| {
            Some(Flag {
                name: name.to_owned(),
                path: path.to_owned(),
                value: value?,
            })
        });
        named.chain(self.engine.flags()).collect()
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    ended(runtime::run(serve(args, global))?)
}

/// What a process that served or worked ends with.
pub(super) fn ended(how: Ended) -> Result {
    match how {
        Ended::Finished => Ok(()),
        Ended::CutOff(running) => Err(Failure::Failed(format!(
            "{running} answers were cut off: they were still running after server.drain_timeout"
        ))),
        Ended::AtOnce => Err(Failure::Interrupted),
    }
}

async fn serve(args: &Args, global: &Global) -> Result<Ended> {
    let environment = Environment::of_process();
    let terminal = Terminal::new(environment.no_color());
    let started = Part::of(args.role, &environment)?.started(args.container, &environment)?;
    // Later ones count.
    let flags = started
        .flags
        .into_iter()
        .chain(global.flags())
        .chain(args.flags());
    let sources = Sources {
        environment,
        file: global.config.clone(),
        flags: flags.collect(),
    };
    let configured = busbar_app::configure(sources, started.role).await?;
    let loaded = &configured.loaded;
    busbar_app::init_logs(&loaded.config, terminal.err_colour())?;
    for warning in &loaded.warnings {
        terminal.note(warning)?;
    }
    Ok(Box::pin(busbar_app::serve(configured)).await?)
}
