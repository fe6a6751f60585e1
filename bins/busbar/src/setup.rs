//! What a command starts from: the configuration, the terminal, the log.

use busbar_app::init_logs;
use busbar_config::{Config, Environment, Flag, Loaded, Origin, Sources, load};

use crate::{exit::Result, options::Global, runtime, terminal::Terminal};

/// What a command starts from.
pub(crate) struct Setup {
    /// The configuration, with how it came about.
    pub(crate) loaded: Loaded,
    /// The terminal.
    pub(crate) terminal: Terminal,
    /// Say nothing but the result.
    pub(crate) quiet: bool,
}

impl Setup {
    /// Reads the configuration with the flags of a command, and sets up logging: only of what is wrong,
    /// where nobody says, since standard error belongs to the person.
    pub(crate) fn new(global: &Global, flags: Vec<Flag>) -> Result<Self> {
        let setup = Self::unlogged(global, flags)?;
        let mut config = setup.loaded.config.clone();
        let chosen = |path: &str| {
            let mut shown = setup.loaded.shown.iter();
            shown.any(|shown| shown.path == path && shown.origin != Origin::Default)
        };
        if !chosen("log.filter") {
            "warn".clone_into(&mut config.log.filter);
        }
        init_logs(&config, setup.terminal.err_colour())?;
        for warning in &setup.loaded.warnings {
            setup.terminal.note(warning)?;
        }
        Ok(setup)
    }

    /// The same without logging, for commands that only look.
    pub(crate) fn unlogged(global: &Global, flags: Vec<Flag>) -> Result<Self> {
        let environment = Environment::of_process();
        let terminal = Terminal::new(environment.no_color());
        let sources = Sources {
            environment,
            file: global.config.clone(),
            flags: global.flags().into_iter().chain(flags).collect(),
        };
        Ok(Self {
            loaded: load(&sources)?,
            terminal,
            quiet: global.quiet,
        })
    }

    /// The same, and whoever keeps the configuration elsewhere is asked too.
    pub(crate) fn asked(global: &Global) -> Result<Self> {
        let environment = Environment::of_process();
        let terminal = Terminal::new(environment.no_color());
        let sources = Sources {
            environment,
            file: global.config.clone(),
            flags: global.flags(),
        };
        Ok(Self {
            loaded: runtime::run(async { Ok(busbar_app::current(&sources).await?) })?,
            terminal,
            quiet: global.quiet,
        })
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.loaded.config
    }
}
