//! No test is skipped, ignored or run alone: a test that does not run proves nothing.

use crate::{Breach, File, Tree};

const SCRIPT_SIGNS: &[&str] = &[
    "test.skip(",
    "it.skip(",
    "describe.skip(",
    "test.only(",
    "it.only(",
    "describe.only(",
    "test.todo(",
    "it.todo(",
];
const PYTHON_SIGNS: &[&str] = &["mark.skip", "mark.xfail", "pytest.skip(", "unittest.skip"];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        let skipped = source.numbered().filter(|(_, line)| {
            line.code.contains("#[ignore") || line.code.replace(' ', "").contains("assert!(true)")
        });
        found.extend(skipped.map(|(number, _)| breach(file, number)));
    }
    for (ends, signs) in [
        (&[".ts", ".tsx", ".mjs", ".js"][..], SCRIPT_SIGNS),
        (&[".py"][..], PYTHON_SIGNS),
    ] {
        for file in tree.files().filter(|file| file.ends_in(ends)) {
            let lines = file.text.lines().enumerate();
            let skipped = lines.filter(|(_, line)| signs.iter().any(|sign| line.contains(sign)));
            found.extend(skipped.map(|(at, _)| breach(file, at + 1)));
        }
    }
    found
}

fn breach(file: &File, line: usize) -> Breach {
    Breach::new(
        &file.path,
        line,
        "a test that proves nothing",
        "make it run and able to fail, or remove it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_is_caught_in_every_language() {
        let tree = Tree::of(&[
            ("a.rs", "//! A.\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n"),
            ("b.test.ts", "it.skip('b', () => {});\n"),
            ("test_c.py", "\n@pytest.mark.skip\ndef c(): pass\n"),
        ]);
        let caught: Vec<(String, usize)> = check(&tree)
            .into_iter()
            .map(|breach| (breach.path, breach.line))
            .collect();
        assert_eq!(
            caught,
            [
                ("a.rs".to_owned(), 3),
                ("b.test.ts".to_owned(), 1),
                ("test_c.py".to_owned(), 2)
            ]
        );
    }

    #[test]
    fn an_assertion_that_cannot_fail_is_caught() {
        assert_eq!(check(&Tree::of(&[("a.rs", "assert!(true);\n")])).len(), 1);
    }
}
