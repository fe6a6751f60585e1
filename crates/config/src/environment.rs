//! The environment: the only place where a variable is read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use busbar_core::Secret;

/// What stands before the names of keys that are kept elsewhere.
pub(crate) const KEPT: &str = "secretsmanager:";

/// The variables of the process, or those that a test made up.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Those that are no UTF-8 are left out.
    pub fn of_process() -> Self {
        Self::from_pairs(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// These variables.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(pairs.collect())
    }

    /// The same, with a value for a variable that is not set.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if self.get(name).is_none() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// What everything here is called together, where figures are told apart by it.
    pub fn name_of_metrics(&self) -> Option<&str> {
        self.get("BUSBAR_METRICS__NAME")
    }

    /// Whether the person asked for output without colours: <https://no-color.org>.
    pub fn no_color(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM") == Some("dumb")
    }

    /// A variable that holds a secret.
    pub fn secret(&self, name: &str) -> Option<Secret<String>> {
        self.get(name).map(|secret| Secret::new(secret.to_owned()))
    }

    /// A key that a variable holds, or the name of one that is kept elsewhere and that a variable beside it
    /// names.
    pub fn key(&self, name: &str) -> Option<Secret<String>> {
        let elsewhere = || {
            let arn = self.get(&format!("{name}_SECRET_ARN"))?;
            Some(Secret::new(format!("{KEPT}{arn}")))
        };
        self.secret(name).or_else(elsewhere)
    }

    /// A variable that is set to something; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The names that begin so.
    pub(crate) fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(move |name| name.starts_with(prefix))
    }

    /// Where this platform wants programs to keep their data, as `…/busbar`.
    pub(crate) fn data_directory(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            return self
                .get("LOCALAPPDATA")
                .map(|base| Path::new(base).join("busbar"));
        }
        if cfg!(target_os = "macos") {
            return self
                .get("HOME")
                .map(|home| Path::new(home).join("Library/Application Support/busbar"));
        }
        self.xdg("XDG_DATA_HOME", ".local/share")
    }

    /// Where this platform wants programs to keep their configuration, as `…/busbar`.
    pub(crate) fn config_directory(&self) -> Option<PathBuf> {
        if cfg!(windows) {
            return self.get("APPDATA").map(|base| Path::new(base).join("busbar"));
        }
        self.xdg("XDG_CONFIG_HOME", ".config")
    }

    /// <https://specifications.freedesktop.org/basedir-spec/latest/>
    fn xdg(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let base = self
            .get(variable)
            .map(PathBuf::from)
            // "All paths must be absolute. If a relative path is found, it should be ignored."
            .filter(|path| path.is_absolute())
            .or_else(|| Some(Path::new(self.get("HOME")?).join(below_home)))?;
        Some(base.join("busbar"))
    }
}

impl std::fmt::Debug for Environment {
    /// Values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Environment").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_last_resort_replaces_nothing() {
        let environment = Environment::from_pairs([("A", "1"), ("B", "")])
            .or("A", "2")
            .or("B", "2");
        assert_eq!(
            (environment.get("A"), environment.get("B")),
            (Some("1"), Some("2"))
        );
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        assert!(!Environment::from_pairs([("NO_COLOR", "")]).no_color());
        assert!(Environment::from_pairs([("NO_COLOR", "1")]).no_color());
        assert!(Environment::from_pairs([("TERM", "dumb")]).no_color());
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn a_relative_base_directory_is_ignored() {
        let environment = Environment::from_pairs([("XDG_DATA_HOME", "data"), ("HOME", "/home/a")]);
        assert_eq!(
            environment.data_directory(),
            Some("/home/a/.local/share/busbar".into())
        );
        let environment = Environment::from_pairs([("XDG_DATA_HOME", "/data"), ("HOME", "/home/a")]);
        assert_eq!(environment.data_directory(), Some("/data/busbar".into()));
    }
}
