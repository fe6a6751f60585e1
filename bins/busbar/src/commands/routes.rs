//! `busbar routes`

use busbar_app::{Outlook, Remote, RouteList, Shelf};
use busbar_config::Flag;

use crate::{exit::Result, options::Global, runtime, setup::Setup, terminal::Table};

const EXAMPLES: &str = "\
Examples:
  busbar routes                                  those of the configuration
  busbar routes --url http://127.0.0.1:8080      those of a running server, and how their targets are";

/// List the routes and their targets.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Ask a running server, which knows how its targets are.
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let url = args.url.as_ref().map(|url| Flag {
        name: "--url".to_owned(),
        path: "client.url".to_owned(),
        value: url.clone(),
    });
    let setup = Setup::new(global, url.into_iter().collect())?;
    let list = match Remote::new(&setup.config().client) {
        Some(remote) => runtime::run(async { Ok(remote.routes().await?) })?,
        None => Outlook::new(setup.config(), &Shelf::open(setup.config())?)?.routes(),
    };
    if args.json {
        return setup.terminal.line(String::from_utf8_lossy(&list.encode()));
    }
    if list.routes.is_empty() {
        return setup
            .terminal
            .line("there are no routes; docs/routing.md shows how to write one");
    }
    table(&list)
        .lines()
        .into_iter()
        .try_for_each(|line| setup.terminal.line(line))
}

fn table(list: &RouteList) -> Table {
    let mut table = Table::default();
    table.row([
        "ROUTE",
        "TIER",
        "TARGET",
        "WEIGHT",
        "BREAKER",
        "UNDER WAY",
        "FIRST EVENT",
        "LABEL",
    ]);
    for route in &list.routes {
        for (rank, tier) in route.tiers.iter().enumerate() {
            for target in &tier.targets {
                let breaker = if target.present {
                    target.breaker.as_str()
                } else {
                    "not here"
                };
                let first = target
                    .first_event_ms
                    .map_or_else(|| "-".to_owned(), |time| format!("{time:.0} ms"));
                table.row([
                    &route.name,
                    &format!("{} {}", rank + 1, tier.choose),
                    &target.name,
                    &target.weight.to_string(),
                    breaker,
                    &target.in_flight.to_string(),
                    &first,
                    tier.step.as_deref().unwrap_or("-"),
                ]);
            }
        }
    }
    table
}
