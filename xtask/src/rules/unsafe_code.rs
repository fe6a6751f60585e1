//! `unsafe` stands in named files only, and each has its `// SAFETY:` comment.

use crate::{Breach, Source, Tree};

/// The files that may use it.
const FILES: &[&str] = &[
    // The binding to llama.cpp.
    "crates/engines/text/src/llama/",
    // Vector instructions, and threads that write disjoint parts of one buffer.
    "crates/engines/image/src/kernel/",
    // Weights are mapped, not read.
    "crates/engines/image/src/files.rs",
];
/// How far above the word the comment may begin.
const REACH: usize = 6;

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust() {
        for (number, line) in source.numbered().filter(|(_, line)| line.says("unsafe")) {
            if line.code.contains("unsafe_") {
                continue;
            }
            if !file.is_in(FILES) {
                let what = "`unsafe` in a file that is not known for it";
                let mend = "do it safely, or name the file in xtask's unsafe_code.rs and say why there";
                found.push(Breach::new(&file.path, number, what, mend));
            } else if !is_explained(source, number) {
                let what = "`unsafe` without its reason";
                let mend = "say above it, after `// SAFETY:`, why it is sound";
                found.push(Breach::new(&file.path, number, what, mend));
            }
        }
    }
    found
}

fn is_explained(source: &Source, number: usize) -> bool {
    let first = number.saturating_sub(REACH + 1);
    source.lines[first..number]
        .iter()
        .any(|line| line.comment.contains("SAFETY:") || line.comment.contains("# Safety"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "crates/engines/text/src/llama/model.rs";

    #[test]
    fn unsafe_in_another_file_is_caught() {
        let caught = check(&Tree::of(&[(
            "a.rs",
            "//! A.\n// SAFETY: sound.\nunsafe { a() }\n",
        )]));
        assert_eq!(caught[0].line, 3);
    }

    #[test]
    fn unsafe_without_a_reason_is_caught() {
        assert_eq!(
            check(&Tree::of(&[(NAMED, "//! A.\nunsafe { a() }\n")]))[0].line,
            2
        );
    }

    #[test]
    fn unsafe_with_a_reason_in_a_named_file_passes() {
        assert_eq!(
            check(&Tree::of(&[(NAMED, "// SAFETY: a is sound.\nunsafe { a() }\n")])),
            []
        );
    }
}
