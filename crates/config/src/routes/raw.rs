//! Routes as they are written.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};

use super::when::RawWhen;
use crate::span::Span;

/// All of them.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct RawRoutes(pub(super) Vec<RawRoute>);

/// A route. Durations of 0 are none.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoute {
    /// The name that clients ask for.
    pub(super) name: String,
    /// The name that people read.
    pub(super) title: Option<String>,
    /// The regions that its data may go to, a star for anything; empty: any.
    #[serde(default)]
    pub(super) residency: Vec<String>,
    /// The header whose value sticky choices and roll-outs go by: `x-busbar-key`.
    pub(super) key: Option<String>,
    /// Switches that are on for some keys.
    #[serde(default)]
    pub(super) flags: BTreeMap<String, RawFlag>,
    /// How long to wait for a connection to a target's host: 10 s at most, and where nothing is said.
    pub(super) connect_timeout: Option<Span>,
    /// How long to wait for a stream's first event.
    pub(super) first_event_timeout: Option<Span>,
    /// How long to wait for the next event of one that has begun.
    pub(super) between_events_timeout: Option<Span>,
    /// How long to wait for an answer in one piece.
    pub(super) whole_timeout: Option<Span>,
    /// How long everything may take, all attempts together.
    pub(super) total_timeout: Option<Span>,
    /// How quick a stream must be before it is taken.
    pub(super) floor: Option<RawFloor>,
    /// How often all targets are gone through again when none has answered.
    pub(super) retries: Option<u32>,
    /// A second target is asked beside the first when that has said nothing for so long.
    pub(super) hedge_after: Option<Span>,
    /// What becomes of a stream whose model is lost: "go-on" with another, or "fail".
    pub(super) on_cut: Option<String>,
    /// How long answers are kept for the same request.
    pub(super) cache_for: Option<Span>,
    /// Give an answer that was kept, however old, when no target answers.
    #[serde(default)]
    pub(super) stale: bool,
    /// What to say when nothing else is left.
    pub(super) instead: Option<String>,
    /// Which version of rules its answers are given under.
    pub(super) guardrails: Option<String>,
    /// Targets by rank, the first choice first.
    #[serde(default)]
    pub(super) tiers: Vec<RawTier>,
}

/// A switch that is on for some keys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFlag {
    /// For how many of a hundred.
    pub(super) percent: u32,
    /// And for these, a star for anything.
    #[serde(default)]
    pub(super) keys: Vec<String>,
}

/// How quick a stream must be before it is taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFloor {
    /// So many pieces
    pub(super) pieces: u32,
    /// within this time from the first one on.
    pub(super) within: Span,
}

/// Targets of the same rank.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTier {
    /// Models: names, or tables with a `model`.
    #[serde(default)]
    #[schemars(with = "Vec<OneOrTable>")]
    pub(super) targets: Vec<RawTarget>,
    /// How one is chosen: "listed", "weights", "fastest", "cheapest", "sticky".
    pub(super) choose: Option<String>,
    /// What its answers are labelled with: "region", "alternative", "cheaper", "local".
    pub(super) step: Option<String>,
    /// The flag that must be on for it.
    pub(super) flag: Option<String>,
    /// When it is there at all.
    pub(super) when: Option<RawWhen>,
}

/// A model's name alone, or with what holds for it here.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes RawTarget's two forms to the schema")]
enum OneOrTable {
    /// A model.
    Name(String),
    /// The same with what holds for it here.
    Table(Box<Table>),
}

/// A target.
#[derive(Clone, Debug)]
pub(crate) struct RawTarget {
    pub(super) model: String,
    pub(super) weight: Option<u32>,
    pub(super) flag: Option<String>,
    pub(super) when: Option<RawWhen>,
    pub(super) connect_timeout: Option<Span>,
    pub(super) first_event_timeout: Option<Span>,
    pub(super) between_events_timeout: Option<Span>,
    pub(super) whole_timeout: Option<Span>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The model.
    model: String,
    /// Its part, where weights choose. 0: nothing new goes to it.
    weight: Option<u32>,
    /// The flag that must be on for it.
    flag: Option<String>,
    /// When it is there at all.
    when: Option<RawWhen>,
    /// How long to wait for a connection to its host.
    connect_timeout: Option<Span>,
    /// How long to wait for a stream's first event.
    first_event_timeout: Option<Span>,
    /// How long to wait for the next event of one that has begun.
    between_events_timeout: Option<Span>,
    /// How long to wait for an answer in one piece.
    whole_timeout: Option<Span>,
}

impl<'de> Deserialize<'de> for RawTarget {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Table;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a model's name, or a table such as { model = \"a\", weight = 9 }")
            }

            fn visit_str<E: de::Error>(self, model: &str) -> Result<Table, E> {
                Ok(Table {
                    model: model.to_owned(),
                    weight: None,
                    flag: None,
                    when: None,
                    connect_timeout: None,
                    first_event_timeout: None,
                    between_events_timeout: None,
                    whole_timeout: None,
                })
            }

            fn visit_map<M: de::MapAccess<'de>>(self, map: M) -> Result<Table, M::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))
            }
        }

        let table = from.deserialize_any(Visitor)?;
        Ok(Self {
            model: table.model,
            weight: table.weight,
            flag: table.flag,
            when: table.when,
            connect_timeout: table.connect_timeout,
            first_event_timeout: table.first_event_timeout,
            between_events_timeout: table.between_events_timeout,
            whole_timeout: table.whole_timeout,
        })
    }
}
