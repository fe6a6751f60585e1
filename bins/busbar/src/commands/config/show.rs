//! `busbar config show`

use busbar_config::{Origin, Shown, settings};

use crate::{
    exit::Result,
    options::Global,
    setup::Setup,
    terminal::{Terminal, cyan, dim, green},
};

/// Show every setting that is in force, and where it came from.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only what somebody set.
    #[arg(long, short)]
    changed: bool,

    /// What each means, and its names in the environment.
    #[arg(long, short)]
    explain: bool,
}

pub(super) fn run(args: &Args, global: &Global) -> Result {
    let setup = Setup::asked(global)?;
    for warning in &setup.loaded.warnings {
        setup.terminal.note(warning)?;
    }
    let terminal = setup.terminal;
    let mut section = "";
    for shown in &setup.loaded.shown {
        if args.changed && shown.origin == Origin::Default {
            continue;
        }
        let (own, name) = shown.path.split_once('.').unwrap_or(("", &shown.path));
        if own != section {
            let space = if section.is_empty() { "" } else { "\n" };
            terminal.line(format!("{space}[{}]", cyan(own, terminal.out_colour())))?;
            section = own;
        }
        if args.explain {
            explain(shown, terminal)?;
        }
        let colour = terminal.out_colour();
        let origin = match &shown.origin {
            Origin::Default => dim(format!("# {}", shown.origin), colour),
            set => green(format!("# {set}"), colour),
        };
        terminal.line(format!("{:<40} {origin}", format!("{name} = {}", shown.value)))?;
    }
    Ok(())
}

fn explain(shown: &Shown, terminal: Terminal) -> Result {
    let Some(setting) = settings().iter().find(|setting| setting.path == shown.path) else {
        return Ok(());
    };
    let colour = terminal.out_colour();
    terminal.line(dim(format!("\n# {}", setting.help), colour))?;
    terminal.line(dim(format!("# {}", setting.environment.join(", ")), colour))
}
