//! What differs between two tables of settings, setting by setting. Secrets are hidden before they are
//! compared.

use std::{collections::BTreeMap, fmt};

use toml::{Table, Value};

use crate::{overlay::name_of, secrets::redacted};

/// A setting that two tables have differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place: `providers[far].region`.
    pub path: String,
    /// Its value in the first table; `None` where it has none.
    pub before: Option<String>,
    /// Its value in the second.
    pub after: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{path}: {before} → {after}"),
            (Some(before), None) => write!(f, "{path}: {before} → (not set)"),
            (None, Some(after)) => write!(f, "{path}: (not set) → {after}"),
            (None, None) => f.write_str(path),
        }
    }
}

/// What differs, by path.
pub fn diff(before: &Table, after: &Table) -> Vec<Change> {
    let (before, after) = (leaves(before), leaves(after));
    let paths: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |path: &String| {
        let (before, after) = (before.get(path), after.get(path));
        (before != after).then(|| Change {
            path: path.clone(),
            before: before.cloned(),
            after: after.cloned(),
        })
    };
    paths.into_iter().filter_map(change).collect()
}

fn leaves(table: &Table) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    walk(&Value::Table(redacted(table)), "", &mut leaves);
    leaves
}

fn walk(value: &Value, place: &str, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) if !table.is_empty() => {
            for (name, value) in table {
                let place = match place {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                walk(value, &place, leaves);
            }
        }
        // Lists of plain values are read as one.
        Value::Array(items) if items.iter().any(Value::is_table) => {
            for (at, item) in items.iter().enumerate() {
                let name = name_of(item).map_or_else(|| at.to_string(), str::to_owned);
                walk(item, &format!("{place}[{name}]"), leaves);
            }
        }
        leaf => {
            leaves.insert(place.to_owned(), leaf.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str) -> Vec<String> {
        let changes = diff(&before.parse().unwrap(), &after.parse().unwrap());
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_setting_that_differs_is_named_with_both_values() {
        let changes = check(
            "[a]\nx = 1\ny = 'same'\nl = ['p', 'q']",
            "[a]\nx = 2\ny = 'same'\nl = ['p']\nz = true",
        );
        assert_eq!(
            changes,
            [
                "a.l: [\"p\", \"q\"] → [\"p\"]",
                "a.x: 1 → 2",
                "a.z: (not set) → true"
            ]
        );
    }

    #[test]
    fn tables_in_lists_are_known_by_their_names_and_not_by_their_place() {
        let one = "[[p]]\nname = 'a'\nr = 1\n[[p]]\nname = 'b'\nr = 1";
        let other = "[[p]]\nname = 'b'\nr = 1\n[[p]]\nname = 'a'\nr = 2";
        assert_eq!(check(one, other), ["p[a].r: 1 → 2"]);
        assert!(check(one, one).is_empty());
    }

    #[test]
    fn no_secret_is_told() {
        let changes = check("[hub]\ntoken = 'one'", "[hub]\ntoken = 'two'\n[c]\nsecret = 's'");
        assert_eq!(changes, ["c.secret: (not set) → \"…\""]);
    }
}
