//! Secrets in documents: none is written anywhere. In what is kept each stands as `…`, and is put back
//! from a document that still has it.

use toml::{Table, Value};

use crate::{environment::KEPT, overlay::name_of};

/// What stands in place of a secret.
pub(crate) const HIDDEN: &str = "…";

/// Names of fields whose text is a secret.
const WHOLE: &[&str] = &[
    "api_key",
    "api_keys",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "passphrase",
    "password",
    "passwords",
    "private_key",
    "secret",
    "secret_key",
    "secret_access_key",
    "secrets",
    "session_token",
    "token",
];
/// The same as the ends of longer names.
const ENDS: &[&str] = &[
    "_api_key",
    "_passphrase",
    "_password",
    "_private_key",
    "_secret",
    "_secret_key",
    "_token",
];

/// The table with every secret hidden.
#[must_use]
pub fn redacted(table: &Table) -> Table {
    let hidden = |(name, value): (&String, &Value)| (name.clone(), hide(value, is_secret(name)));
    table.iter().map(hidden).collect()
}

/// Puts back what is hidden, from the same places of another table.
///
/// # Errors
/// The places for which there is nothing.
pub fn restored(table: &Table, from: &Table) -> Result<Table, Vec<String>> {
    let (mut table, mut lost) = (Value::Table(table.clone()), Vec::new());
    restore(&mut table, Some(&Value::Table(from.clone())), "", &mut lost);
    match table {
        Value::Table(table) if lost.is_empty() => Ok(table),
        _ => Err(lost),
    }
}

/// Whether a field of this name holds a secret rather than the name of one.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    WHOLE.contains(&&*name) || ENDS.iter().any(|end| name.ends_with(end)) || name == "x_api_key"
}

fn hide(value: &Value, secret: bool) -> Value {
    match value {
        // The name of a secret is none.
        Value::String(text) if text.starts_with(KEPT) => value.clone(),
        Value::String(text) if !text.is_empty() && (secret || has_password(text)) => {
            Value::String(HIDDEN.to_owned())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| hide(item, secret)).collect()),
        Value::Table(table) if secret => {
            let hidden = |(name, value): (&String, &Value)| (name.clone(), hide(value, true));
            Value::Table(table.iter().map(hidden).collect())
        }
        Value::Table(table) => Value::Table(redacted(table)),
        other => other.clone(),
    }
}

/// `https://user:password@host`
fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").map(|(_, rest)| rest);
    let authority = authority.and_then(|rest| rest.split('/').next());
    authority.is_some_and(|authority| authority.contains('@'))
}

fn restore(value: &mut Value, from: Option<&Value>, place: &str, lost: &mut Vec<String>) {
    match value {
        Value::String(text) if text == HIDDEN => match from {
            Some(Value::String(secret)) if secret != HIDDEN => secret.clone_into(text),
            _ => lost.push(place.to_owned()),
        },
        Value::Table(table) => {
            for (name, value) in table.iter_mut() {
                let place = match place {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                restore(value, from.and_then(|from| from.get(name)), &place, lost);
            }
        }
        Value::Array(items) => {
            let others = from.and_then(Value::as_array);
            for (at, item) in items.iter_mut().enumerate() {
                let name = name_of(item).map(str::to_owned);
                // A list may have been put into another order meanwhile; names tell.
                let other = others.and_then(|others| match &name {
                    Some(name) => others.iter().find(|other| name_of(other) == Some(name)),
                    None => others.get(at),
                });
                let place = format!("{place}[{}]", name.unwrap_or_else(|| at.to_string()));
                restore(item, other, &place, lost);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITH: &str = "[hub]\ntoken = 'hf_1'\nendpoint = 'https://me:pw@h/x'\n\
        [[providers]]\nname = 'a'\napi_key = 'sk-1'\napi_key_env = 'A'\nmax_tokens = 5\n\
        [providers.headers]\nX-Api-Key = 'k'\n[[providers]]\nname = 'b'\ndb_password = 'p'\n[tls]\nkey = 'a.pem'";

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn no_secret_is_left_and_nothing_else_is_lost() {
        let written = redacted(&table(WITH)).to_string();
        for secret in ["hf_1", "pw", "sk-1", "'k'", "\"k\"", "'p'", "\"p\""] {
            assert!(!written.contains(secret), "{secret} in {written}");
        }
        for kept in ["a.pem", "max_tokens = 5", "api_key_env = \"A\""] {
            assert!(written.contains(kept), "{kept} not in {written}");
        }
    }

    #[test]
    fn what_is_hidden_comes_back_from_the_same_places() {
        let whole = table(WITH);
        assert_eq!(restored(&redacted(&whole), &whole).unwrap(), whole);
        let turned = "[hub]\ntoken = 'hf_2'\nendpoint = 'https://n:q@h/x'\n[[providers]]\nname = 'b'\n\
            db_password = 'new'\n[[providers]]\nname = 'a'\napi_key = 'sk-2'\n[providers.headers]\nX-Api-Key = 'l'";
        let back = restored(&redacted(&whole), &table(turned)).unwrap();
        assert_eq!(back["providers"][1]["db_password"].as_str(), Some("new"));
        assert_eq!(back["providers"][0]["api_key"].as_str(), Some("sk-2"));
    }

    #[test]
    fn the_name_of_a_secret_is_none() {
        let named = table("[[providers]]\nname = 'a'\napi_key = 'secretsmanager:prod/far#key'");
        assert_eq!(redacted(&named), named);
    }

    #[test]
    fn what_nobody_has_any_more_is_named() {
        let lost = restored(&redacted(&table(WITH)), &table("[hub]\ntoken = 'hf_2'")).unwrap_err();
        assert!(lost.contains(&"providers[a].api_key".to_owned()), "{lost:?}");
        assert!(!lost.contains(&"hub.token".to_owned()), "{lost:?}");
    }
}
