//! Every row of a registry has its file, and every file its row: what is registered can be found
//! by its name, and nothing lies about unregistered.

use crate::{Breach, File, Tree};

/// A registry: where its rows stand, what is around the file's name in each, where the files are,
/// which of them are shared by the others rather than registered, and where else a row may lead.
struct Registry {
    file: &'static str,
    before: &'static [&'static str],
    after: &'static str,
    folder: &'static str,
    shared: &'static [&'static str],
    also: &'static [&'static str],
}

const REGISTRIES: &[Registry] = &[
    Registry {
        file: "xtask/src/rules.rs",
        before: &["check: "],
        after: "::check",
        folder: "xtask/src/rules/",
        shared: &[],
        also: &[],
    },
    Registry {
        file: "crates/catalog/src/source.rs",
        before: &["\", "],
        after: "::parse",
        folder: "crates/catalog/src/source/",
        shared: &["address", "http"],
        also: &[],
    },
    Registry {
        file: "crates/providers/src/vendors/mod.rs",
        before: &["build: "],
        after: "::build",
        folder: "crates/providers/src/vendors/",
        shared: &["mod", "aws", "compatible"],
        also: &[],
    },
    Registry {
        file: "crates/server/src/routes.rs",
        before: &["get(", "post(", "delete(", "put("],
        after: "::",
        folder: "crates/server/src/api/",
        shared: &["mod", "reply"],
        // What is more than an endpoint has a module of its own.
        also: &["crates/server/src/"],
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    REGISTRIES
        .iter()
        .flat_map(|registry| registry.check(tree))
        .collect()
}

impl Registry {
    fn check(&self, tree: &Tree) -> Vec<Breach> {
        let Some(registry) = tree.file(self.file) else {
            // A tree without the crate at all is a test's; one with its files has lost the table.
            let orphan = tree.files().find(|file| file.is_in(&[self.folder]));
            let lost = |file: &File| {
                Breach::new(
                    &file.path,
                    1,
                    format!("no registry `{}`", self.file),
                    "restore it",
                )
            };
            return orphan.map(lost).into_iter().collect();
        };
        let rows: Vec<(usize, &str)> = registry
            .text
            .lines()
            .enumerate()
            .filter_map(|(at, line)| Some((at + 1, self.name_in(line)?)))
            .collect();
        let mut found = Vec::new();
        for (line, name) in &rows {
            let path = format!("{}{name}.rs", self.folder);
            let others = self
                .also
                .iter()
                .flat_map(|folder| [format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")]);
            if !others
                .chain([path.clone(), format!("{}{name}/mod.rs", self.folder)])
                .any(|path| tree.file(&path).is_some())
            {
                let what = format!("a row without its file `{path}`");
                found.push(Breach::new(
                    self.file,
                    *line,
                    what,
                    "write the file, or remove the row",
                ));
            }
        }
        for file in tree.files().filter(|file| file.is_in(&[self.folder])) {
            let Some(name) = file
                .path
                .strip_prefix(self.folder)
                .and_then(|rest| rest.strip_suffix(".rs"))
            else {
                continue;
            };
            if !name.contains('/')
                && name != "tests"
                && !self.shared.contains(&name)
                && !rows.iter().any(|(_, row)| *row == name)
            {
                let what = format!("a file without its row in `{}`", self.file);
                found.push(Breach::new(
                    &file.path,
                    1,
                    what,
                    "register it, or remove the file",
                ));
            }
        }
        found
    }

    fn name_in<'a>(&self, line: &'a str) -> Option<&'a str> {
        let (_, rest) = self.before.iter().find_map(|before| line.split_once(before))?;
        let (name, _) = rest.split_once(self.after)?;
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        (plain && !name.is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = "//! Rows.\nRow { check: a::check },\nRow { check: b::check },\n";

    #[test]
    fn a_row_without_its_file_is_caught() {
        let tree = Tree::of(&[("xtask/src/rules.rs", ROWS), ("xtask/src/rules/a.rs", "")]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!(
            (caught[0].path.as_str(), caught[0].line),
            ("xtask/src/rules.rs", 3)
        );
    }

    #[test]
    fn a_file_without_its_row_is_caught() {
        let files = ["a", "b", "c"].map(|name| format!("xtask/src/rules/{name}.rs"));
        let mut tree = vec![("xtask/src/rules.rs", ROWS)];
        tree.extend(files.iter().map(|path| (path.as_str(), "")));
        let caught = check(&Tree::of(&tree));
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].path, "xtask/src/rules/c.rs");
    }

    #[test]
    fn a_registry_that_is_gone_is_caught() {
        assert_eq!(check(&Tree::of(&[("xtask/src/rules/a.rs", "")])).len(), 1);
    }

    #[test]
    fn every_registry_of_the_table_is_in_the_tree() {
        let tree = Tree::read(&Tree::root()).unwrap();
        for registry in REGISTRIES {
            let file = tree.file(registry.file);
            let rows = file.map_or(0, |file| {
                file.text
                    .lines()
                    .filter_map(|line| registry.name_in(line))
                    .count()
            });
            assert!(
                rows > 0,
                "{} has no rows of the form that is looked for",
                registry.file
            );
        }
    }
}
