//! Every test that `docs/known-pains.md` names is where the page says: a test that was renamed or removed
//! would otherwise be promised for ever.

use crate::{Breach, Tree};

const PAGE: &str = "docs/known-pains.md";

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let Some(page) = tree.file(PAGE) else {
        return Vec::new();
    };
    let lines = page.text.lines().enumerate();
    let rows = lines.filter_map(|(at, line)| Some((at, row(line)?)));
    rows.filter(|(_, (test, place))| !is_there(tree, test, place))
        .map(|(at, (test, place))| {
            Breach::new(
                PAGE,
                at + 1,
                format!("there is no test `{test}` in {place}"),
                "name the test that keeps this pain away now, or write it",
            )
        })
        .collect()
}

/// The test and the file of a row.
fn row(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim).skip(1);
    let mut name = || cells.next()?.strip_prefix('`')?.strip_suffix('`');
    Some((name()?, name()?))
}

fn is_there(tree: &Tree, test: &str, place: &str) -> bool {
    let (rust, python) = (format!("fn {test}("), format!("def {test}("));
    tree.file(place)
        .is_some_and(|file| file.text.contains(&rust) || file.text.contains(&python))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_not_there_is_caught() {
        let page = "| Pain | Test | Where |\n|---|---|---|\n| a | `one` | `a.rs` |\n| | `two` | `a.rs` |\n| | `one` | `b.py` |\n| | `three` | `b.py` |\n";
        let tree = Tree::of(&[
            (PAGE, page),
            ("a.rs", "//! A.\nfn one() {}\n"),
            ("b.py", "def three(server):\n"),
        ]);
        let lines: Vec<_> = check(&tree).iter().map(|breach| breach.line).collect();
        assert_eq!(lines, [4, 5]);
    }
}
