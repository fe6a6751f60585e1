//! Looks whether everything can work on this machine, and says how to mend what cannot.
//!
//! Changes nothing, and asks nobody outside this machine.

mod machine;
pub(crate) use machine::available_memory;
mod models;
mod network;
mod tools;

use busbar_config::Config;

use crate::Shelf;

/// What was found about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// How to mend it, where it needs mending.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Something works less well, or only in part.
    Poor,
    /// Something does not work.
    Bad,
}

impl Check {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self::new(what, State::Good, found)
    }

    fn poor(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(what, State::Poor, found).mended_by(fix)
    }

    fn bad(what: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::new(what, State::Bad, found).mended_by(fix)
    }

    fn new(what: &'static str, state: State, found: impl Into<String>) -> Self {
        Self {
            what,
            state,
            found: found.into(),
            fix: None,
        }
    }

    fn mended_by(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// Looks at everything, in the order in which it would fail. Reads whole model files where `verify`.
pub fn doctor(config: &Config, verify: bool) -> Vec<Check> {
    let mut checks = vec![
        machine::processor(),
        machine::threads(config),
        machine::memory(),
        machine::gpu(config),
        machine::disk(config),
    ];
    match Shelf::open(config) {
        Ok(shelf) => {
            checks.extend(models::models(config, &shelf, verify));
            checks.extend(models::images(config, &shelf, verify));
        }
        Err(error) => checks.push(Check::bad(
            "catalog",
            error.to_string(),
            "mend the file, or unset models.catalog",
        )),
    }
    checks.push(network::port(config.server.listen));
    checks.push(tools::pip());
    checks
}
