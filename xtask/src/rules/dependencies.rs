//! A crate depends on those below it and no others. Only the app knows what a model, a format or
//! a setting concretely is; the server knows traits.

use toml::{Table, Value};

use crate::{Breach, Package, Tree};

/// Every crate of the workspace and the ones of ours that it may use.
const MAY: &[(&str, &[&str])] = &[
    ("busbar-core", &[]),
    ("busbar-wire", &["busbar-core"]),
    ("busbar-tasks", &["busbar-core"]),
    ("busbar-routing", &["busbar-core"]),
    ("busbar-engine-text", &["busbar-core"]),
    ("busbar-builtin", &[]),
    ("busbar-catalog", &["busbar-core"]),
    // What a route is, is said where it is run: the configuration parses straight into it.
    ("busbar-config", &["busbar-core", "busbar-routing"]),
    ("busbar-telemetry", &["busbar-core"]),
    ("busbar-engine-vision", &["busbar-core"]),
    ("busbar-engine-image", &["busbar-core"]),
    ("busbar-jobs", &["busbar-core"]),
    // Stores elsewhere are asked by the one client that knows credentials and signatures.
    (
        "busbar-storage",
        &["busbar-core", "busbar-jobs", "busbar-providers"],
    ),
    ("busbar-egress", &["busbar-core"]),
    ("busbar-providers", &["busbar-core", "busbar-wire"]),
    ("busbar-testkit", &["busbar-core", "busbar-jobs"]),
    (
        "busbar-server",
        &[
            "busbar-core",
            "busbar-wire",
            "busbar-tasks",
            "busbar-telemetry",
            "busbar-jobs",
        ],
    ),
    (
        "busbar-app",
        &[
            "busbar-core",
            "busbar-wire",
            "busbar-tasks",
            "busbar-engine-text",
            "busbar-engine-vision",
            "busbar-engine-image",
            "busbar-providers",
            "busbar-egress",
            "busbar-routing",
            "busbar-jobs",
            "busbar-storage",
            "busbar-builtin",
            "busbar-catalog",
            "busbar-config",
            "busbar-telemetry",
            "busbar-server",
        ],
    ),
    (
        "busbar",
        &["busbar-app", "busbar-catalog", "busbar-config", "busbar-core"],
    ),
    ("busbar-lambda", &["busbar-app", "busbar-config"]),
    ("busbar-bench", &[]),
    ("xtask", &[]),
    ("busbar-fuzz", &["busbar-core", "busbar-wire"]),
    ("busbar-client-aws", &[]),
];
/// What tests may use beside: everybody's, and one crate's for a reason.
const IN_TESTS: &[(&str, &str)] = &[
    ("", "busbar-testkit"),
    // Its tests ask real models, and the catalog knows where they are.
    ("busbar-engine-text", "busbar-catalog"),
    ("busbar-engine-vision", "busbar-catalog"),
    // Its tests ask hosts that are played, in every dialect.
    ("busbar-server", "busbar-providers"),
    // Its tests keep jobs in memory.
    ("busbar-server", "busbar-storage"),
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    tree.packages().iter().flat_map(in_package).collect()
}

fn in_package(package: &Package<'_>) -> Vec<Breach> {
    let Some((_, may)) = MAY.iter().find(|(name, _)| *name == package.name) else {
        let what = format!("`{}` has no place among the crates", package.name);
        return vec![Breach::new(
            package.path,
            package.line_of("name"),
            what,
            "say in xtask's dependencies.rs what it may depend on, and in ARCHITECTURE.md what it is",
        )];
    };
    let ours = |name: &String| MAY.iter().any(|(known, _)| known == name) || name.starts_with("busbar-");
    dependencies(&package.manifest)
        .into_iter()
        .filter(|(name, _)| ours(name))
        .filter(|(name, test)| !(may.contains(&name.as_str()) || *test && may_in_tests(&package.name, name)))
        .map(|(name, _)| {
            Breach::new(
                package.path,
                package.line_of(&name),
                format!("`{}` may not depend on `{name}`", package.name),
                "speak to it through a trait or a type of busbar-core, and join the two in busbar-app",
            )
        })
        .collect()
}

fn may_in_tests(package: &str, name: &str) -> bool {
    IN_TESTS
        .iter()
        .any(|(who, what)| *what == name && (who.is_empty() || *who == package))
}

/// What a manifest depends on, and whether for tests only; a renamed one by its true name.
fn dependencies(manifest: &Table) -> Vec<(String, bool)> {
    let mut tables = vec![manifest];
    let targets = manifest.get("target").and_then(Value::as_table);
    tables.extend(
        targets
            .into_iter()
            .flat_map(|targets| targets.values().filter_map(Value::as_table)),
    );
    let mut found = Vec::new();
    for table in tables {
        for (key, test) in [
            ("dependencies", false),
            ("build-dependencies", false),
            ("dev-dependencies", true),
        ] {
            let listed = table.get(key).and_then(Value::as_table);
            for (name, entry) in listed.into_iter().flatten() {
                let renamed = entry.get("package").and_then(Value::as_str);
                found.push((renamed.unwrap_or(name).to_owned(), test));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_manifest(manifest: &str, lines: &[usize]) {
        let caught = check(&Tree::of(&[("crates/a/Cargo.toml", manifest)]));
        assert_eq!(caught.iter().map(|breach| breach.line).collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_dependency_upward_is_caught() {
        check_manifest(
            "[package]\nname = \"busbar-wire\"\n[dependencies]\nbusbar-core.workspace = true\nbusbar-server.workspace = true\n",
            &[5],
        );
    }

    #[test]
    fn a_concrete_model_in_the_server_is_caught_even_in_tests() {
        check_manifest(
            "[package]\nname = \"busbar-server\"\n[dev-dependencies]\nbusbar-testkit.workspace = true\nbusbar-engine-text.workspace = true\n",
            &[5],
        );
    }

    #[test]
    fn a_renamed_dependency_and_one_of_a_single_platform_are_caught() {
        check_manifest(
            "[package]\nname = \"busbar-core\"\n[target.'cfg(unix)'.dependencies]\nwire = { package = \"busbar-wire\", path = \"../wire\" }\n",
            &[1],
        );
    }

    #[test]
    fn a_crate_that_nobody_placed_is_caught() {
        check_manifest("[package]\nname = \"busbar-misc\"\n", &[2]);
    }
}
