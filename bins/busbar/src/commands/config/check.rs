//! `busbar config check`

use busbar_app::{Outlook, Plan, Shelf};

use crate::{exit::Result, options::Global, setup::Setup};

/// Report everything that is wrong, and change nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(global: &Global) -> Result {
    let setup = Setup::asked(global)?;
    for warning in &setup.loaded.warnings {
        setup.terminal.note(warning)?;
    }
    // Beyond the values: do the models exist that they name?
    let shelf = Shelf::open(setup.config())?;
    let plans = match setup.config().models.text.is_empty() {
        // Nothing is named, so nothing can be named wrongly; `serve` says if it is not here yet.
        true => Vec::new(),
        false => Plan::all(setup.config(), &shelf)?,
    };
    // …and those that routes name, or that answer those who name none?
    let (config, elsewhere) = (setup.config(), !setup.config().providers.is_empty());
    if !config.routes.is_empty() || (elsewhere && config.models.default.is_some()) {
        Outlook::new(setup.config(), &shelf)?;
    }
    if setup.quiet {
        return Ok(());
    }
    let from = match &setup.loaded.file {
        Some(file) => file.display().to_string(),
        None => "no file, the defaults".to_owned(),
    };
    let models = if plans.is_empty() {
        String::new()
    } else {
        format!(", {} models", plans.len())
    };
    setup
        .terminal
        .line(format!("the configuration is right ({from}{models})"))
}
