//! The tree itself, held to every rule.

use xtask::{Tree, tidy};

#[test]
fn the_tree_keeps_every_rule() {
    let tree = Tree::read(&Tree::root()).unwrap();
    let breaches: Vec<String> = tidy::check(&tree).iter().map(ToString::to_string).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn the_tree_was_really_read() {
    let tree = Tree::read(&Tree::root()).unwrap();
    assert!(tree.file("Cargo.toml").is_some());
    assert!(
        tree.packages()
            .iter()
            .any(|package| package.name == "busbar-core")
    );
}
