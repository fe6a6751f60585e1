//! A document of settings, wherever it was kept: a file, a store of parameters, a version of before.

use toml::{Table, Value};

use crate::{layers::Origin, problem::Problem, settings};

/// What was written at one place.
#[derive(Clone, PartialEq)]
pub struct Document {
    pub(crate) table: Table,
    pub(crate) origin: Origin,
}

impl Document {
    /// Reads TOML, or JSON where the text begins with a brace, as no TOML does.
    ///
    /// # Errors
    /// Where it is neither. What it says is not repeated: there may be a key on that line.
    pub fn read(text: &str, origin: Origin) -> Result<Self, Problem> {
        let text = text.trim_start_matches('\u{feff}');
        let table = match text.trim_start().starts_with('{') {
            true => serde_json::from_str::<Table>(text).map_err(|error| error.to_string()),
            false => text.parse::<Table>().map_err(|error| told(text, &error)),
        };
        match table {
            Ok(table) => Ok(Self { table, origin }),
            Err(message) => Err(Problem {
                field: String::new(),
                origin: Some(origin),
                message,
            }),
        }
    }

    /// A single setting, read as its default's type demands.
    pub fn setting(path: &str, text: &str, origin: Origin) -> Self {
        let (section, name) = path.split_once('.').unwrap_or(("", path));
        let defaults = settings::defaults();
        let default = defaults.get(section).and_then(|section| section.get(name));
        let content = Table::from_iter([(name.to_owned(), typed(default, text))]);
        let table = Table::from_iter([(section.to_owned(), Value::Table(content))]);
        Self { table, origin }
    }

    /// Settings that are there already.
    pub fn of(table: Table, origin: Origin) -> Self {
        Self { table, origin }
    }

    /// Where it was kept.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// A file may have a key in it.
impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Text as a value of its default's type. What cannot be read stays text: the setting's own type then
/// says what it wants.
pub(crate) fn typed(default: Option<&Value>, text: &str) -> Value {
    let value = match default {
        Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).ok(),
        Some(Value::Integer(_)) => text.parse().map(Value::Integer).ok(),
        Some(Value::Array(_)) => Some(list(text)),
        _ => None,
    };
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// `a, b` as a list of two.
fn list(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

/// Which line is wrong and why, without the line itself.
fn told(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim();
    let Some(place) = error.span() else {
        return message.to_owned();
    };
    let before = text.get(..place.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("TOML parse error at line {line}, column {column}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, String> {
        let read = Document::read(text, Origin::Default);
        read.map(|document| document.table)
            .map_err(|problem| problem.message)
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = read("[server]\nbody_limit = '1 MiB'\n[models]\ntext = ['a']\n").unwrap();
        let json =
            read("\u{feff} {\"server\": {\"body_limit\": \"1 MiB\"}, \"models\": {\"text\": [\"a\"]}}")
                .unwrap();
        assert_eq!(toml, json);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place_and_not_repeated() {
        let told = read("[hub]\ntoken = 'hf_secret\n").unwrap_err();
        assert!(told.contains("line 2"), "{told}");
        assert!(!told.contains("hf_secret"), "{told}");
        let told = read("{\"hub\": {\"token\": \"hf_secret\",}}").unwrap_err();
        assert!(!told.contains("hf_secret"), "{told}");
    }

    #[test]
    fn a_single_setting_has_the_type_of_its_default() {
        let value = |path: &str, text| {
            let document = Document::setting(path, text, Origin::Default);
            let (section, name) = path.split_once('.').unwrap();
            document.table[section][name].clone()
        };
        assert_eq!(value("text.queue", "7"), Value::Integer(7));
        assert_eq!(value("server.any_host", "true"), Value::Boolean(true));
        assert_eq!(value("models.text", "a, b").as_array().unwrap().len(), 2);
        assert_eq!(value("text.queue", "many"), Value::String("many".into()));
        assert_eq!(value("no.such", "x"), Value::String("x".into()));
    }
}
