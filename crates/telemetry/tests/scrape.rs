//! What a scraper sees after things have happened.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{AnswerMetrics, Clock, ErrorKind, Tokens, Usage};
use busbar_telemetry::{Answer, BuildInfo, EngineFigures, Http, Metrics, Operation, Outcome, names};

#[derive(Debug)]
struct Stopped(Instant);

impl Clock for Stopped {
    fn now(&self) -> Instant {
        self.0
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)
    }
}

fn metrics() -> Arc<Metrics> {
    let build = BuildInfo {
        version: "1.2.3".into(),
        features: "text".into(),
        platform: "linux-x86_64".into(),
    };
    Metrics::new(build, Arc::new(Stopped(Instant::now())))
}

fn answer() -> AnswerMetrics {
    AnswerMetrics {
        model: "m".into(),
        first_chunk: Some(Duration::from_millis(30)),
        total: Duration::from_millis(1_030),
        usage: Usage {
            input: Tokens(5),
            cached_input: Tokens(7),
            output: Tokens(11),
            ..Usage::default()
        },
        cost: None,
        cost_estimated: false,
        course: None,
    }
}

fn value(text: &str, sample: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(sample))
        .unwrap_or_else(|| panic!("no sample {sample} in:\n{text}"));
    line.trim().parse().unwrap()
}

#[test]
fn every_name_of_the_table_is_written_with_its_kind() {
    let text = metrics().render();
    for row in names::ALL {
        let process = row.name.starts_with("process_") && !cfg!(target_os = "linux");
        assert!(
            process || text.contains(&format!("# TYPE {} ", row.name)),
            "{} is in the table but not in the text",
            row.name
        );
    }
}

#[test]
fn a_request_counts_by_its_route_and_status() {
    let metrics = metrics();
    for status in [200, 200, 404] {
        metrics.http(Http {
            route: "/v1/models",
            method: "GET",
            status,
            took: Duration::from_millis(2),
        });
    }
    let text = metrics.render();
    let ok = r#"busbar_http_requests_total{route="/v1/models",method="GET",status="200"}"#;
    assert_eq!(value(&text, ok), 2.0);
    let duration =
        r#"http_server_request_duration_seconds_count{http_route="/v1/models",http_request_method="GET"}"#;
    assert_eq!(value(&text, duration), 3.0);
}

#[test]
fn an_answer_shows_under_the_names_of_opentelemetry() {
    let metrics = metrics();
    metrics.answered(Answer {
        operation: Operation::Chat,
        outcome: Outcome::Finished,
        metrics: &answer(),
    });
    let text = metrics.render();
    let labels = r#"gen_ai_operation_name="chat",gen_ai_response_model="m""#;
    let usage = |kind| {
        value(
            &text,
            &format!("gen_ai_client_token_usage_sum{{{labels},gen_ai_token_type=\"{kind}\"}}"),
        )
    };
    assert_eq!((usage("input"), usage("output")), (12.0, 11.0));
    let sum = |name| value(&text, &format!("{name}_seconds_sum{{{labels}}}"));
    assert_eq!(sum("gen_ai_server_request_duration"), 1.03);
    assert_eq!(sum("gen_ai_server_time_to_first_token"), 0.03);
    assert_eq!(sum("gen_ai_server_time_per_output_token"), 0.1);
}

#[test]
fn a_failure_is_labelled_with_its_kind() {
    let metrics = metrics();
    let failed = AnswerMetrics {
        first_chunk: None,
        usage: Usage::default(),
        ..answer()
    };
    metrics.answered(Answer {
        operation: Operation::Summarize,
        outcome: Outcome::Failed(ErrorKind::DeadlineExceeded),
        metrics: &failed,
    });
    let text = metrics.render();
    assert!(
        text.contains(r#"gen_ai_response_model="m",error_type="timeout""#),
        "{text}"
    );
    assert!(
        !text.contains("gen_ai_client_token_usage_sum"),
        "nothing was used: {text}"
    );
}

#[test]
fn what_is_under_way_counts_until_it_is_dropped() {
    let metrics = metrics();
    let first = metrics.stream();
    let second = metrics.stream();
    assert_eq!(value(&metrics.render(), "busbar_streams_active "), 2.0);
    drop(first);
    assert_eq!(value(&metrics.render(), "busbar_streams_active "), 1.0);
    drop(second);
    assert_eq!(value(&metrics.render(), "busbar_streams_active "), 0.0);
}

#[test]
fn an_engine_is_asked_at_each_scrape() {
    let metrics = metrics();
    let asked = std::sync::atomic::AtomicU64::new(0);
    let watched = metrics.watch_engine(move || EngineFigures {
        model: "m".into(),
        cancelled: asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1,
        ..EngineFigures::default()
    });
    let sample = r#"busbar_engine_requests_cancelled_total{model="m"}"#;
    assert_eq!(value(&metrics.render(), sample), 1.0);
    assert_eq!(value(&metrics.render(), sample), 2.0);
    drop(watched);
    assert!(
        !metrics.render().contains(sample),
        "one that is gone is not shown"
    );
}

#[test]
fn pictures_are_counted_by_model_and_by_how_they_ended() {
    let metrics = metrics();
    metrics.image_step("sd", Duration::from_millis(400));
    metrics.image_made("sd");
    metrics.images_ended("sd", Outcome::Finished);
    metrics.images_ended("sd", Outcome::Failed(ErrorKind::Unavailable));
    metrics.jobs_queued("jobs-image", 7, 2);
    metrics.jobs_queued("jobs-image", 3, 1);
    let text = metrics.render();
    let bucket = "busbar_image_step_duration_seconds_bucket{model=\"sd\",le=\"0.5\"}";
    assert_eq!(value(&text, bucket), 1.0);
    assert_eq!(value(&text, "busbar_images_total{model=\"sd\"}"), 1.0);
    for outcome in ["finished", "unavailable"] {
        let sample = format!("busbar_image_generations_total{{model=\"sd\",outcome=\"{outcome}\"}}");
        assert_eq!(value(&text, &sample), 1.0);
    }
    let ready = "busbar_jobs_queued{queue=\"jobs-image\",state=\"ready\"}";
    assert_eq!(value(&text, ready), 3.0);
}
