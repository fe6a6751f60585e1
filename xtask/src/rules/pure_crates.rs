//! Core, wire, tasks and routing do no I/O, own no runtime and read no clock: what they do can be tested
//! without a socket, a file or a sleep.

use toml::Value;

use crate::{Breach, Line, Package, Tree};

const PURE: &[&str] = &["crates/core/", "crates/wire/", "crates/tasks/", "crates/routing/"];
/// Crates that do I/O or own a runtime.
const CRATES: &[&str] = &[
    "async-std",
    "axum",
    "hf-hub",
    "hyper",
    "hyper-util",
    "mio",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "tempfile",
    "tokio-tungstenite",
    "tower-http",
    "tungstenite",
    "ureq",
];
/// What they may have of tokio: channels and macros.
const TOKIO: &[&str] = &["sync", "macros"];
/// Modules of `std` that reach outside.
const MODULES: &[&str] = &["fs", "net", "process", "thread", "os"];
const CALLS: &[&str] = &[
    "SystemTime::now",
    "Instant::now",
    "io::stdin",
    "io::stdout",
    "io::stderr",
    "tokio::spawn",
    "tokio::fs",
    "tokio::net",
    "tokio::time",
    "tokio::process",
    "tokio::runtime",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let packages = tree.packages();
    let mut found: Vec<Breach> = packages
        .iter()
        .filter(|package| PURE.iter().any(|place| package.path.starts_with(place)))
        .flat_map(in_manifest)
        .collect();
    for (file, source) in tree.rust().filter(|(file, _)| file.is_in(PURE)) {
        let reaching = source
            .shipped()
            .filter_map(|(number, line)| Some((number, reaches_out(line)?)));
        found.extend(reaching.map(|(number, what)| {
            let mend = "take what it gives as a parameter, or move the code to a crate that may do I/O";
            Breach::new(
                &file.path,
                number,
                format!("`{what}` in a crate without I/O"),
                mend,
            )
        }));
    }
    found
}

fn in_manifest(package: &Package<'_>) -> Vec<Breach> {
    let listed = package.manifest.get("dependencies").and_then(Value::as_table);
    listed
        .into_iter()
        .flatten()
        .filter(|(name, entry)| {
            CRATES.contains(&name.as_str()) || name.as_str() == "tokio" && !is_small(entry)
        })
        .map(|(name, _)| {
            Breach::new(
                package.path,
                package.line_of(name),
                format!("`{name}` does I/O or owns a runtime"),
                "keep the crate pure: take streams and values, and let app or server bring the I/O",
            )
        })
        .collect()
}

/// Whether an entry takes only channels and macros of tokio.
fn is_small(entry: &Value) -> bool {
    let features = entry.get("features").and_then(Value::as_array);
    features
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .all(|feature| TOKIO.contains(&feature))
}

fn reaches_out(line: &Line) -> Option<String> {
    if let Some(call) = CALLS.iter().find(|call| line.says(call)) {
        return Some((*call).to_owned());
    }
    let module = MODULES.iter().find(|module| {
        line.says(&format!("std::{module}")) || line.code.contains("use std::{") && line.says(module)
    })?;
    Some(format!("std::{module}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, caught: bool) {
        let tree = Tree::of(&[
            ("crates/wire/src/sse.rs", line),
            ("crates/server/src/sse.rs", line),
        ]);
        assert_eq!(check(&tree).len(), usize::from(caught), "{line}");
    }

    #[test]
    fn reaching_out_is_caught() {
        check_line("let a = std::fs::read(b);\n", true);
        check_line("use std::{fmt, net, str};\n", true);
        check_line("let now = Instant::now();\n", true);
        check_line("tokio::spawn(a);\n", true);
    }

    #[test]
    fn formatting_and_tests_reach_nowhere() {
        check_line("use std::{fmt, str};\n", false);
        check_line(
            "#[cfg(test)]\nmod tests { fn a() { std::fs::read(b); } }\n",
            false,
        );
    }

    #[test]
    fn a_crate_that_does_io_is_caught() {
        let manifest = "[package]\nname = \"busbar-core\"\n[dependencies]\nreqwest = \"0.13\"\n";
        assert_eq!(
            check(&Tree::of(&[("crates/core/Cargo.toml", manifest)]))[0].line,
            4
        );
    }

    #[test]
    fn tokios_channels_pass_and_its_sockets_do_not() {
        let manifest = |feature: &str| {
            format!(
                "[package]\nname = \"busbar-tasks\"\n[dependencies]\ntokio = {{ workspace = true, features = [\"{feature}\"] }}\n"
            )
        };
        assert_eq!(
            check(&Tree::of(&[("crates/tasks/Cargo.toml", &manifest("sync"))])),
            []
        );
        assert_eq!(
            check(&Tree::of(&[("crates/tasks/Cargo.toml", &manifest("net"))])).len(),
            1
        );
    }
}
