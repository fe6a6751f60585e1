//! Settings from several sources, laid over one another, each remembering where it came from.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use toml::{Table, Value};

use crate::{
    Document,
    document::typed,
    overlay::{lay_over, take_environment},
    settings,
};

/// Where a value came from. Later ones win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// Whoever keeps the configuration elsewhere.
    Source(String),
    /// What a document says for one environment only.
    Overlay(String),
    /// A version that was kept.
    Version(u64),
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Source(name) => f.write_str(name),
            Self::Overlay(name) => write!(f, "environments.{name}"),
            Self::Version(number) => write!(f, "version {number}"),
            Self::Environment(name) => write!(f, "${name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A setting as it is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its place: `server.body_limit`.
    pub path: String,
    /// Its value as a file would write it; a secret is `…`.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The settings in force, with where each came from.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) table: Table,
    origins: BTreeMap<String, Origin>,
}

impl Layers {
    /// The defaults alone.
    pub(crate) fn new() -> Self {
        Self {
            table: settings::defaults(),
            origins: BTreeMap::new(),
        }
    }

    /// Lays a document over what is there. What it does not know stays; what we do not know is laid in
    /// too, so that it is reported.
    pub(crate) fn document(&mut self, document: &Document) {
        self.lay(document.table.clone(), &document.origin);
    }

    /// Lays what the documents say for an environment over the rest of them.
    ///
    /// # Errors
    /// The environments that they know, where this one is not among them.
    pub(crate) fn environment(&mut self, chosen: &str) -> Result<(), Vec<String>> {
        match take_environment(&mut self.table, chosen) {
            (_, Some(own)) => self.lay(own, &Origin::Overlay(chosen.to_owned())),
            (known, None) if !known.is_empty() && !chosen.is_empty() => return Err(known),
            _ => {}
        }
        Ok(())
    }

    fn lay(&mut self, table: Table, origin: &Origin) {
        let origins = &mut self.origins;
        lay_over(&mut self.table, table, &mut |path| {
            origins.insert(path.to_owned(), origin.clone());
        });
    }

    /// Lays text over one setting, read as its default's type demands.
    pub(crate) fn text(&mut self, path: &str, text: &str, origin: Origin) {
        let (section, name) = path.split_once('.').unwrap_or(("", path));
        let default = self.table.get(section).and_then(|section| section.get(name));
        let value = typed(default, text);
        self.set(section, name, value, origin);
    }

    /// Who set the field, or the setting that it is a part of.
    pub(crate) fn origin(&self, field: &str) -> Option<Origin> {
        let mut prefix = field;
        loop {
            if let Some(origin) = self.origins.get(prefix) {
                return Some(origin.clone());
            }
            // A section was there, but not this setting in it.
            if settings::settings().iter().any(|setting| setting.path == prefix) {
                return None;
            }
            prefix = &prefix[..prefix.rfind(['.', '['])?];
        }
    }

    /// All settings in force, in the order of the defaults.
    pub(crate) fn show(&self) -> Vec<Shown> {
        let shown = settings::settings().iter().map(|setting| {
            let (section, name) = setting.path.split_once('.').unwrap_or(("", &setting.path));
            let value = self.table.get(section).and_then(|section| section.get(name));
            let secret = setting.is_secret() && value != Some(&Value::String(String::new()));
            Shown {
                origin: self
                    .origins
                    .get(&setting.path)
                    .cloned()
                    .unwrap_or(Origin::Default),
                path: setting.path.clone(),
                value: match secret {
                    true => "…".to_owned(),
                    false => value.map(ToString::to_string).unwrap_or_default(),
                },
            }
        });
        shown.collect()
    }

    fn set(&mut self, section: &str, name: &str, value: Value, origin: Origin) {
        self.origins.insert(format!("{section}.{name}"), origin);
        let content = self
            .table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(content) = content {
            content.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_the_type_of_the_default() {
        let mut layers = Layers::new();
        let flag = || Origin::Flag("--x".into());
        layers.text("text.queue", "7", flag());
        layers.text("cors.origins", "https://a.example, https://b.example", flag());
        layers.text("server.behind_https_proxy", "true", flag());
        layers.text("server.listen", "127.0.0.1:1", flag());
        assert_eq!(layers.table["text"]["queue"], Value::Integer(7));
        assert_eq!(layers.table["cors"]["origins"].as_array().unwrap().len(), 2);
        assert_eq!(layers.table["server"]["behind_https_proxy"], Value::Boolean(true));
        assert_eq!(
            layers.table["server"]["listen"],
            Value::String("127.0.0.1:1".into())
        );
    }

    #[test]
    fn the_origin_of_a_part_is_that_of_the_whole() {
        let mut layers = Layers::new();
        layers.text("models.text", "a", Origin::Environment("BUSBAR_MODELS".into()));
        assert_eq!(
            layers.origin("models.text[0].path"),
            Some(Origin::Environment("BUSBAR_MODELS".into()))
        );
        assert_eq!(layers.origin("server.listen"), None);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let mut layers = Layers::new();
        layers.text("hub.token", "hf_abc", Origin::Environment("HF_TOKEN".into()));
        let shown = layers.show();
        let token = shown.iter().find(|shown| shown.path == "hub.token").unwrap();
        assert_eq!(token.value, "…");
    }
}
