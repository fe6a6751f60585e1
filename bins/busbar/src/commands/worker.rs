//! `busbar worker`

use busbar_app::Ended;
use busbar_config::{Environment, Flag, Sources};

use super::serve;
use crate::{exit::Result, options::Global, runtime, terminal::Terminal};

const EXAMPLES: &str = "\
Examples:
  busbar serve --role api &                      answers, and only queues the jobs
  busbar worker --kind image                     makes the pictures; start as many as there are machines' cores for
  busbar worker --image-model sd-turbo --workers 2

All processes of one data directory (BUSBAR_HOME, --home) share its jobs, and so do those on several machines
whose `[storage]` names the same table, queues and bucket: each job is worked on by one of them, and what a killed
one leaves is taken up by another within `jobs.lease`. Workers and servers must list the same models. SIGTERM or
Ctrl-C finishes what runs, within `server.drain_timeout`, or gives it back.";

/// Work on jobs without serving: pictures that servers on the same data directory have accepted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which jobs.
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Image)]
    kind: Kind,

    /// Make pictures with this model: a name from `busbar models list`, a folder, or NAME=FOLDER. May be
    /// given several times. Default: the small one that is built in.
    #[arg(long, value_name = "MODEL")]
    image_model: Vec<String>,

    /// Jobs that are worked on at once.
    #[arg(long, value_name = "N")]
    workers: Option<u32>,

    /// How log lines look: `pretty` or `json`.
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// A kind of job.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    /// Pictures.
    Image,
}

impl Args {
    fn flags(&self) -> Vec<Flag> {
        let models = (!self.image_model.is_empty()).then(|| self.image_model.join(","));
        let named = [
            ("--image-model", "models.images", models),
            ("--workers", "jobs.workers", self.workers.map(|n| n.to_string())),
            ("--log-format", "log.format", self.log_format.clone()),
        ];
        let flag = |(name, path, value): (&str, &str, Option<String>)| {
            Some(Flag {
                name: name.to_owned(),
                path: path.to_owned(),
                value: value?,
            })
        };
        named.into_iter().filter_map(flag).collect()
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let Kind::Image = args.kind;
    serve::ended(runtime::run(work(args, global))?)
}

async fn work(args: &Args, global: &Global) -> Result<Ended> {
    let environment = Environment::of_process();
    let terminal = Terminal::new(environment.no_color());
    let sources = Sources {
        environment,
        file: global.config.clone(),
        flags: global.flags().into_iter().chain(args.flags()).collect(),
    };
    // Whoever keeps the configuration elsewhere is asked, as by a server.
    let loaded = busbar_app::current(&sources).await?;
    busbar_app::init_logs(&loaded.config, terminal.err_colour())?;
    for warning in &loaded.warnings {
        terminal.note(warning)?;
    }
    Ok(busbar_app::work(loaded.config).await?)
}
