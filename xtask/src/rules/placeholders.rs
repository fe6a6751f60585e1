//! No crate is empty: a crate is made when there is something to put into it.

use crate::{Breach, Package, Tree};

/// Lines of code below which a crate holds nothing.
const LEAST: usize = 5;

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let empty = |package: &Package<'_>| code_lines(tree, package.folder) < LEAST;
    tree.packages()
        .iter()
        .filter(|package| empty(package))
        .map(|package| {
            let what = format!("`{}` holds nothing", package.name);
            Breach::new(
                package.path,
                1,
                what,
                "fill it, or leave it out until there is something",
            )
        })
        .collect()
}

fn code_lines(tree: &Tree, folder: &str) -> usize {
    let src = format!("{folder}/src/");
    let files = tree.rust().filter(|(file, _)| file.is_in(&[&src]));
    let code = |line: &crate::Line| !line.code.trim().is_empty();
    files
        .map(|(_, source)| source.lines.iter().filter(|line| code(line)).count())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_crate_is_caught() {
        let full = "//! Full.\nfn a() {\n    b();\n    c();\n    d();\n}\n";
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("crates/a/src/lib.rs", "//! Later.\n"),
            ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("crates/b/src/lib.rs", full),
        ]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].path, "crates/a/Cargo.toml");
    }
}
