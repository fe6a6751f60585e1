//! No tracked file has more than 1 MB: models and pictures are fetched or made, not kept in git.

use crate::{Breach, Tree};

const LIMIT: u64 = 1_000_000;
/// Files that may be larger, each for a reason.
const EXEMPT: &[&str] = &[
    // The default picture model, which goes into the binary: nothing has to be fetched to try pictures.
    "models/emoji-diffusion/",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    tree.files()
        .filter(|file| file.bytes > LIMIT && !file.is_in(EXEMPT))
        .map(|file| {
            Breach::new(
                &file.path,
                1,
                format!("{} bytes, and {LIMIT} is the limit", file.bytes),
                "fetch it through the catalog or make it in a test; git keeps it for ever",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_caught() {
        let tree = Tree::of(&[
            ("a.bin", &"a".repeat(1_000_001)),
            ("b.bin", &"b".repeat(1_000_000)),
        ]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].path, "a.bin");
    }
}
