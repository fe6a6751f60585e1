//! The models there are, as clients of this format list them.

use busbar_core::{ModelCard, civil};
use bytes::Bytes;
use serde::Serialize;

use crate::answer::json;

#[derive(Debug, Serialize)]
struct List {
    data: Vec<Listed>,
    /// All come at once.
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    display_name: String,
    created_at: String,
    max_input_tokens: u32,
    max_tokens: u32,
}

impl Listed {
    fn of(card: &ModelCard, since: u64) -> Self {
        Self {
            kind: "model",
            id: card.id.as_str().to_owned(),
            display_name: card.title.clone(),
            created_at: date(since),
            max_input_tokens: card.capabilities.context_window.0,
            max_tokens: card.capabilities.max_output.0,
        }
    }
}

/// Those that answer in text, which is what the format asks models for. `since` is when they became available here,
/// in seconds since 1970.
pub fn list<'a>(cards: impl Iterator<Item = &'a ModelCard>, since: u64) -> Bytes {
    let speaks = |card: &&ModelCard| card.capabilities.chat;
    let data: Vec<_> = cards.filter(speaks).map(|card| Listed::of(card, since)).collect();
    json(&List {
        has_more: false,
        first_id: data.first().map(|model| model.id.clone()),
        last_id: data.last().map(|model| model.id.clone()),
        data,
    })
}

/// One of them.
pub fn one(card: &ModelCard, since: u64) -> Bytes {
    json(&Listed::of(card, since))
}

/// Seconds since 1970 as RFC 3339 writes them.
fn date(seconds: u64) -> String {
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dates() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_795_301_548, "2026-11-21T22:52:28Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(date(seconds), wanted);
        }
    }
}
