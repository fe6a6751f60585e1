//! Only config and the binaries read the environment: elsewhere a setting would have no name in
//! the schema, no check and no precedence. What cargo sets while building is no setting.

use crate::{Breach, Line, Tree};

const MAY: &[&str] = &["crates/config/", "bins/", "xtask/"];
const READS: &[&str] = &[
    "env::var",
    "env::var_os",
    "env::vars",
    "env::vars_os",
    "env::set_var",
    "env::remove_var",
    "env::home_dir",
];
/// Crates that read it on their caller's behalf.
const READERS: &[&str] = &[
    "dotenvy",
    "dotenv",
    "envy",
    "dirs",
    "directories",
    "etcetera",
    "home",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        if file.is_in(MAY) || file.path.ends_with("build.rs") {
            continue;
        }
        for (number, _) in source.shipped().filter(|(_, line)| reads(line)) {
            found.push(Breach::new(
                &file.path,
                number,
                "reads the environment",
                "give it a field in crates/config and pass the value in",
            ));
        }
    }
    for package in tree.packages() {
        if MAY.iter().any(|place| package.path.starts_with(place)) {
            continue;
        }
        let Some(dependencies) = package
            .manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
        else {
            continue;
        };
        for reader in READERS
            .iter()
            .filter(|reader| dependencies.contains_key(**reader))
        {
            found.push(Breach::new(
                package.path,
                package.line_of(reader),
                format!("`{reader}` reads the environment"),
                "let crates/config find it and pass the value in",
            ));
        }
    }
    found
}

fn reads(line: &Line) -> bool {
    READS.iter().any(|name| line.says(name)) || line.says("option_env!") || reads_at_build(line)
}

/// `env!("HOME")` fixes the builder's own setting into the binary; `CARGO_…` and `OUT_DIR` are cargo's.
fn reads_at_build(line: &Line) -> bool {
    line.says("env!")
        && !["CARGO_", "OUT_DIR", "BUSBAR_BUILD_"]
            .iter()
            .any(|ours| line.strings.contains(ours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, caught: bool) {
        let tree = Tree::of(&[("crates/server/src/a.rs", line), ("crates/config/src/a.rs", line)]);
        assert_eq!(check(&tree).len(), usize::from(caught), "{line}");
    }

    #[test]
    fn reading_the_environment_is_caught() {
        check_line("let a = std::env::var(\"A\");\n", true);
        check_line("let a = env::var_os(\"A\");\n", true);
        check_line("const A: &str = env!(\"HOME\");\n", true);
    }

    #[test]
    fn what_cargo_sets_while_building_is_no_setting() {
        check_line("const A: &str = env!(\"CARGO_PKG_VERSION\");\n", false);
    }

    #[test]
    fn arguments_and_the_current_folder_are_no_settings() {
        check_line("let a = env::current_dir();\n", false);
    }

    #[test]
    fn a_crate_that_reads_it_for_us_is_caught() {
        let manifest = "[package]\nname = \"a\"\n\n[dependencies]\ndirs = \"6\"\n";
        let caught = check(&Tree::of(&[("crates/a/Cargo.toml", manifest)]));
        assert_eq!(caught[0].line, 5);
    }
}
