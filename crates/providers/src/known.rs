//! What is known of models that many people use, so that nobody has to write it down.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::pattern;

const TABLE: &str = include_str!("known.toml");

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Known {
    pub(crate) context_window: u32,
    pub(crate) max_output: u32,
    pub(crate) tools: bool,
    pub(crate) images: bool,
    pub(crate) documents: bool,
    pub(crate) reasoning: bool,
    pub(crate) structured_output: bool,
    pub(crate) prefill: bool,
}

impl Default for Known {
    /// A model of which nothing is known: tools and schemas are passed on, for its host to judge; what
    /// it cannot look at it is not sent, and its window is one that nearly every model has.
    fn default() -> Self {
        Self {
            context_window: 32_768,
            max_output: 4_096,
            tools: true,
            images: false,
            documents: false,
            reasoning: false,
            structured_output: true,
            prefill: false,
        }
    }
}

#[derive(Deserialize)]
struct File {
    model: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    names: Vec<String>,
    #[serde(flatten)]
    known: Known,
}

/// What is known of a model by its host's name for it; the first row that fits counts.
pub(crate) fn about(upstream: &str) -> Known {
    static ROWS: LazyLock<Vec<Row>> =
        LazyLock::new(|| toml::from_str::<File>(TABLE).map_or_else(|_| Vec::new(), |file| file.model));
    let fits = |row: &&Row| row.names.iter().any(|name| pattern::fits(name, upstream));
    ROWS.iter()
        .find(fits)
        .map_or_else(Known::default, |row| row.known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read_and_its_windows_hold_its_answers() {
        let file: File = toml::from_str(TABLE).unwrap();
        for row in file.model {
            assert!(
                row.known.max_output <= row.known.context_window,
                "{:?}",
                row.names
            );
        }
    }

    #[test]
    fn a_model_is_known_by_any_of_its_hosts_names() {
        for name in [
            "anthropic.claude-3-haiku-20240307-v1:0",
            "us.anthropic.claude-3-haiku-20240307-v1:0",
            "claude-3-haiku-20240307",
        ] {
            let known = about(name);
            assert_eq!(
                (known.context_window, known.max_output),
                (200_000, 4_096),
                "{name}"
            );
            assert!(known.images && known.tools);
        }
        assert!(!about("amazon.nova-micro-v1:0").images);
        assert_eq!(about("unheard of"), Known::default());
    }
}
