//! `[[providers]]`: who hosts models elsewhere. Only what all of them have is known here, and where
//! their keys come from; the rest is whoever builds that kind of provider's to read.

use std::fmt;

use busbar_core::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::{Table, Value};

use crate::{environment::Environment, problem::Problems};

/// As written: tables of anything.
#[derive(Clone, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct RawProviders(#[schemars(with = "Vec<Shape>")] Vec<Table>);

/// What the schema says of one.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes a provider's common fields to the schema")]
struct Shape {
    /// Its name, for people and messages.
    name: String,
    /// Which kind of provider it is: `vllm`, `ollama`, …
    kind: String,
    /// The variable of the environment that holds its key.
    api_key_env: Option<String>,
    /// Its models, each a table with at least an `id`.
    models: Vec<std::collections::BTreeMap<String, serde_json::Value>>,
}

/// A provider of models elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its name; no two are alike.
    pub name: String,
    /// Which kind it is.
    pub kind: String,
    /// Who we are there, where the configuration says.
    pub key: Option<Secret<String>>,
    /// Everything else, for whoever knows this kind.
    pub fields: Table,
}

impl Provider {
    /// The field's place in the file: `providers[0].region`.
    pub fn field(place: usize, field: &str) -> String {
        match field {
            "" => format!("providers[{place}]"),
            field => format!("providers[{place}].{field}"),
        }
    }
}

impl RawProviders {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn check(&self, environment: &Environment, problems: &mut Problems) -> Vec<Provider> {
        let mut providers: Vec<Provider> = Vec::new();
        for (place, table) in self.0.iter().enumerate() {
            let Some(provider) = one(place, table.clone(), environment, problems) else {
                continue;
            };
            if providers.iter().any(|other| other.name == provider.name) {
                let message = format!("`{}` is the name of another provider too", provider.name);
                problems.field(Provider::field(place, "name"), message);
            }
            providers.push(provider);
        }
        providers
    }
}

fn one(
    place: usize,
    mut fields: Table,
    environment: &Environment,
    problems: &mut Problems,
) -> Option<Provider> {
    let mut text = |name: &str, problems: &mut Problems| match fields.remove(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
        None => None,
        Some(_) => {
            problems.field(Provider::field(place, name), "must be a text that is not empty");
            None
        }
    };
    let kind = text("kind", problems);
    let name = text("name", problems);
    let key = text("api_key", problems).map(Secret::new);
    let variable = text("api_key_env", problems);
    let Some(kind) = kind else {
        problems.field(
            Provider::field(place, "kind"),
            "is missing; write kind = \"vllm\"",
        );
        return None;
    };
    let key = key.or_else(|| {
        let variable = variable?;
        let key = environment.key(&variable);
        if key.is_none() {
            let message =
                format!("neither the environment variable `{variable}` is set nor `{variable}_SECRET_ARN`");
            problems.field(Provider::field(place, "api_key_env"), message);
        }
        key
    });
    Some(Provider {
        name: name.unwrap_or_else(|| kind.clone()),
        kind,
        key,
        fields,
    })
}

/// A file may have a key in it.
impl fmt::Debug for RawProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawProviders").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (Vec<Provider>, Problems) {
        #[derive(Deserialize)]
        struct File {
            providers: RawProviders,
        }
        let file: File = toml::from_str(text).unwrap();
        let environment = Environment::from_pairs([
            ("FAR_KEY", "sk-very-secret"),
            ("NEAR_KEY_SECRET_ARN", "arn:aws:secretsmanager:r:1:secret:near"),
        ]);
        let mut problems = Problems::default();
        let providers = file.providers.check(&environment, &mut problems);
        (providers, problems)
    }

    #[test]
    fn a_section_stays_as_it_is_but_for_name_kind_and_key() {
        let (providers, problems) = check(
            "[[providers]]\nname = 'far'\nkind = 'any'\napi_key_env = 'FAR_KEY'\nregion = 'r'\n[[providers.models]]\nid = 'a'\n",
        );
        assert!(problems.is_empty(), "{problems}");
        let far = &providers[0];
        assert_eq!((&*far.name, &*far.kind), ("far", "any"));
        assert_eq!(
            far.key.as_ref().map(|key| key.expose().as_str()),
            Some("sk-very-secret")
        );
        assert_eq!(far.fields.keys().collect::<Vec<_>>(), ["models", "region"]);
        assert!(!format!("{far:?}").contains("very-secret"));
    }

    #[test]
    fn a_key_may_be_kept_elsewhere_and_only_be_named_here() {
        let (providers, problems) = check("[[providers]]\nkind = 'k'\napi_key_env = 'NEAR_KEY'\n");
        assert!(problems.is_empty(), "{problems}");
        let key = providers[0].key.as_ref().unwrap().expose();
        assert_eq!(key, "secretsmanager:arn:aws:secretsmanager:r:1:secret:near");
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let (_, problems) = check(
            "[[providers]]\nname = 'a'\n[[providers]]\nkind = 'k'\n[[providers]]\nkind = 'k'\n[[providers]]\nname = 7\nkind = 'x'\napi_key_env = 'NOT_SET'\n",
        );
        let fields: Vec<_> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(
            fields,
            [
                "providers[0].kind",
                "providers[2].name",
                "providers[3].name",
                "providers[3].api_key_env"
            ]
        );
    }
}
