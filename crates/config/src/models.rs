//! `[models]`: which models are served.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::{
    auto::Auto,
    images::ImageModel,
    problem::Problems,
    text::{RawText, TextEngine},
};

/// Stands for a model that could not be read, while the others are.
pub(crate) const PLACEHOLDER: &str = "?";

/// As written; an empty name or path is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawModels {
    #[schemars(with = "Vec<OneOrTable>")]
    text: Vec<RawTextModel>,
    vision: Vec<String>,
    images: Vec<String>,
    directory: String,
    default: String,
    aliases: Vec<String>,
    catalog: String,
    prices: String,
}

/// A model's name or file alone, or with settings of its own.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes RawTextModel's two forms to the schema")]
enum OneOrTable {
    /// A catalog name, or the path of a GGUF file.
    Name(String),
    /// The same with settings.
    Table(Table),
}

/// A model with settings of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The name that clients ask for; without a path also the catalog's.
    id: String,
    /// A GGUF file; without one the catalog's is taken.
    path: Option<String>,
    /// Tokens of one sequence.
    context: Option<Auto>,
    /// Requests that are worked on at once.
    sequences: Option<u32>,
    /// Requests that may wait.
    queue: Option<u32>,
    /// Processor threads.
    threads: Option<Auto>,
    /// Layers that a GPU computes.
    gpu_layers: Option<Auto>,
    /// Prompt tokens computed at once.
    prompt_chunk: Option<u32>,
    /// Same seed, same text, whatever runs beside it.
    reproducible: Option<bool>,
}

/// A model in either form.
#[derive(Debug)]
struct RawTextModel {
    id: String,
    path: Option<String>,
    engine: RawText,
}

/// Which models are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    /// Models that the text engine runs. None: the catalog's default model, with `text` settings.
    pub text: Vec<TextModel>,
    /// Settings for a text model that is not listed.
    pub text_engine: TextEngine,
    /// Models that look at pictures: names of the catalog, files, or `name=file`. None: the catalog's
    /// default, where it is here.
    pub vision: Vec<String>,
    /// Models that make pictures.
    pub images: Vec<ImageModel>,
    /// A directory whose models are served too, or an archive of one.
    pub directory: Option<PathBuf>,
    /// The one that answers a request that names none; `None`: the first.
    pub default: Option<String>,
    /// Other names of models, the first that fits counts: what clients ask for (a `*` at its end stands
    /// for anything), and the model that serves it.
    pub aliases: Vec<(String, String)>,
    /// A catalog beside the one built in.
    pub catalog: Option<PathBuf>,
    /// Prices before those built in.
    pub prices: Option<PathBuf>,
}

/// A model that the text engine runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextModel {
    /// The name that clients ask for; without a path also the catalog's.
    pub id: String,
    /// A GGUF file; `None`: the catalog's.
    pub path: Option<PathBuf>,
    /// How it is run.
    pub engine: TextEngine,
}

impl RawModels {
    /// `others`: whether providers or routes have names of their own, which only the models themselves tell.
    pub(crate) fn check(&self, engine: RawText, others: bool, problems: &mut Problems) -> Models {
        let text_engine = engine.check("text", problems);
        let mut text = Vec::new();
        for (place, model) in self.text.iter().enumerate() {
            text.push(model.check(&format!("models.text[{place}]"), engine, problems));
        }
        unique(&text, problems);
        let default = present(&self.default);
        if let Some(default) = &default
            && !text.is_empty()
            && !others
            && present(&self.directory).is_none()
            && !text.iter().any(|model| model.id == *default)
        {
            let known: Vec<_> = text.iter().map(|model| &*model.id).collect();
            problems.field(
                "models.default",
                format!("`{default}` is not among `models.text`: {}", known.join(", ")),
            );
        }
        let images = ImageModel::all(&self.images, problems);
        let directory = present(&self.directory).map(PathBuf::from);
        if let Some(directory) = &directory
            && !directory.exists()
        {
            let message = format!("no such directory or archive: {}", directory.display());
            problems.field("models.directory", message);
        }
        let aliases = self.aliases(problems);
        let mut file = |name: &str, path: &str| {
            let path = present(path).map(PathBuf::from);
            if let Some(path) = &path
                && !path.is_file()
            {
                problems.field(name, format!("no such file: {}", path.display()));
            }
            path
        };
        let catalog = file("models.catalog", &self.catalog);
        let prices = file("models.prices", &self.prices);
        Models {
            text,
            text_engine,
            vision: self.vision.clone(),
            images,
            directory,
            default,
            aliases,
            catalog,
            prices,
        }
    }
}

impl RawModels {
    fn aliases(&self, problems: &mut Problems) -> Vec<(String, String)> {
        let mut aliases = Vec::new();
        for (place, alias) in self.aliases.iter().enumerate() {
            match alias.split_once('=') {
                Some((name, model)) if !name.is_empty() && !model.is_empty() => {
                    aliases.push((name.to_owned(), model.to_owned()));
                }
                _ => problems.field(
                    format!("models.aliases[{place}]"),
                    format!("`{alias}` must be `name=model`, such as `gpt-4o*=smollm2-135m-instruct`"),
                ),
            }
        }
        aliases
    }
}

impl RawTextModel {
    fn check(&self, field: &str, others: RawText, problems: &mut Problems) -> TextModel {
        if self.id.is_empty() || self.id.contains(|c: char| c.is_whitespace() || c.is_control()) {
            problems.field(
                format!("{field}.id"),
                format!("`{}` is no name; use letters, digits and -._", self.id),
            );
        }
        let path = self.path.as_deref().and_then(present).map(PathBuf::from);
        if let Some(path) = &path
            && !path.is_file()
        {
            problems.field(
                format!("{field}.path"),
                format!("no such file: {}", path.display()),
            );
        }
        // What all models share was checked under `text` and need not be reported again for each.
        let mut own = Problems::default();
        let engine = self.engine.or(others).check(field, &mut own);
        self.engine.check(field, problems);
        TextModel {
            id: self.id.clone(),
            path,
            engine,
        }
    }
}

impl<'de> Deserialize<'de> for RawTextModel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawTextModel;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a model's name, the path of a GGUF file, or a table with `id`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawTextModel, E> {
                Ok(named(text))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RawTextModel, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RawTextModel {
                    id: table.id,
                    path: table.path,
                    engine: RawText {
                        context: table.context,
                        sequences: table.sequences,
                        queue: table.queue,
                        threads: table.threads,
                        gpu_layers: table.gpu_layers,
                        prompt_chunk: table.prompt_chunk,
                        reproducible: table.reproducible,
                    },
                })
            }
        }

        from.deserialize_any(Visitor)
    }
}

/// `name`, `name=file.gguf` or `file.gguf`; a file alone is called by its name without the ending. What
/// was pulled by its place (`hf:owner/repo/file.gguf`) may be named by it.
fn named(text: &str) -> RawTextModel {
    let is_place = text.starts_with("hf:") || text.contains("://");
    let (id, path) = match text.split_once('=') {
        Some((id, path)) => (id.to_owned(), Some(path.to_owned())),
        None if !is_place && text.to_ascii_lowercase().ends_with(".gguf") => {
            let stem = Path::new(text).file_stem().unwrap_or_default();
            (stem.to_string_lossy().replace(' ', "-"), Some(text.to_owned()))
        }
        None => (text.to_owned(), None),
    };
    RawTextModel {
        id,
        path,
        engine: RawText::default(),
    }
}

fn unique(models: &[TextModel], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (place, model) in models.iter().enumerate() {
        if model.id != PLACEHOLDER && !seen.insert(&model.id) {
            problems.field(
                format!("models.text[{place}].id"),
                format!("`{}` is there twice; give one of them another `id`", model.id),
            );
        }
    }
}

fn present(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_alone_is_called_by_its_name() {
        let model = named("/models/My Model.Q4.gguf");
        assert_eq!(
            (&*model.id, model.path.as_deref()),
            ("My-Model.Q4", Some("/models/My Model.Q4.gguf"))
        );
        let model = named("small=/models/x.gguf");
        assert_eq!(
            (&*model.id, model.path.as_deref()),
            ("small", Some("/models/x.gguf"))
        );
        let model = named("smollm2-135m-instruct");
        assert_eq!((&*model.id, model.path), ("smollm2-135m-instruct", None));
        let model = named("hf:o/r/m.gguf");
        assert_eq!((&*model.id, model.path), ("hf:o/r/m.gguf", None));
    }
}
