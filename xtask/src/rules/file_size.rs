//! No source file has more than 500 lines, tests included: past that it nearly always holds two
//! things.

use crate::{Breach, Tree};

const LIMIT: usize = 500;
const SOURCES: &[&str] = &[".rs", ".ts", ".tsx", ".css", ".mjs", ".py", ".sh"];
/// Written by a program, not by us.
const GENERATED: &[&str] = &[
    "console/src/shared/api/schema.d.ts",
    "console/src/shared/api/generated/",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    tree.files()
        .filter(|file| file.ends_in(SOURCES) && !file.is_in(GENERATED))
        .filter_map(|file| {
            let lines = file.text.lines().count();
            let what = format!("{lines} lines, and {LIMIT} is the limit");
            (lines > LIMIT).then(|| Breach::new(&file.path, LIMIT + 1, what, "split it by idea"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_is_allowed_and_one_more_is_not() {
        let tree = Tree::of(&[
            ("a.rs", &"//\n".repeat(LIMIT)),
            ("b.rs", &"//\n".repeat(LIMIT + 1)),
        ]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!((caught[0].path.as_str(), caught[0].line), ("b.rs", LIMIT + 1));
    }
}
