//! The configuration as it is written: types and names are right, meanings are not yet checked.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};
use toml::{Table, Value};

use crate::{
    client::RawClient,
    cors::RawCors,
    distribution::RawDistribution,
    fetch::RawFetch,
    hub::RawHub,
    images::RawImages,
    jobs::RawJobs,
    lambda::RawLambda,
    later::RawLater,
    log::RawLog,
    metrics::RawMetrics,
    models::RawModels,
    nearest::nearest,
    problem::Problems,
    providers::RawProviders,
    routes::RawRoutes,
    routing::RawRouting,
    server::RawServer,
    settings,
    source::RawSource,
    storage::RawStorage,
    streams::{RawStreams, RawWebSocket},
    text::RawText,
    tls::RawTls,
    vaults::RawVaults,
};

/// Busbar's configuration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "busbar.toml", extend("required" = []))]
pub(crate) struct Raw {
    pub(crate) source: RawSource,
    pub(crate) server: RawServer,
    pub(crate) tls: RawTls,
    pub(crate) cors: RawCors,
    pub(crate) streams: RawStreams,
    pub(crate) websocket: RawWebSocket,
    pub(crate) fetch: RawFetch,
    pub(crate) models: RawModels,
    pub(crate) text: RawText,
    pub(crate) images: RawImages,
    pub(crate) jobs: RawJobs,
    pub(crate) later: RawLater,
    pub(crate) lambda: RawLambda,
    pub(crate) log: RawLog,
    pub(crate) metrics: RawMetrics,
    pub(crate) vault: RawVaults,
    pub(crate) storage: RawStorage,
    pub(crate) distribution: RawDistribution,
    pub(crate) hub: RawHub,
    pub(crate) client: RawClient,
    pub(crate) routing: RawRouting,
    #[serde(default)]
    pub(crate) providers: RawProviders,
    #[serde(default)]
    pub(crate) routes: RawRoutes,
}

/// More wrong fields than this are not reported one by one.
const MOST_PROBLEMS: usize = 64;

/// Reads the table, noting everything that is wrong: each wrong field is reported, put back to its
/// default, and the rest is read again.
pub(crate) fn parse(mut table: Table, problems: &mut Problems) -> Option<Raw> {
    for _ in 0..MOST_PROBLEMS {
        let error = match serde_path_to_error::deserialize(Value::Table(table.clone())) {
            Ok(raw) => return Some(raw),
            Err(error) => error,
        };
        let message: toml::de::Error = error.inner().clone();
        problems.field(written(error.path()), say(message.message()));
        reset(&mut table, error.path());
    }
    None
}

/// The JSON Schema of the file, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Raw).to_value();
    describe(&mut schema);
    schema["properties"][crate::overlay::ENVIRONMENTS] = serde_json::json!({
        "description": "What only one environment wants: [environments.prod.server] and the like; source.environment chooses.",
        "type": "object",
        "additionalProperties": { "$ref": "#" },
    });
    schema
}

/// In a file every setting may be left out; and what each means stands in `defaults.toml` already.
fn describe(schema: &mut serde_json::Value) {
    let sections: Vec<String> = settings::defaults().keys().cloned().collect();
    for section in sections {
        let reference = schema["properties"][&section]["$ref"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let Some(definition) = schema.pointer_mut(reference.trim_start_matches('#')) else {
            continue;
        };
        if let Some(definition) = definition.as_object_mut() {
            definition.remove("required");
        }
        let prefix = format!("{section}.");
        for setting in settings::settings() {
            let Some(name) = setting.path.strip_prefix(&prefix) else {
                continue;
            };
            let property = &mut definition["properties"][name];
            property["description"] = setting.help.clone().into();
            property["default"] = serde_json::to_value(&setting.default).unwrap_or_default();
        }
    }
}

/// `models.text[1].path`
fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } if text.is_empty() => text.push_str(key),
            Segment::Map { key } => text.push_str(&format!(".{key}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// The message, with the name that was probably meant where one is unknown.
fn say(message: &str) -> String {
    let message = message.trim();
    let Some(rest) = message.strip_prefix("unknown field ") else {
        return message.replace("expected u32", "expected a whole number, 0 or more");
    };
    let names: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((wrong, known)) => match nearest(wrong, known.iter().copied()) {
            Some(meant) => format!("there is no such setting; did you mean `{meant}`?"),
            None => format!("there is no such setting; there are: {}", known.join(", ")),
        },
        None => message.to_owned(),
    }
}

/// Puts what is wrong back to its default; takes it out where there is none.
fn reset(table: &mut Table, path: &Path) {
    let segments: Vec<&Segment> = path.iter().collect();
    let defaults = settings::defaults();
    match &*segments {
        [Segment::Map { key: section }, Segment::Map { key: name }] => {
            let default = defaults
                .get(section)
                .and_then(|section| section.get(name))
                .cloned();
            if let Some(Value::Table(content)) = table.get_mut(section) {
                match default {
                    Some(default) => content.insert(name.clone(), default),
                    None => content.remove(name),
                };
            }
        }
        // A model that is wrong in one place is left out, for the others to be read.
        [
            Segment::Map { key: section },
            Segment::Map { key: name },
            Segment::Seq { index },
            within @ ..,
        ] => {
            let list = table.get_mut(section).and_then(|section| section.get_mut(name));
            if let Some(Value::Array(list)) = list {
                reset_item(list, *index, within);
            }
        }
        [Segment::Map { key }, ..] => {
            match defaults.get(key) {
                Some(default) => table.insert(key.clone(), default.clone()),
                None => table.remove(key),
            };
        }
        _ => *table = defaults,
    }
}

/// Takes the wrong field out of an item; without one, replaces the item by one that passes.
fn reset_item(list: &mut [Value], index: usize, within: &[&Segment]) {
    let Some(item) = list.get_mut(index) else { return };
    match (within, &mut *item) {
        ([Segment::Map { key }, ..], Value::Table(fields)) if key != "id" => {
            fields.remove(key);
        }
        _ => *item = Value::String(crate::models::PLACEHOLDER.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_read() {
        let mut problems = Problems::default();
        assert!(parse(settings::defaults(), &mut problems).is_some(), "{problems}");
        assert!(problems.is_empty(), "{problems}");
    }

    #[test]
    fn the_schema_knows_every_setting_and_demands_none() {
        let schema = schema();
        for setting in settings::settings() {
            let (section, name) = setting.path.split_once('.').unwrap();
            let reference = schema["properties"][section]["$ref"].as_str().unwrap();
            let section = schema.pointer(reference.trim_start_matches('#')).unwrap();
            let property = &section["properties"][name];
            assert_eq!(property["description"], setting.help, "{}", setting.path);
            assert!(section.get("required").is_none());
            assert_eq!(section["additionalProperties"], false);
        }
    }
}
