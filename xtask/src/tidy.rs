//! Runs every rule over a tree.

use crate::{Breach, Tree, rules::RULES};

/// Every breach in the tree, in the order of the files.
pub fn check(tree: &Tree) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = RULES
        .iter()
        .flat_map(|rule| {
            let found = (rule.check)(tree);
            found.into_iter().map(|breach| Breach {
                rule: rule.name,
                ..breach
            })
        })
        .collect();
    breaches.sort();
    breaches
}

/// The rules, a line each.
pub fn rules() -> String {
    let lines: Vec<String> = RULES
        .iter()
        .map(|rule| format!("{:<18} {}", rule.name, rule.says))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_reads_like_a_compilers_message() {
        let tree = Tree::of(&[("crates/core/src/lib.rs", "pub fn f() {}\n")]);
        let breach = check(&tree)
            .into_iter()
            .find(|breach| breach.rule == "file-header")
            .unwrap();
        let line = breach.to_string();
        assert!(
            line.starts_with("crates/core/src/lib.rs:1: file-header: "),
            "{line}"
        );
    }

    #[test]
    fn every_rule_is_listed_with_what_it_says() {
        assert_eq!(rules().lines().count(), RULES.len());
    }
}
