//! No path of somebody's own machine: it works on one computer, and tells who wrote it.

use crate::{Breach, Tree};

/// How such a path begins, cut in two so that this file does not break its own rule, and whether
/// a test may make one up.
const STARTS: &[(&str, &str, bool)] = &[
    ("/ro", "ot/", false),
    ("/wo", "rk/", false),
    ("/ho", "me/", true),
    ("/Us", "ers/", true),
    ("\\Us", "ers\\", true),
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for file in tree.files() {
        for (at, line) in file.text.lines().enumerate() {
            let source = file.source.as_ref();
            let test = source
                .and_then(|source| source.lines.get(at))
                .is_some_and(|line| line.test);
            let Some(path) = machine_path(line, test) else {
                continue;
            };
            found.push(Breach::new(
                &file.path,
                at + 1,
                format!("the path of one machine, `{path}`"),
                "name it relative to the repository or to the user's folders",
            ));
        }
    }
    found
}

fn machine_path(line: &str, test: bool) -> Option<String> {
    STARTS
        .iter()
        .filter(|(.., in_tests)| !(test && *in_tests))
        .find_map(|(head, tail, _)| {
            let start = format!("{head}{tail}");
            // `docs/work/…` and `https://host/home/…` are other people's paths, not a machine's root.
            let alone = |at: usize| {
                let before = line[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "._-/~}>".contains(c))
            };
            line.match_indices(&start)
                .find(|(at, _)| alone(*at))
                .map(|_| start.clone())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_caught() {
        let path = format!("MODELS={}{}me/models\n", "/ho", "me/");
        let tree = Tree::of(&[("scripts/run", &path), ("README.md", "see docs/home/index.md\n")]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!((caught[0].path.as_str(), caught[0].line), ("scripts/run", 1));
    }

    #[test]
    fn a_path_below_another_folder_is_none() {
        let line = format!(
            "https://example.org{}{}x and $HOME{}{}y",
            "/wo", "rk/", "/wo", "rk/"
        );
        assert_eq!(machine_path(&line.replace("$HOME", "${HOME}"), false), None);
    }

    #[test]
    fn a_test_may_make_up_a_persons_folder_but_not_name_a_real_one() {
        let made_up = format!("{}{}a/data", "/ho", "me/");
        let real = format!("{}{}data", "/ro", "ot/");
        let tree = Tree::of(&[("crates/a/tests/a.rs", &format!("{made_up}\n{real}\n"))]);
        assert_eq!(
            check(&tree).iter().map(|breach| breach.line).collect::<Vec<_>>(),
            [2]
        );
    }
}
