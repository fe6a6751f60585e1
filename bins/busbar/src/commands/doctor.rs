//! `busbar doctor`

use busbar_app::doctor::{State, doctor};

use crate::{
    exit::{Failure, Result},
    options::Global,
    setup::Setup,
    terminal::{dim, green, red, yellow},
};

const EXAMPLES: &str = "\
Examples:
  busbar doctor
  busbar doctor --quick       without reading the models through

Ends with 1 if something does not work.";

/// Look whether everything can work on this machine, and say how to mend what cannot.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not read the models through.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> Result {
    let setup = Setup::unlogged(global, Vec::new())?;
    let (terminal, colour) = (setup.terminal, setup.terminal.out_colour());
    for warning in &setup.loaded.warnings {
        terminal.note(warning)?;
    }
    let mut works = true;
    for check in doctor(setup.config(), !args.quick) {
        let mark = match check.state {
            State::Good => green("✓", colour),
            State::Poor => yellow("!", colour),
            State::Bad => red("✗", colour),
        };
        works &= check.state != State::Bad;
        terminal.line(format!("{mark} {:<10} {}", check.what, check.found))?;
        if let Some(fix) = check.fix {
            terminal.line(dim(format!("  {:<10} → {fix}", ""), colour))?;
        }
    }
    if works { Ok(()) } else { Err(Failure::Said) }
}
