//! A provider's section of the configuration: what all of them have, and what is left for the vendor.
//! Everything that is wrong is told at once, each with its field.

use std::time::Duration;

use busbar_core::{Capabilities, ModelCard, ModelId, Price, Task, Tokens};
use serde::{Deserialize, de::DeserializeOwned};
use toml::{Table, Value};

use crate::{
    http::Patience,
    key::Key,
    known,
    picture_prices::PicturePrices,
    prices::{Amount, Dollars, Place, Prices},
};

/// A section as it was written, `name`, `kind` and key taken out.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The provider's name, for people and messages.
    pub name: String,
    /// Which row of the registry it is.
    pub kind: String,
    /// Who we are there.
    pub key: Option<Key>,
    /// Everything else.
    pub fields: Table,
}

/// Something that is wrong with a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field within the section: `models[1].price.input`; empty for the section as a whole.
    pub field: String,
    /// What is wrong with it, and what to write instead.
    pub message: String,
}

impl Problem {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A section that was read: `V` is what only its vendor knows, `M` what it knows about a model.
#[derive(Clone, Debug)]
pub struct Settings<V, M> {
    /// How long to wait.
    pub patience: Patience,
    /// What only the vendor knows.
    pub vendor: V,
    /// The models, at least one.
    pub models: Vec<ModelSettings<M>>,
}

/// A model of a provider.
#[derive(Clone, Debug)]
pub struct ModelSettings<M> {
    /// What every model has.
    pub common: CommonModel,
    /// What only its vendor knows.
    pub vendor: M,
}

/// What vendors have nothing to add to.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What every section has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    answer_timeout_s: Option<u32>,
    stall_timeout_s: Option<u32>,
    #[serde(default)]
    models: Vec<Table>,
}

const COMMON: &[&str] = &["answer_timeout_s", "stall_timeout_s", "models"];

/// What every model has. What is left out is known of many models; otherwise it is guessed carefully.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonModel {
    /// The name that clients ask for.
    pub id: String,
    /// Its name at the host; the same where it is left out.
    pub upstream: Option<String>,
    /// The name that people read.
    pub title: Option<String>,
    /// What it does: `chat` where it is left out.
    #[serde(default)]
    pub task: TaskName,
    /// The licence of its weights.
    pub licence: Option<String>,
    /// The most tokens of prompt and answer together.
    pub context_window: Option<u32>,
    /// The most tokens of an answer.
    pub max_output: Option<u32>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it looks at pictures.
    pub images: Option<bool>,
    /// Whether it reads documents.
    pub documents: Option<bool>,
    /// Whether it can be told how much to think.
    pub reasoning: Option<bool>,
    /// Whether it can be held to a JSON schema.
    pub structured_output: Option<bool>,
    /// Whether it goes on with a last turn of its own where that ended.
    pub prefill: Option<bool>,
    /// The length of its vectors.
    pub embedding_dimensions: Option<u32>,
    /// What its tokens cost, in dollars for a million of them.
    pub price: Option<Dollars>,
    /// What each of its pictures costs, in dollars.
    pub price_per_picture: Option<Amount>,
}

const COMMON_MODEL: &[&str] = &[
    "id",
    "upstream",
    "title",
    "task",
    "licence",
    "context_window",
    "max_output",
    "tools",
    "images",
    "documents",
    "reasoning",
    "structured_output",
    "prefill",
    "embedding_dimensions",
    "price",
    "price_per_picture",
];

/// What a model does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskName {
    /// Text from text.
    #[default]
    Chat,
    /// Vectors from text.
    Embed,
    /// Pictures from text.
    Image,
    /// Labels from pictures.
    Classify,
}

impl CommonModel {
    /// Its name at the host.
    pub fn upstream(&self) -> &str {
        self.upstream.as_deref().unwrap_or(&self.id)
    }

    /// How the model presents itself.
    pub fn card(&self, host: &str, place: Place<'_>, prices: &Prices) -> ModelCard {
        let price = match &self.price {
            Some(price) => Some(Price::from(price)),
            None => prices.find(place, self.upstream()),
        };
        ModelCard {
            id: ModelId::new(self.id.as_str()),
            title: self.title.clone().unwrap_or_else(|| self.id.clone()),
            host: host.to_owned(),
            licence: self.licence.clone().unwrap_or_else(|| "hosted".to_owned()),
            capabilities: self.capabilities(),
            price,
        }
    }

    /// What its pictures cost.
    pub fn picture_prices(&self, place: Place<'_>, prices: &Prices) -> PicturePrices {
        match self.price_per_picture {
            Some(dollars) => PicturePrices::flat(dollars),
            None => prices.pictures(place, self.upstream()),
        }
    }

    fn capabilities(&self) -> Capabilities {
        let known = known::about(self.upstream());
        let chat = self.task == TaskName::Chat;
        let can = |set: Option<bool>, known: bool| chat && set.unwrap_or(known);
        Capabilities {
            tasks: vec![match self.task {
                TaskName::Chat => Task::Chat,
                TaskName::Embed => Task::Embed,
                TaskName::Image => Task::Image,
                TaskName::Classify => Task::Classify,
            }],
            context_window: Tokens(self.context_window.unwrap_or(known.context_window)),
            max_output: Tokens(self.max_output.unwrap_or(known.max_output)),
            chat,
            tools: can(self.tools, known.tools),
            images: can(self.images, known.images),
            documents: can(self.documents, known.documents),
            reasoning: can(self.reasoning, known.reasoning),
            structured_output: can(self.structured_output, known.structured_output),
            prefill: can(self.prefill, known.prefill),
            embedding_dimensions: self.embedding_dimensions,
        }
    }
}

/// Reads a section.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read<V: DeserializeOwned, M: DeserializeOwned>(
    section: &Section,
) -> Result<Settings<V, M>, Vec<Problem>> {
    let mut problems = Vec::new();
    let (common, rest) = split(section.fields.clone(), COMMON);
    let common: Option<Common> = parse(common, "", &mut problems);
    let vendor: Option<V> = parse(rest, "", &mut problems);
    let mut models = Vec::new();
    if let Some(common) = &common {
        for (place, table) in common.models.iter().enumerate() {
            let prefix = format!("models[{place}].");
            let (own, rest) = split(table.clone(), COMMON_MODEL);
            let own = parse(own, &prefix, &mut problems);
            let rest = parse(rest, &prefix, &mut problems);
            if let (Some(common), Some(vendor)) = (own, rest) {
                check(&common, &prefix, &mut problems);
                models.push(ModelSettings { common, vendor });
            }
        }
        if common.models.is_empty() {
            let example = "names no model; write [[providers.models]] with an `id` below it";
            problems.push(Problem::new("models", example));
        }
    }
    match (common, vendor) {
        (Some(common), Some(vendor)) if problems.is_empty() => Ok(Settings {
            patience: patience(&common),
            vendor,
            models,
        }),
        _ => Err(problems),
    }
}

fn check(model: &CommonModel, prefix: &str, problems: &mut Vec<Problem>) {
    for (field, value) in [("id", &*model.id), ("upstream", model.upstream())] {
        if value.trim().is_empty() {
            problems.push(Problem::new(format!("{prefix}{field}"), "is empty"));
        }
    }
}

fn patience(common: &Common) -> Patience {
    let usual = Patience::default();
    let seconds = |set: Option<u32>, usual| set.map_or(usual, |set| Duration::from_secs(set.into()));
    Patience {
        answer: seconds(common.answer_timeout_s, usual.answer),
        stall: seconds(common.stall_timeout_s, usual.stall),
        ..usual
    }
}

/// The fields of these names, and the others.
fn split(table: Table, names: &[&str]) -> (Table, Table) {
    table
        .into_iter()
        .partition(|(name, _)| names.contains(&name.as_str()))
}

fn parse<T: DeserializeOwned>(table: Table, prefix: &str, problems: &mut Vec<Problem>) -> Option<T> {
    match serde_path_to_error::deserialize(Value::Table(table)) {
        Ok(read) => Some(read),
        Err(error) => {
            let path = error.path().to_string();
            let field = if path == "." { String::new() } else { path };
            let field = format!("{prefix}{field}").trim_end_matches('.').to_owned();
            let message: toml::de::Error = error.into_inner();
            problems.push(Problem::new(field, message.message().trim()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vendor {
        region: String,
    }

    fn read_text(text: &str) -> Result<Settings<Vendor, Nothing>, Vec<Problem>> {
        read(&Section {
            name: "x".into(),
            kind: "x".into(),
            key: None,
            fields: text.parse().unwrap(),
        })
    }

    #[test]
    fn what_everybody_has_and_what_only_the_vendor_knows_stand_side_by_side() {
        let settings = read_text(
            "region = 'r'\nstall_timeout_s = 7\n[[models]]\nid = 'a'\nupstream = 'far-a'\ntools = false\n",
        )
        .unwrap();
        assert_eq!(settings.vendor.region, "r");
        assert_eq!(settings.patience.stall, Duration::from_secs(7));
        assert_eq!(settings.patience.answer, Patience::default().answer);
        let card = settings.models[0]
            .common
            .card("x", Place::default(), &Prices::default());
        assert_eq!((card.id.as_str(), card.price), ("a", None));
        assert!(!card.capabilities.tools);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let problems = read_text("regoin = 'r'\nstall_timeout_s = 'x'\n").unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(fields, ["stall_timeout_s", "regoin"]);
        let problems = read_text(
            "region = 'r'\n[[models]]\nid = ''\n[[models]]\nid = 'b'\nupstraem = 'c'\n[[models]]\nid = 'c'\n[models.price]\ninput = -1\noutput = 1\nsince = '2026-01-01'\n",
        )
        .unwrap_err();
        let fields: Vec<_> = problems.iter().map(|problem| &*problem.field).collect();
        assert_eq!(
            fields,
            [
                "models[0].id",
                "models[0].upstream",
                "models[1].upstraem",
                "models[2].price.input"
            ]
        );
        assert_eq!(read_text("region = 'r'").unwrap_err()[0].field, "models");
    }
}
