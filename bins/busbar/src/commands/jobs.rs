//! `busbar jobs`: what was asked of this data directory or of a server, and how it stands.

use busbar_app::{JobSight, Ledger};
use busbar_config::Flag;

use crate::{
    exit::Result,
    options::Global,
    runtime,
    setup::Setup,
    terminal::{Table, dim},
};

const EXAMPLES: &str = "\
Examples:
  busbar jobs list                               the newest jobs of the data directory
  busbar jobs list --state running
  busbar jobs show 019b0000-0000-7000-8000-000000000001
  busbar jobs cancel 019b0000-0000-7000-8000-000000000001
  busbar jobs --url http://127.0.0.1:8080 list   those of a server

Without --url the jobs are read from the data directory itself ($BUSBAR_HOME), whether or not a server runs.";

/// Look at jobs, and stop them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,

    /// Ask this server instead of the data directory: http://127.0.0.1:8080.
    #[arg(long, visible_alias = "server", global = true, value_name = "URL")]
    url: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the newest jobs.
    List {
        /// Only those in this state: queued, running, succeeded, failed, cancelled or expired.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// How many at most, 1 to 100.
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        limit: usize,
        /// As JSON, a line for each.
        #[arg(long)]
        json: bool,
    },
    /// Show one job with everything that was asked and what came of it, as JSON.
    Show {
        /// The job.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Stop jobs: waiting ones at once, running ones before their next step.
    Cancel {
        /// The jobs.
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let url = args.url.as_ref().map(|url| Flag {
        name: "--url".to_owned(),
        path: "client.url".to_owned(),
        value: url.clone(),
    });
    let setup = Setup::new(global, url.into_iter().collect())?;
    runtime::run(runtime::unless_interrupted(async {
        let ledger = Ledger::open(setup.config()).await?;
        match &args.action {
            Action::List { state, limit, json } => {
                let jobs = ledger.list(state.as_deref(), *limit).await?;
                list(&jobs, *json, &setup)
            }
            Action::Show { id } => {
                let job = ledger.show(id).await?.json();
                setup.terminal.line(format!("{job:#}"))
            }
            Action::Cancel { ids } => {
                for id in ids {
                    let job = ledger.cancel(id).await?;
                    let state = match &*job.state {
                        "running" => "stops before its next step",
                        state => state,
                    };
                    setup.terminal.line(format!("{}  {state}", job.id))?;
                }
                Ok(())
            }
        }
    }))
}

fn list(jobs: &[JobSight], json: bool, setup: &Setup) -> Result {
    if json {
        return jobs.iter().try_for_each(|job| setup.terminal.line(job.json()));
    }
    if jobs.is_empty() && !setup.quiet {
        return setup.terminal.line(dim("no jobs", setup.terminal.out_colour()));
    }
    let mut table = Table::default();
    table.row(["ID", "STATE", "CREATED", "STEPS", "MODEL", "WHAT"]);
    for job in jobs {
        let steps = job
            .progress
            .map_or_else(String::new, |(step, of)| format!("{step}/{of}"));
        let text = |field: &str| job.recipe[field].as_str().unwrap_or_default().to_owned();
        let what = job.error.clone().unwrap_or_else(|| short(&text("prompt")));
        table.row([&job.id, &job.state, &job.created, &steps, &text("model"), &what]);
    }
    table
        .lines()
        .into_iter()
        .try_for_each(|line| setup.terminal.line(line))
}

/// The beginning of a text, on one line.
fn short(text: &str) -> String {
    const MOST: usize = 48;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
