//! CloudWatch's embedded metric format: a line of a log that the service reads figures from, as in its
//! "Specification: embedded metric format". One JSON object a line, without line breaks.

use std::borrow::Cow;

use serde_json::{Map, Number, Value, json};

/// What figures are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pieces.
    Count,
    /// Milliseconds.
    Milliseconds,
    /// Pieces a second.
    PerSecond,
    /// Something that the service has no word for.
    None,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// What it is called.
    pub name: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// How much.
    pub value: f64,
}

/// Figures that are told apart by these dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Set<'a> {
    /// Names of texts of the line.
    pub by: &'a [&'static str],
    /// Names of figures of the line; those that are not there are left out.
    pub figures: &'a [&'static str],
}

/// All that a line tells.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    /// Where the figures go.
    pub namespace: &'a str,
    /// When it was, milliseconds since 1970.
    pub at: u64,
    /// What figures can be told apart by, and what is told beside them; empty ones are left out.
    pub texts: &'a [(&'static str, &'a str)],
    /// The figures.
    pub figures: &'a [Figure],
    /// Which of them are counted by what.
    pub sets: &'a [Set<'a>],
}

/// What the service takes of a text that figures are told apart by.
const LONGEST: usize = 255;

impl Line<'_> {
    /// The line, with its end.
    #[must_use]
    pub fn write(&self) -> String {
        let texts: Vec<_> = self
            .texts
            .iter()
            .filter_map(|(name, text)| Some((*name, plain(text)?)))
            .collect();
        let figures: Vec<_> = self
            .figures
            .iter()
            .filter_map(|figure| Some((figure, Number::from_f64(figure.value)?)))
            .collect();
        let known = |name: &&'static str| texts.iter().any(|(there, _)| there == name);
        let sets = self.sets.iter().filter(|set| set.by.iter().all(known));
        let sets = sets.filter_map(|set| {
            let there = figures
                .iter()
                .filter(|(figure, _)| set.figures.contains(&figure.name));
            let metrics: Vec<_> = there
                .map(|(figure, _)| json!({"Name": figure.name, "Unit": figure.unit.word()}))
                .collect();
            let set = json!({"Namespace": self.namespace, "Dimensions": [set.by], "Metrics": metrics});
            (!metrics.is_empty()).then_some(set)
        });
        let mut line = Map::new();
        let about = json!({"Timestamp": self.at, "CloudWatchMetrics": sets.collect::<Vec<_>>()});
        line.insert("_aws".to_owned(), about);
        for (name, text) in &texts {
            line.insert((*name).to_owned(), Value::from(text.as_ref()));
        }
        for (figure, value) in &figures {
            line.insert(figure.name.to_owned(), whole(value));
        }
        format!("{}\n", Value::Object(line))
    }
}

impl Unit {
    fn word(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::PerSecond => "Count/Second",
            Self::None => "None",
        }
    }
}

/// What the service takes: printable ASCII that is neither empty nor long and does not begin with a colon.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let fits = |text: &str| text.len() <= LONGEST && !text.starts_with(':');
    if text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') && fits(text) {
        return (!text.trim().is_empty()).then_some(Cow::Borrowed(text));
    }
    let text = text.trim_start_matches(':').chars().take(LONGEST);
    let text: String = text
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect();
    (!text.trim().is_empty()).then_some(Cow::Owned(text))
}

/// `1` and not `1.0`.
fn whole(value: &Number) -> Value {
    let whole = value
        .as_f64()
        .filter(|value| value.fract() == 0.0 && (0.0..9e15).contains(value));
    whole.map_or_else(|| Value::Number(value.clone()), |value| Value::from(value as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIGURES: &[Figure] = &[
        Figure {
            name: "Requests",
            unit: Unit::Count,
            value: 1.0,
        },
        Figure {
            name: "Latency",
            unit: Unit::Milliseconds,
            value: 12.5,
        },
    ];
    const SETS: &[Set<'_>] = &[
        Set {
            by: &["Service", "Duty"],
            figures: &["Requests", "Latency", "FirstChunk"],
        },
        Set {
            by: &["Service", "Model"],
            figures: &["Requests"],
        },
        Set {
            by: &["Service"],
            figures: &["FirstChunk"],
        },
    ];

    fn line(texts: &[(&'static str, &str)]) -> (String, Value) {
        let written = Line {
            namespace: "Busbar",
            at: 1_767_225_600_000,
            texts,
            figures: FIGURES,
            sets: SETS,
        }
        .write();
        let read = serde_json::from_str(&written).unwrap();
        (written, read)
    }

    /// What the service's own JSON schema of the format demands.
    #[track_caller]
    fn check(line: &str) {
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.ends_with('\n') && line.len() < 1 << 20);
        let line: Value = serde_json::from_str(line).unwrap();
        let about = line["_aws"].as_object().unwrap();
        assert!(about["Timestamp"].as_u64().is_some());
        for directive in about["CloudWatchMetrics"].as_array().unwrap() {
            let namespace = directive["Namespace"].as_str().unwrap();
            assert!((1..=1024).contains(&namespace.len()));
            for set in directive["Dimensions"].as_array().unwrap() {
                let set = set.as_array().unwrap();
                assert!((1..=30).contains(&set.len()));
                for name in set {
                    let text = line[name.as_str().unwrap()].as_str().unwrap();
                    assert!((1..=1024).contains(&text.len()) && text.is_ascii());
                    assert!(!text.trim().is_empty() && !text.starts_with(':'));
                }
            }
            let metrics = directive["Metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()));
            for metric in metrics {
                assert!(line[metric["Name"].as_str().unwrap()].is_number());
                let units = ["Count", "Milliseconds", "Count/Second", "None"];
                assert!(units.contains(&metric["Unit"].as_str().unwrap()));
            }
        }
    }

    #[test]
    fn figures_are_counted_by_what_is_known_and_nothing_else() {
        let (text, read) = line(&[("Service", "busbar"), ("Duty", "sync-api"), ("Model", "")]);
        check(&text);
        let sets = read["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(sets.len(), 1, "{text}");
        assert_eq!(sets[0]["Dimensions"], json!([["Service", "Duty"]]));
        assert_eq!(
            sets[0]["Metrics"][1],
            json!({"Name": "Latency", "Unit": "Milliseconds"})
        );
        assert_eq!((&read["Requests"], &read["Latency"]), (&json!(1), &json!(12.5)));
        assert!(read.get("Model").is_none());
    }

    #[test]
    fn a_figure_that_is_no_number_is_left_out() {
        let figures = [Figure {
            value: f64::NAN,
            ..FIGURES[0]
        }];
        let text = Line {
            namespace: "Busbar",
            at: 1,
            texts: &[("Service", "a")],
            figures: &figures,
            sets: &[Set {
                by: &["Service"],
                figures: &["Requests"],
            }],
        }
        .write();
        check(&text);
        assert!(!text.contains("Requests"));
    }

    proptest! {
        #[test]
        fn whatever_a_model_is_called_the_line_is_one_that_is_read(name in ".{0,400}") {
            check(&line(&[("Service", "busbar"), ("Model", &name)]).0);
        }
    }
}
