//! Pulls one model: `cargo run -p busbar-catalog --example pull -- HOME CATALOG NAME`.
//!
//! The shortest whole use of the crate. Its tests also run it, to kill it in the middle of its work.

use std::{env, process::ExitCode};

use busbar_catalog::{Cancel, Catalog, Result, Silent, Store};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let [home, catalog, name] = &words[..] else {
        return ExitCode::from(2);
    };
    match pull(home, catalog, name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn pull(home: &str, catalog: &str, name: &str) -> Result<()> {
    let catalog = Catalog::builtin()?.extended_by(catalog)?;
    let entry = catalog.entry(name)?;
    Store::new(home).pull(entry, &Silent, &Cancel::new()).map(drop)
}
