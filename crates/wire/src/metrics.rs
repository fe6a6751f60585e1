//! The `busbar` object: what every answer tells about itself.

use std::time::Duration;

use busbar_core::{AnswerMetrics, Course, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What every answer tells about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Metrics)]
pub struct Metrics {
    /// The model that served.
    pub model: String,
    /// From the request's arrival to the first piece of text, milliseconds; absent if none came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_chunk_ms: Option<f64>,
    /// From the request's arrival to the end, milliseconds.
    pub total_ms: f64,
    /// Output tokens after the first ÷ seconds after the first chunk; absent for answers of one token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Prompt tokens, cached ones included.
    pub tokens_in: u32,
    /// Of these, tokens found in the KV cache.
    pub tokens_cached: u32,
    /// Tokens written, thoughts included.
    pub tokens_out: u32,
    /// What it cost, US dollars; null where the model has no price here.
    pub cost_usd: Option<f64>,
    /// True where that is an estimate: a host was cut off, or given up, before it said what it used.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub cost_estimated: bool,
    /// How it went, where the request went by a route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteMetrics>,
}

/// How a request went that went by a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteMetrics {
    /// The route.
    pub name: String,
    /// Who answered: `provider/region/model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How many attempts were made.
    pub attempts: u32,
    /// How far below the first choice the answer is: `region`, `alternative`, `cheaper`, `local`, `cached`,
    /// `static`; absent where it is the first choice's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// What the cache had to do with it: `hit`, `miss`, `shared`, `stale`; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<String>,
    /// How often another model went on with it.
    #[serde(default, skip_serializing_if = "is_none")]
    pub resumed: u32,
}

fn is_exact(estimated: &bool) -> bool {
    !estimated
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl RouteMetrics {
    /// What there is to tell of a course; nothing where no route was taken.
    pub fn of(course: &Course) -> Option<Self> {
        Some(Self {
            name: course.route.as_deref()?.to_owned(),
            target: course.served.as_ref().map(|served| served.target.to_string()),
            attempts: course.attempts.len() as u32,
            degraded: course.degraded.map(|step| step.as_str().to_owned()),
            cache: course.cache.map(|cache| cache.as_str().to_owned()),
            resumed: course.resumed,
        })
    }
}

impl From<&AnswerMetrics> for Metrics {
    fn from(answer: &AnswerMetrics) -> Self {
        Self {
            model: answer.model.as_str().to_owned(),
            first_chunk_ms: answer.first_chunk.map(millis),
            total_ms: millis(answer.total),
            tokens_per_second: answer.tokens_per_second().map(rounded),
            tokens_in: answer.usage.prompt().0,
            tokens_cached: answer.usage.cached_input.0,
            tokens_out: answer.usage.written().0,
            cost_usd: answer.cost.map(Money::as_dollars),
            cost_estimated: answer.cost_estimated,
            route: answer.course.as_deref().and_then(RouteMetrics::of),
        }
    }
}

fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1000.0)
}

/// Three decimals: a microsecond, or a thousandth of a token. More would be noise.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use busbar_core::{Tokens, Usage};

    use super::*;

    #[test]
    fn durations_become_milliseconds_and_cached_tokens_count_as_read() {
        let answer = AnswerMetrics {
            model: "m".into(),
            first_chunk: Some(Duration::from_micros(182_401)),
            total: Duration::from_millis(1182),
            usage: Usage {
                input: Tokens(10),
                cached_input: Tokens(32),
                output: Tokens(11),
                ..Usage::default()
            },
            cost: Some(Money::picodollars(35_000)),
            cost_estimated: false,
            course: None,
        };
        let json = serde_json::to_value(Metrics::from(&answer)).unwrap();
        let expected = serde_json::json!({
            "model": "m", "first_chunk_ms": 182.401, "total_ms": 1182.0, "tokens_per_second": 10.004,
            "tokens_in": 42, "tokens_cached": 32, "tokens_out": 11, "cost_usd": 3.5e-8,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn an_answer_without_text_has_no_first_chunk() {
        let answer = AnswerMetrics {
            model: "m".into(),
            first_chunk: None,
            total: Duration::ZERO,
            usage: Usage::default(),
            cost: None,
            cost_estimated: true,
            course: None,
        };
        let json = serde_json::to_string(&Metrics::from(&answer)).unwrap();
        assert!(
            !json.contains("first_chunk_ms") && !json.contains("tokens_per_second"),
            "{json}"
        );
        assert!(json.contains(r#""cost_estimated":true"#), "{json}");
    }
}
