//! Figures on standard output, a line an answer: whoever collects what a function or a container writes
//! makes metrics of them. Never what was asked or answered.

use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use busbar_config::Metrics as Settings;
use busbar_core::ErrorKind;
use busbar_telemetry::{Answer, Follower, Http, Outcome};
use busbar_wire::emf::{Figure, Line, Set, Unit};

use crate::assembled::Front;

/// Figures by what the process does.
const BY_DUTY: &[&str] = &[
    "Requests",
    "Errors",
    "Latency",
    "FirstChunk",
    "ColdStarts",
    "OutputTokensPerSecond",
    "Degraded",
];
/// Figures by who has answered.
const BY_MODEL: &[&str] = &["Requests", "Errors", "InputTokens", "OutputTokens", "CostUsd"];
/// Figures by the processor.
const BY_ARCHITECTURE: &[&str] = &["Requests", "Latency"];

/// Writes them.
pub(crate) struct Figures<W> {
    namespace: String,
    name: String,
    duty: Option<String>,
    /// The next answer is the first of a process that was started for it.
    cold: AtomicBool,
    out: Mutex<W>,
}

impl Figures<io::Stdout> {
    /// Those that are wanted; `None`: none are.
    pub(crate) fn of(settings: &Settings, front: Front) -> Option<Self> {
        Self::to(io::stdout(), settings, front)
    }
}

impl<W: io::Write> Figures<W> {
    fn to(out: W, settings: &Settings, front: Front) -> Option<Self> {
        Some(Self {
            namespace: settings.emf.clone()?,
            name: settings.name.clone(),
            duty: settings.duty.clone(),
            cold: AtomicBool::new(front == Front::Gateway),
            out: Mutex::new(out),
        })
    }

    fn write(&self, at: SystemTime, texts: &[(&'static str, &str)], figures: &[Figure], sets: &[Set<'_>]) {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut all = vec![
            ("Service", &*self.name),
            ("Duty", self.duty.as_deref().unwrap_or_default()),
        ];
        all.extend_from_slice(texts);
        let line = Line {
            namespace: &self.namespace,
            at: u64::try_from(at).unwrap_or(u64::MAX),
            texts: &all,
            figures,
            sets,
        };
        let line = line.write();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever read them is gone; there is nobody else to tell.
        let _unread = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }

    /// By duty, or by the name alone where there is none.
    fn duty(&self) -> &'static [&'static str] {
        match self.duty {
            Some(_) => &["Service", "Duty"],
            None => &["Service"],
        }
    }
}

impl<W: io::Write + Send + 'static> Follower for Figures<W> {
    fn answered(&self, answer: &Answer<'_>, at: SystemTime) {
        let metrics = answer.metrics;
        let (input, output) = (metrics.usage.prompt().0, metrics.usage.written().0);
        let course = metrics.course.as_deref();
        let degraded = course.is_some_and(|course| course.degraded.is_some());
        let cold = self.cold.swap(false, Ordering::Relaxed);
        let mut figures = vec![
            count("Requests", 1.0),
            count("Errors", flag(is_ours(answer.outcome))),
            millis("Latency", metrics.total),
            count("ColdStarts", flag(cold)),
            count("Degraded", flag(degraded)),
            count("InputTokens", f64::from(input)),
            count("OutputTokens", f64::from(output)),
        ];
        figures.extend(metrics.first_chunk.map(|first| millis("FirstChunk", first)));
        figures.extend(metrics.tokens_per_second().map(|value| Figure {
            name: "OutputTokensPerSecond",
            unit: Unit::PerSecond,
            value,
        }));
        figures.extend(metrics.cost.map(|cost| Figure {
            name: "CostUsd",
            unit: Unit::None,
            value: cost.as_dollars(),
        }));
        let texts = [
            ("Model", metrics.model.as_str()),
            ("Architecture", architecture()),
            ("Operation", answer.operation.as_str()),
            ("Outcome", answer.outcome.error_type()),
        ];
        let sets = [
            Set {
                by: self.duty(),
                figures: BY_DUTY,
            },
            Set {
                by: &["Service", "Model"],
                figures: BY_MODEL,
            },
            Set {
                by: &["Service", "Architecture"],
                figures: BY_ARCHITECTURE,
            },
        ];
        self.write(at, &texts, &figures, &sets);
    }

    fn http(&self, request: &Http<'_>, at: SystemTime) {
        // What went well was told by its answer, or is a probe that comes every few seconds.
        if request.status < busbar_server::FIRST_REFUSAL {
            return;
        }
        let status = request.status.to_string();
        let texts = [
            ("Route", request.route),
            ("Method", request.method),
            ("Status", &status),
        ];
        let sets = [Set {
            by: self.duty(),
            figures: &["HttpErrors"],
        }];
        self.write(at, &texts, &[count("HttpErrors", 1.0)], &sets);
    }

    fn pictured(&self, model: &str, at: SystemTime) {
        let sets = [
            Set {
                by: self.duty(),
                figures: &["Pictures"],
            },
            Set {
                by: &["Service", "Model"],
                figures: &["Pictures"],
            },
        ];
        self.write(at, &[("Model", model)], &[count("Pictures", 1.0)], &sets);
    }
}

impl<W> std::fmt::Debug for Figures<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Figures")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// Whether it is us, or whoever we asked, who has to do something about it.
fn is_ours(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Finished | Outcome::Cancelled => false,
        Outcome::Failed(kind) => !matches!(
            kind,
            ErrorKind::Cancelled
                | ErrorKind::Invalid
                | ErrorKind::NotFound
                | ErrorKind::TooLarge
                | ErrorKind::Unsupported
        ),
    }
}

fn count(name: &'static str, value: f64) -> Figure {
    Figure {
        name,
        unit: Unit::Count,
        value,
    }
}

fn millis(name: &'static str, time: Duration) -> Figure {
    Figure {
        name,
        unit: Unit::Milliseconds,
        value: (time.as_secs_f64() * 1e6).round() / 1e3,
    }
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}

/// As those who rent out processors call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use busbar_core::{AnswerMetrics, ModelId, Money, Tokens, Usage};
    use busbar_telemetry::Operation;
    use serde_json::{Value, json};

    use super::*;

    /// Standard output, kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Kept {
        fn lines(&self) -> Vec<Value> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        }
    }

    fn figures(duty: Option<&str>, front: Front) -> (Kept, Figures<Kept>) {
        let settings = Settings {
            emf: Some("Busbar".to_owned()),
            name: "busbar-dev".to_owned(),
            duty: duty.map(str::to_owned),
        };
        let kept = Kept::default();
        (kept.clone(), Figures::to(kept, &settings, front).unwrap())
    }

    fn answer(metrics: &AnswerMetrics, outcome: Outcome) -> Answer<'_> {
        Answer {
            operation: Operation::Chat,
            outcome,
            metrics,
        }
    }

    fn metrics() -> AnswerMetrics {
        AnswerMetrics {
            model: ModelId::new("far"),
            first_chunk: Some(Duration::from_millis(250)),
            total: Duration::from_millis(1250),
            usage: Usage {
                input: Tokens(7),
                output: Tokens(21),
                ..Usage::default()
            },
            cost: Some(Money::picodollars(1_500_000_000)),
            cost_estimated: false,
            course: None,
        }
    }

    #[test]
    fn an_answer_is_one_line_with_all_its_figures() {
        let (kept, figures) = figures(Some("sync-api"), Front::Gateway);
        let at = UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
        figures.answered(&answer(&metrics(), Outcome::Finished), at);
        let lines = kept.lines();
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line["_aws"]["Timestamp"], json!(1_767_225_600_123_u64));
        for (name, value) in [
            ("Service", json!("busbar-dev")),
            ("Duty", json!("sync-api")),
            ("Model", json!("far")),
            ("Requests", json!(1)),
            ("Errors", json!(0)),
            ("Latency", json!(1250)),
            ("FirstChunk", json!(250)),
            ("ColdStarts", json!(1)),
            ("InputTokens", json!(7)),
            ("OutputTokens", json!(21)),
            ("OutputTokensPerSecond", json!(20)),
            ("CostUsd", json!(0.0015)),
        ] {
            assert_eq!(line[name], value, "{name}");
        }
        let by: Vec<_> = line["_aws"]["CloudWatchMetrics"]
            .as_array()
            .unwrap()
            .iter()
            .collect();
        let dimensions: Vec<_> = by.iter().map(|set| set["Dimensions"][0].clone()).collect();
        assert_eq!(
            dimensions,
            [
                json!(["Service", "Duty"]),
                json!(["Service", "Model"]),
                json!(["Service", "Architecture"])
            ]
        );
    }

    #[test]
    fn only_the_first_answer_of_a_function_is_cold_and_what_has_no_price_costs_nothing_known() {
        let (kept, figures) = figures(None, Front::Gateway);
        let unpriced = AnswerMetrics {
            cost: None,
            ..metrics()
        };
        let failed = Outcome::Failed(ErrorKind::BadUpstream);
        figures.answered(&answer(&unpriced, failed), UNIX_EPOCH);
        figures.answered(
            &answer(&unpriced, Outcome::Failed(ErrorKind::Invalid)),
            UNIX_EPOCH,
        );
        let lines = kept.lines();
        let told = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
        assert_eq!(told("ColdStarts"), [json!(1), json!(0)]);
        assert_eq!(told("Errors"), [json!(1), json!(0)]);
        assert_eq!(told("CostUsd"), [Value::Null, Value::Null]);
        assert_eq!(
            lines[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["Service"]])
        );
    }

    #[test]
    fn refusals_and_pictures_are_counted_and_probes_are_not() {
        let (kept, figures) = figures(Some("sync-api"), Front::Listener);
        for status in [200, 404] {
            let request = Http {
                route: "/readyz",
                method: "GET",
                status,
                took: Duration::ZERO,
            };
            figures.http(&request, UNIX_EPOCH);
        }
        figures.pictured("painter", UNIX_EPOCH);
        let lines = kept.lines();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["HttpErrors"], &lines[0]["Status"]),
            (&json!(1), &json!("404"))
        );
        assert_eq!(
            (&lines[1]["Pictures"], &lines[1]["Model"]),
            (&json!(1), &json!("painter"))
        );
    }
}
