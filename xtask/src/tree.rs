//! The files that git tracks or would track, held in memory.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Source;

/// The tree that the rules look at.
#[derive(Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

/// A file of the tree.
#[derive(Debug)]
pub struct File {
    /// Where it is, from the root, with `/` on every platform.
    pub path: String,
    /// Its text; empty where it is not UTF-8.
    pub text: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its lines, taken apart, where it is Rust.
    pub source: Option<Source>,
}

/// A crate of the workspace.
#[derive(Debug)]
pub struct Package<'a> {
    /// Its name.
    pub name: String,
    /// Its folder, from the root.
    pub folder: &'a str,
    /// Its manifest's path.
    pub path: &'a str,
    /// Its manifest's text.
    pub text: &'a str,
    /// Its manifest.
    pub manifest: toml::Table,
}

impl Tree {
    /// The root of the repository that cargo runs this for. Not the one it was built in: checkouts that
    /// share a target folder share the program.
    pub fn root() -> PathBuf {
        let built_in = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(built_in, PathBuf::from)
            .join("..")
    }

    /// Reads the files that git tracks, and the new ones that it does not ignore.
    ///
    /// # Errors
    /// Where git cannot list them or one cannot be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        if !listed.status.success() {
            return Err(io::Error::other("git ls-files failed; tidy needs a git checkout"));
        }
        let mut tree = Self::default();
        for path in String::from_utf8_lossy(&listed.stdout)
            .split('\0')
            .filter(|path| !path.is_empty())
        {
            match fs::read(root.join(path)) {
                Ok(bytes) => tree.add(path, &bytes),
                // Removed but still in the index, or a link to a folder: nothing to hold to a rule.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => {}
                Err(error) => return Err(error),
            }
        }
        Ok(tree)
    }

    /// A tree made of these files, for tests.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, text.as_bytes());
        }
        tree
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    /// Every Rust file, with its lines.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &Source)> {
        self.files()
            .filter_map(|file| file.source.as_ref().map(|source| (file, source)))
    }

    /// A file by its path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// The crates, by their manifests.
    pub fn packages(&self) -> Vec<Package<'_>> {
        self.files().filter_map(Package::of).collect()
    }

    fn add(&mut self, path: &str, bytes: &[u8]) {
        let text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
        let source = path
            .ends_with(".rs")
            .then(|| Source::parse(&text, is_test_path(path)));
        let file = File {
            path: path.to_owned(),
            text,
            bytes: bytes.len() as u64,
            source,
        };
        self.files.insert(path.to_owned(), file);
    }
}

impl File {
    /// Whether it lies in one of these folders, or is one of these files.
    pub fn is_in(&self, places: &[&str]) -> bool {
        places.iter().any(|place| {
            self.path
                .strip_prefix(place)
                .is_some_and(|rest| rest.is_empty() || place.ends_with('/'))
        })
    }

    /// Whether it ends in one of these.
    pub fn ends_in(&self, ends: &[&str]) -> bool {
        ends.iter().any(|end| self.path.ends_with(end))
    }
}

impl<'a> Package<'a> {
    fn of(file: &'a File) -> Option<Self> {
        let folder = file.path.strip_suffix("/Cargo.toml")?;
        let manifest: toml::Table = file.text.parse().ok()?;
        let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
        Some(Self {
            name,
            folder,
            path: &file.path,
            text: &file.text,
            manifest,
        })
    }

    /// The line of the manifest that begins with this word, from 1; the first where none does.
    pub fn line_of(&self, word: &str) -> usize {
        let begins = |line: &str| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        self.text.lines().position(begins).map_or(1, |at| at + 1)
    }
}

/// Whether all of a file is test code, by where it lies.
fn is_test_path(path: &str) -> bool {
    let path = Path::new(path);
    let folders = ["tests", "benches", "testkit"];
    let in_folder = path
        .iter()
        .any(|part| folders.iter().any(|folder| part == *folder));
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    in_folder || name == "tests" || name.ends_with("_tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_file_are_told_apart() {
        let tree = Tree::of(&[("crates/wire/src/sse.rs", ""), ("crates/wire2/a.rs", "")]);
        let sse = tree.file("crates/wire/src/sse.rs").unwrap();
        assert!(sse.is_in(&["crates/wire/"]));
        assert!(sse.is_in(&["crates/wire/src/sse.rs"]));
        assert!(!tree.file("crates/wire2/a.rs").unwrap().is_in(&["crates/wire"]));
    }

    #[test]
    fn a_package_is_found_by_its_manifest() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\ntoml = \"1\"\n";
        let tree = Tree::of(&[("crates/a/Cargo.toml", manifest), ("Cargo.toml", "[workspace]\n")]);
        let packages = tree.packages();
        assert_eq!(packages.len(), 1);
        assert_eq!((packages[0].name.as_str(), packages[0].folder), ("a", "crates/a"));
        assert_eq!(packages[0].line_of("toml"), 4);
    }

    #[test]
    fn test_code_is_known_by_its_place() {
        assert!(is_test_path("crates/server/tests/ws.rs"));
        assert!(is_test_path("crates/wire/src/openai/tests.rs"));
        assert!(is_test_path("crates/testkit/src/lib.rs"));
        assert!(!is_test_path("crates/wire/src/latest.rs"));
    }
}
