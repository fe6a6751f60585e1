//! `busbar config init`

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::PathBuf,
};

use crate::exit::{Failure, Result};

/// Write a file to start from: every setting is in it, every one commented out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to write it; `-` is standard output.
    #[arg(value_name = "FILE", default_value = "busbar.toml")]
    file: PathBuf,
}

pub(super) fn run(args: &Args) -> Result {
    let template = busbar_config::template();
    if args.file.as_os_str() == "-" {
        return io::stdout()
            .write_all(template.as_bytes())
            .map_err(Failure::Output);
    }
    let shown = args.file.display();
    // Never over one that is there.
    let file = OpenOptions::new().write(true).create_new(true).open(&args.file);
    let mut file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Failed(format!("{shown} exists already; name another file")),
        _ => Failure::Failed(format!("{shown} could not be written: {error}")),
    })?;
    file.write_all(template.as_bytes())
        .map_err(|error| Failure::Failed(format!("{shown} could not be written: {error}")))?;
    writeln!(
        io::stderr(),
        "{shown} is written; `busbar config check` looks whether it is right"
    )
    .map_err(Failure::Output)
}
