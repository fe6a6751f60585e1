//! A lint is silenced by `#[expect(lint, reason = "…")]` or not at all: `expect` tells when it is
//! no longer needed, `allow` stays for ever.

use crate::{Breach, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        for (number, line) in source.numbered() {
            if ["#[allow(", "#![allow("]
                .iter()
                .any(|start| line.code.contains(start))
                || (line.code.contains("cfg_attr(") && line.says("allow"))
            {
                found.push(Breach::new(
                    &file.path,
                    number,
                    "`allow` silences a lint without telling when that is over",
                    "mend what the lint says, or write `#[expect(lint, reason = \"…\")]`",
                ));
            }
        }
    }
    for file in tree.files().filter(|file| file.ends_in(&[".ts", ".tsx"])) {
        for (at, line) in file.text.lines().enumerate() {
            if ["@ts-ignore", "@ts-nocheck"]
                .iter()
                .any(|word| line.contains(word))
            {
                let mend = "mend the type, or use @ts-expect-error with its reason";
                found.push(Breach::new(&file.path, at + 1, "a silenced type error", mend));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_is_caught_and_an_expect_is_not() {
        let text =
            "//! A.\n#[allow(dead_code)]\nfn a() {}\n#[expect(dead_code, reason = \"b\")]\nfn b() {}\n";
        let caught = check(&Tree::of(&[("a.rs", text)]));
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].line, 2);
    }

    #[test]
    fn an_allow_behind_a_condition_is_caught() {
        let caught = check(&Tree::of(&[("a.rs", "#![cfg_attr(test, allow(unused))]\n")]));
        assert_eq!(caught.len(), 1);
    }

    #[test]
    fn a_silenced_type_error_is_caught() {
        let caught = check(&Tree::of(&[("console/src/a.ts", "let a;\n// @ts-ignore\n")]));
        assert_eq!(caught[0].line, 2);
    }
}
