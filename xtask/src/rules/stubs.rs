//! Nothing that ships is unfinished in secret: no macro that stands for code to come, no note of it.

use crate::{Breach, Tree, source::stands_in};

const MACROS: &[&str] = &["todo!", "unimplemented!"];
const WORDS: &[&str] = &["TODO", "FIXME", "XXX", "HACK"];
const OTHER_SOURCES: &[&str] = &[
    ".ts", ".tsx", ".mjs", ".js", ".css", ".py", ".sh", ".toml", ".yml", "Makefile",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        for (number, line) in source.numbered() {
            let in_code = MACROS
                .iter()
                .filter(|_| !line.test)
                .find(|name| line.code.contains(**name));
            let in_comment = WORDS.iter().find(|word| stands_in(&line.comment, word));
            found.extend(
                in_code
                    .or(in_comment)
                    .map(|word| breach(&file.path, number, word)),
            );
        }
    }
    for file in tree.files().filter(|file| file.ends_in(OTHER_SOURCES)) {
        for (at, line) in file.text.lines().enumerate() {
            let word = WORDS[..2].iter().find(|word| stands_in(line, word));
            found.extend(word.map(|word| breach(&file.path, at + 1, word)));
        }
    }
    found
}

fn breach(path: &str, line: usize, word: &str) -> Breach {
    Breach::new(
        path,
        line,
        format!("`{word}` in what ships"),
        "finish it, or file an issue and say what is true now",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_code_is_caught() {
        let tree = Tree::of(&[
            ("a.rs", "//! A.\nfn a() {\n    todo!()\n}\n// TODO: more\n"),
            ("b.ts", "// FIXME\n"),
        ]);
        let caught: Vec<(String, usize)> = check(&tree)
            .into_iter()
            .map(|breach| (breach.path, breach.line))
            .collect();
        assert_eq!(
            caught,
            [
                ("a.rs".to_owned(), 3),
                ("a.rs".to_owned(), 5),
                ("b.ts".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn a_string_that_names_one_is_no_stub() {
        assert_eq!(check(&Tree::of(&[("a.rs", "let a = \"todo! TODO\";\n")])), []);
    }
}
