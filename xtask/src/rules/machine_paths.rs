//! No path of somebody's own machine: it works on one computer, and tells who wrote it.

use crate::{Breach, Tree};

/// How such a path begins. Cut in two, so that this file does not break its own rule.
const STARTS: &[(&str, &str)] = &[
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("\\Us", "ers\\"),
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for file in tree.files() {
        for (at, line) in file.text.lines().enumerate() {
            let Some(path) = machine_path(line) else { continue };
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

fn machine_path(line: &str) -> Option<String> {
    STARTS.iter().find_map(|(head, tail)| {
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
        assert_eq!(machine_path(&line.replace("$HOME", "${HOME}")), None);
    }
}
