//! The rules, as a table. A new one is a file under `rules/` and a row here.

use crate::{Breach, Tree};

mod dependencies;
mod environment;
mod file_header;
mod file_size;
mod formats;
mod large_files;
mod lock_files;
mod machine_paths;
mod named_tests;
mod placeholders;
mod pure_crates;
mod quiet_logs;
mod registries;
mod silenced_lints;
mod skipped_tests;
mod status_codes;
mod stubs;
mod unsafe_code;
mod vendor_names;

/// A rule: what it is called, what it says, and how it looks for breaches.
#[derive(Debug)]
pub struct Rule {
    /// Its name in messages.
    pub name: &'static str,
    /// What it demands, in a line.
    pub says: &'static str,
    /// Finds the breaches.
    pub check: fn(&Tree) -> Vec<Breach>,
}

/// Every rule.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    Rule { name: "dependencies", says: "a crate depends on those below it and no others", check: dependencies::check },
    Rule { name: "environment", says: "only config and the binaries read the environment", check: environment::check },
    Rule { name: "file-header", says: "every Rust file opens with //! and what it is", check: file_header::check },
    Rule { name: "file-size", says: "no source file has more than 500 lines", check: file_size::check },
    Rule { name: "formats", says: "only wire writes the words of a wire format", check: formats::check },
    Rule { name: "large-files", says: "no tracked file has more than 1 MB", check: large_files::check },
    Rule { name: "lock-files", says: "no lock or settings file carries a registry's address", check: lock_files::check },
    Rule { name: "machine-paths", says: "no path of somebody's own machine", check: machine_paths::check },
    Rule { name: "named-tests", says: "every test that docs/known-pains.md names is where it says", check: named_tests::check },
    Rule { name: "placeholders", says: "no crate is empty", check: placeholders::check },
    Rule { name: "pure-crates", says: "core, wire, tasks and routing do no I/O and read no clock", check: pure_crates::check },
    Rule { name: "quiet-logs", says: "no prompt, key or file's bytes in a log", check: quiet_logs::check },
    Rule { name: "registries", says: "every row of a registry has its file, every file its row", check: registries::check },
    Rule { name: "silenced-lints", says: "a lint is silenced by #[expect] with a reason", check: silenced_lints::check },
    Rule { name: "skipped-tests", says: "no test is skipped, ignored or run alone", check: skipped_tests::check },
    Rule { name: "status-codes", says: "HTTP statuses are written in server/src/error.rs", check: status_codes::check },
    Rule { name: "stubs", says: "no todo!, unimplemented!, TODO or FIXME in what ships", check: stubs::check },
    Rule { name: "unsafe-code", says: "unsafe in named files only, each with its SAFETY comment", check: unsafe_code::check },
    Rule { name: "vendor-names", says: "only wire, catalog and the dialects name a vendor", check: vendor_names::check },
];
