//! `[metrics]`: figures that are written where the service that starts the program reads them.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Problems;

/// As written; empty is absent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMetrics {
    emf: String,
    name: String,
    duty: String,
}

/// Figures beside those that are scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// The namespace of those that are written to standard output; `None`: none are.
    pub emf: Option<String>,
    /// What they are told apart by: what this is.
    pub name: String,
    /// What this process does among those of the same name.
    pub duty: Option<String>,
}

const LONGEST: usize = 255;

impl RawMetrics {
    pub(crate) fn check(&self, problems: &mut Problems) -> Metrics {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        let known = |c: char| c.is_ascii_alphanumeric() || "_-./#: ".contains(c);
        let emf = &self.emf;
        let wrong = emf.len() > LONGEST || emf.starts_with(':') || !emf.chars().all(known);
        if wrong || (!emf.is_empty() && emf.trim().is_empty()) {
            let message =
                format!("`{emf}` is no namespace; use letters, digits and _-./#: such as \"Busbar\"");
            problems.field("metrics.emf", message);
        }
        for (field, value) in [("metrics.name", &self.name), ("metrics.duty", &self.duty)] {
            let fits = value.len() <= LONGEST && value.bytes().all(|byte| byte.is_ascii_graphic());
            if !fits || value.starts_with(':') {
                problems.field(
                    field,
                    format!("`{value}` is no name; use letters, digits and -_."),
                );
            }
        }
        if self.name.is_empty() {
            problems.field("metrics.name", "is empty; write what this is, such as \"busbar\"");
        }
        Metrics {
            emf: text(emf),
            name: self.name.clone(),
            duty: text(&self.duty),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Environment, Sources, load};

    fn load_with(pairs: &[(&str, &str)]) -> Result<super::Metrics, String> {
        let sources = Sources {
            environment: Environment::from_pairs(pairs.iter().copied()).or("HOME", "/home/a"),
            ..Sources::default()
        };
        let loaded = load(&sources).map_err(|problems| problems.to_string())?;
        Ok(loaded.config.metrics)
    }

    #[test]
    fn none_are_written_until_a_namespace_is_named() {
        let metrics = load_with(&[]).unwrap();
        assert_eq!(
            (metrics.emf, &*metrics.name, metrics.duty),
            (None, "busbar", None)
        );
        let metrics = load_with(&[
            ("BUSBAR_METRICS__EMF", "Busbar"),
            ("BUSBAR_METRICS__NAME", "busbar-dev"),
        ]);
        let metrics = metrics.unwrap();
        assert_eq!(
            (metrics.emf.as_deref(), &*metrics.name),
            (Some("Busbar"), "busbar-dev")
        );
    }

    #[test]
    fn what_the_service_would_not_take_is_refused_by_its_field() {
        let wrong = load_with(&[
            ("BUSBAR_METRICS__EMF", "mine, all mine"),
            ("BUSBAR_METRICS__NAME", "a b"),
            ("BUSBAR_METRICS__DUTY", "ä"),
        ]);
        let wrong = wrong.unwrap_err();
        for field in ["metrics.emf", "metrics.name", "metrics.duty"] {
            assert!(wrong.contains(field), "{wrong}");
        }
    }
}
