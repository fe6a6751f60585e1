//! Only wire writes the words of a wire format: a format that changes is one file that changes.

use crate::{Breach, Tree};

/// Words that appear in a format and nowhere else.
const WORDS: &[&str] = &["[DONE]", "chat.completion", "content_block", "message_start"];
const MAY: &[&str] = &["crates/wire/", "crates/testkit/", "xtask/"];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    let files = tree
        .rust()
        .filter(|(file, _)| file.is_in(&["crates/", "bins/"]) && !file.is_in(MAY));
    for (file, source) in files {
        for (number, line) in source.shipped() {
            let Some(word) = WORDS.iter().find(|word| line.strings.contains(**word)) else {
                continue;
            };
            found.push(Breach::new(
                &file.path,
                number,
                format!("writes a word of a wire format, `{word}`"),
                "let crates/wire write it",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_outside_of_wire_is_caught() {
        let line = "let last = \"data: [DONE]\";\n";
        let tree = Tree::of(&[
            ("crates/server/src/sse.rs", line),
            ("crates/wire/src/sse.rs", line),
        ]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].path, "crates/server/src/sse.rs");
    }
}
