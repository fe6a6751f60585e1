//! No lock or settings file carries a registry's address: a company's mirror must work without
//! editing what git tracks.

use crate::{Breach, File, Tree};

/// (which files, what in a line gives it away, how to mend it).
const SIGNS: &[(&[&str], &[&str], &str)] = &[
    (
        &["package-lock.json", "npm-shrinkwrap.json"],
        &["\"resolved\": \"http"],
        "write the lock with `npm install --omit-lockfile-registry-resolved`",
    ),
    (
        &[".npmrc"],
        &["registry=", "registry ="],
        "leave the registry to the machine's own settings",
    ),
    (
        &["requirements.txt", "pip.conf"],
        &["--index-url", "--extra-index-url", "index-url"],
        "leave the index to the machine's own settings",
    ),
    (
        &["yarn.lock", "pnpm-lock.yaml"],
        &["http://", "https://"],
        "use npm; its lock can leave the addresses out",
    ),
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    tree.files().flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Breach> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let mut found = Vec::new();
    for (_, signs, mend) in SIGNS.iter().filter(|(names, ..)| names.contains(&name)) {
        // One line tells of all of them.
        let first = file
            .text
            .lines()
            .position(|line| signs.iter().any(|sign| line.contains(sign)));
        if let Some(at) = first {
            found.push(Breach::new(
                &file.path,
                at + 1,
                "the address of a registry",
                *mend,
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_address_in_a_lock_file_is_caught() {
        let lock = "{\n  \"resolved\": \"https://example.org/a.tgz\",\n  \"version\": \"1\"\n}\n";
        let tree = Tree::of(&[("console/package-lock.json", lock), ("console/other.json", lock)]);
        let caught = check(&tree);
        assert_eq!(caught.len(), 1);
        assert_eq!(
            (caught[0].path.as_str(), caught[0].line),
            ("console/package-lock.json", 2)
        );
    }

    #[test]
    fn an_index_in_a_requirements_file_is_caught() {
        let tree = Tree::of(&[("a/requirements.txt", "six==1\n--index-url https://example.org\n")]);
        assert_eq!(check(&tree)[0].line, 2);
    }
}
