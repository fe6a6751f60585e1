//! `busbar models aliases|candidate|promote|rollback`: which model that looks at pictures is in production.

use busbar_app::Registry;
use busbar_core::{Stage, StageChange, Staged, Stages};
use serde_json::json;

use crate::{
    exit::Result,
    setup::Setup,
    terminal::{Table, dim},
};

const HELP: &str = "\
Examples:
  busbar models candidate mobilenet-v2     try it as `candidate` …
  busbar classify cat.jpg -m candidate
  busbar models promote                    … put it into production …
  busbar models rollback                   … and take it out again
  busbar models aliases

The one in production answers those who name no model. Servers on the same data directory follow within
seconds, without a restart; requests under way keep their model. With BUSBAR_URL set, that server is told.";

/// Say which models are in production, next, and before.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Aliases {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Make a model the candidate for production.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Candidate {
    /// A name of kind `vision` from `busbar models list`, or of the setting `models.vision`.
    #[arg(value_name = "NAME")]
    name: String,
}

/// Put the candidate into production, or another model.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Promote {
    /// The model, where it is not the candidate.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Put the previous model back into production.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Rollback {
    /// Only if this one is in production now.
    #[arg(value_name = "NAME")]
    from: Option<String>,
}

impl Aliases {
    pub(super) fn run(&self, setup: &Setup) -> Result {
        let stages = Registry::open(setup.config())?.stages()?;
        if self.json {
            return setup.terminal.line(as_json(&stages));
        }
        show(&stages, setup)
    }
}

impl Candidate {
    pub(super) fn run(&self, setup: &Setup) -> Result {
        change(StageChange::Nominate(staged(&self.name)), setup)
    }
}

impl Promote {
    pub(super) fn run(&self, setup: &Setup) -> Result {
        change(StageChange::Promote(self.name.as_deref().map(staged)), setup)
    }
}

impl Rollback {
    pub(super) fn run(&self, setup: &Setup) -> Result {
        change(StageChange::Rollback(self.from.as_deref().map(Into::into)), setup)
    }
}

fn change(change: StageChange, setup: &Setup) -> Result {
    let stages = Registry::open(setup.config())?.change(change)?;
    if setup.quiet { Ok(()) } else { show(&stages, setup) }
}

/// Which version it is, the registry knows.
fn staged(name: &str) -> Staged {
    Staged {
        model: name.into(),
        version: None,
    }
}

fn show(stages: &Stages, setup: &Setup) -> Result {
    let mut table = Table::default();
    table.row(["ALIAS", "MODEL", "VERSION"]);
    for stage in Stage::ALL {
        let (model, version) = match stages.at(stage) {
            Some(staged) => (staged.model.as_str(), staged.version.as_deref().unwrap_or("-")),
            None => ("-", "-"),
        };
        table.row([stage.as_str(), model, version]);
    }
    for line in table.lines() {
        setup.terminal.line(line)?;
    }
    if stages.production.is_none() && !setup.quiet && setup.terminal.out_is_terminal() {
        let note = "Without one in production, the first model that looks at pictures answers.";
        setup.terminal.line(dim(note, setup.terminal.out_colour()))?;
    }
    Ok(())
}

fn as_json(stages: &Stages) -> serde_json::Value {
    let told = |staged: &Staged| json!({"model": staged.model.as_str(), "version": staged.version});
    let at = |stage| stages.at(stage).map(told);
    json!({
        "candidate": at(Stage::Candidate),
        "production": at(Stage::Production),
        "previous": at(Stage::Previous),
        "history": stages.before.iter().map(told).collect::<Vec<_>>(),
    })
}
