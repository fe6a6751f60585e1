//! Every Rust file opens with `//!` and what it is.

use crate::{Breach, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    tree.rust()
        .filter(|(file, _)| {
            let first = file.text.lines().next().unwrap_or_default();
            first
                .strip_prefix("//!")
                .is_none_or(|says| says.trim().is_empty())
        })
        .map(|(file, _)| {
            Breach::new(
                &file.path,
                1,
                "the file does not say what it is",
                "open it with `//! …`: what it is, and what it never does",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_header_is_caught() {
        let tree = Tree::of(&[
            ("a.rs", "//! What it is.\n"),
            ("b.rs", "fn b() {}\n"),
            ("c.rs", "//!\n"),
        ]);
        let caught: Vec<String> = check(&tree).into_iter().map(|breach| breach.path).collect();
        assert_eq!(caught, ["b.rs", "c.rs"]);
    }
}
