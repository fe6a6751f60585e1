//! The table of all settings, read from `defaults.toml`: path, default, environment names, meaning.

use std::sync::LazyLock;

use toml::{Table, Value};

use crate::source::REGION_VARIABLES;

/// The file itself: each setting with its default and what it means.
pub(crate) const DEFAULTS: &str = include_str!("defaults.toml");

/// Other names of a setting in the environment. Ours come first and win over the common ones.
const ALIASES: &[(&str, &str)] = &[
    ("source.environment", "BUSBAR_ENVIRONMENT"),
    ("source.region", REGION_VARIABLES[0]),
    ("source.region", REGION_VARIABLES[1]),
    ("later.region", REGION_VARIABLES[0]),
    ("later.region", REGION_VARIABLES[1]),
    ("vault.region", REGION_VARIABLES[0]),
    ("vault.region", REGION_VARIABLES[1]),
    ("server.listen", "BUSBAR_LISTEN"),
    ("storage.home", "BUSBAR_HOME"),
    ("storage.region", REGION_VARIABLES[0]),
    ("storage.region", REGION_VARIABLES[1]),
    ("models.text", "BUSBAR_MODELS"),
    ("log.filter", "BUSBAR_LOG"),
    ("log.filter", "RUST_LOG"),
    ("hub.endpoint", "HF_ENDPOINT"),
    ("hub.token", "HF_TOKEN"),
    ("client.url", "BUSBAR_URL"),
    ("client.api_key", "BUSBAR_API_KEY"),
];

/// Settings that are shown nowhere.
const SECRETS: &[&str] = &["hub.token", "client.api_key", "distribution.private_key"];

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its place: `server.body_limit`.
    pub path: String,
    /// Its default, as the file writes it.
    pub default: Value,
    /// Its names in the environment; the first one that is set counts.
    pub environment: Vec<String>,
    /// What it means.
    pub help: String,
}

impl Setting {
    /// Whether its value is shown nowhere.
    pub fn is_secret(&self) -> bool {
        SECRETS.contains(&&*self.path)
    }
}

/// All settings, in the order of the file.
pub fn settings() -> &'static [Setting] {
    static ALL: LazyLock<Vec<Setting>> = LazyLock::new(read);
    &ALL
}

/// The defaults as a file to start from: every setting there, every one commented out.
pub fn template() -> String {
    DEFAULTS
        .lines()
        .map(|line| match line.contains(" = ") && !line.starts_with('#') {
            true => format!("#{line}\n"),
            false => format!("{line}\n"),
        })
        .collect()
}

/// The defaults as a table. The file is compiled in and a test reads it, so it always parses.
pub(crate) fn defaults() -> Table {
    DEFAULTS.parse().unwrap_or_default()
}

fn read() -> Vec<Setting> {
    let defaults = defaults();
    let (mut section, mut help) = (String::new(), Vec::new());
    let mut all = Vec::new();
    for line in DEFAULTS.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            help.push(comment);
            continue;
        }
        let comment = std::mem::take(&mut help).join(" ");
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
        }
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        let path = format!("{section}.{name}");
        let default = defaults.get(&section).and_then(|section| section.get(name));
        all.push(Setting {
            environment: environment_names(&path),
            path,
            // The line was found in the same text, so it is there.
            default: default.cloned().unwrap_or(Value::Boolean(false)),
            help: comment,
        });
    }
    all
}

fn environment_names(path: &str) -> Vec<String> {
    let own = format!("BUSBAR_{}", path.replace('.', "__").to_uppercase());
    let aliases = ALIASES
        .iter()
        .filter(|(of, _)| *of == path)
        .map(|(_, name)| (*name).to_owned());
    std::iter::once(own).chain(aliases).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_the_defaults_is_a_setting_with_a_meaning() {
        let table: Table = DEFAULTS.parse().unwrap();
        let leaves: usize = table
            .values()
            .map(|section| section.as_table().unwrap().len())
            .sum();
        assert_eq!(settings().len(), leaves);
        for setting in settings() {
            assert!(!setting.help.is_empty(), "{} has no comment", setting.path);
        }
    }

    #[test]
    fn the_environment_name_follows_from_the_path() {
        let names = |path| {
            let setting = settings().iter().find(|setting| setting.path == path).unwrap();
            setting.environment.clone()
        };
        assert_eq!(names("server.body_limit"), ["BUSBAR_SERVER__BODY_LIMIT"]);
        assert_eq!(
            names("log.filter"),
            ["BUSBAR_LOG__FILTER", "BUSBAR_LOG", "RUST_LOG"]
        );
    }

    #[test]
    fn aliases_name_settings_that_exist() {
        for (path, name) in ALIASES {
            assert!(
                settings().iter().any(|setting| setting.path == *path),
                "{name} means {path}"
            );
        }
    }

    #[test]
    fn the_template_sets_nothing() {
        let table: Table = template().parse().unwrap();
        assert!(
            table
                .values()
                .all(|section| section.as_table().unwrap().is_empty())
        );
    }
}
