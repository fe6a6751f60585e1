//! Names that become paths: of an entry (a directory) and of its file. Neither can leave its place.

use std::{fmt, path::Path};

/// What people type and the store calls a directory: lower-case letters, digits, `.`, `_`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName(String);

impl EntryName {
    /// The name, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 64 {
            return Err("must have 1 to 64 characters");
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        if !text.chars().all(allowed) {
            return Err("may have lower-case letters, digits, '.', '_' and '-' only");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("must start with a letter or a digit");
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file's name: one component, nothing that a file system or a shell reads as more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// The name, or what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > 200 {
            return Err("must have 1 to 200 characters");
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        if !text.chars().all(allowed) {
            return Err("may have letters, digits, '.', '_', '-' and '+' only: it names a file, not a path");
        }
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("must start with a letter or a digit");
        }
        // The store keeps its own files beside the model.
        if [".part", ".toml", ".lock"].iter().any(|own| text.ends_with(own)) {
            return Err("must not end in .part, .toml or .lock, which the store uses itself");
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for FileName {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A relative path inside an archive or a repository, in `/` notation, or what is wrong with it.
pub(crate) fn inner_path(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("names no file");
    }
    if text.contains('\\') || text.contains('\0') || text.contains(':') {
        return Err("may not contain '\\', ':' or NUL");
    }
    // An empty component is a leading, trailing or double slash.
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("must be a plain relative path, without '.', '..' or an empty component");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{EntryName, FileName, inner_path};

    #[test]
    fn a_name_that_could_leave_its_directory_is_refused() {
        for bad in [
            "", "..", ".hidden", "../up", "a/b", "a\\b", "Upper", "-flag", "a b", "a\0",
        ] {
            assert!(
                EntryName::parse(bad).is_err(),
                "{bad:?} was taken for an entry's name"
            );
        }
        for bad in [
            "", "..", ".bashrc", "../up", "a/b.gguf", "a\\b", "C:x", "a.part", "a.toml", "-o",
        ] {
            assert!(
                FileName::parse(bad).is_err(),
                "{bad:?} was taken for a file's name"
            );
        }
        for bad in ["", "/etc/passwd", "a/../b", "a//b", "a/", "./a", "..\\a", "C:/a"] {
            assert!(
                inner_path(bad).is_err(),
                "{bad:?} was taken for a path inside an archive"
            );
        }
    }

    #[test]
    fn ordinary_names_pass() {
        assert!(EntryName::parse("qwen2.5-0.5b-instruct").is_ok());
        assert!(FileName::parse("SmolLM2-135M-Instruct.Q4_1.gguf").is_ok());
        assert!(inner_path("data/gemma.gguf.part00").is_ok());
    }
}
