//! A scrape: walks the table of names and writes each metric's samples.
//!
//! Decides no name and counts nothing.

use std::{
    sync::{PoisonError, Weak},
    time::{Duration, UNIX_EPOCH},
};

use busbar_core::Money;

use super::{
    EngineFigures, Metrics,
    cells::{Counter, Histogram},
    family::Family,
    names::{self, Row},
    routes,
    text::Text,
};
use crate::process::Process;

/// One figure of an engine.
type Figure = fn(&EngineFigures) -> u64;

/// An engine's figure, by the row that shows it.
const ENGINE: &[(Row, Figure)] = &[
    (names::SLOTS, |engine| engine.slots),
    (names::SLOTS_BUSY, |engine| engine.slots_busy),
    (names::QUEUE_DEPTH, |engine| engine.queue_depth),
    (names::QUEUE_CAPACITY, |engine| engine.queue_capacity),
    (names::PROMPT_TOKENS, |engine| engine.prompt_tokens),
    (names::REUSED_TOKENS, |engine| engine.reused_tokens),
    (names::OUTPUT_TOKENS, |engine| engine.output_tokens),
    (names::PASSES, |engine| engine.passes),
    (names::FINISHED, |engine| engine.finished),
    (names::CANCELLED, |engine| engine.cancelled),
    (names::EXPIRED, |engine| engine.expired),
    (names::FAILED, |engine| engine.failed),
];

impl Metrics {
    /// All metrics as text of the type [`super::CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = Text::default();
        self.process(&mut text);
        one(
            &mut text,
            &names::CONFIG_VERSION,
            self.config_version.get() as f64,
        );
        one(
            &mut text,
            &names::CONFIG_CURRENT,
            self.config_current.get() as f64,
        );
        one(&mut text, &names::CONFIG_TAKEN, self.config_taken.get() as f64);
        one(
            &mut text,
            &names::CONFIG_REFUSED,
            self.config_refused.get() as f64,
        );
        self.traffic(&mut text);
        self.answers(&mut text);
        self.images.render(&mut text);
        self.routes(&mut text);
        self.engines(&mut text);
        text.finish()
    }

    fn process(&self, text: &mut Text) {
        let build = &self.build;
        text.head(&names::BUILD_INFO);
        let labels = [
            ("version", build.version.as_str()),
            ("features", &build.features),
            ("platform", &build.platform),
        ];
        text.sample(&names::BUILD_INFO, &labels, 1.0);
        let (started, wall) = self.started;
        let since_1970 = wall.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        one(text, &names::START_TIME, since_1970.as_secs_f64());
        let uptime = self.clock.now().saturating_duration_since(started);
        one(text, &names::UPTIME, uptime.as_secs_f64());
        let process = Process::read();
        let figures = [
            (
                names::RESIDENT_MEMORY,
                process.resident_bytes.map(|bytes| bytes as f64),
            ),
            (names::CPU_SECONDS, process.cpu_seconds),
            (names::OPEN_FDS, process.open_fds.map(|fds| fds as f64)),
        ];
        for (row, value) in figures {
            if let Some(value) = value {
                one(text, &row, value);
            }
        }
    }

    fn traffic(&self, text: &mut Text) {
        counters(
            text,
            &names::HTTP_REQUESTS,
            ["route", "method", "status"],
            &self.http_requests,
        );
        // OpenTelemetry's names of these labels, since the metric's name is theirs too.
        let labels = ["http_route", "http_request_method"];
        histograms(text, &names::HTTP_DURATION, labels, &self.http_duration);
        one(text, &names::HTTP_IN_FLIGHT, self.http_in_flight.get() as f64);
        one(text, &names::WEBSOCKETS, self.websockets.get() as f64);
        one(text, &names::STREAMS, self.streams.get() as f64);
        one(text, &names::STREAMS_RESUMED, self.resumed.get() as f64);
        one(text, &names::DISCONNECTS, self.disconnects.get() as f64);
    }

    fn answers(&self, text: &mut Text) {
        const OPERATION: &str = "gen_ai_operation_name";
        const MODEL: &str = "gen_ai_response_model";
        let labels = [OPERATION, MODEL, "gen_ai_token_type"];
        histograms(text, &names::TOKEN_USAGE, labels, &self.token_usage);
        let labels = [OPERATION, MODEL, "error_type"];
        histograms(text, &names::REQUEST_DURATION, labels, &self.request_duration);
        histograms(text, &names::FIRST_TOKEN, [OPERATION, MODEL], &self.first_token);
        let labels = [OPERATION, MODEL];
        histograms(text, &names::PER_OUTPUT_TOKEN, labels, &self.per_output_token);
        text.head(&names::COST);
        self.cost.each(|values, cell| {
            let dollars = Money::picodollars(cell.get()).as_dollars();
            text.sample(&names::COST, &pairs(labels, values), dollars);
        });
        counters(text, &names::ESTIMATED, labels, &self.estimated);
        counters(text, &names::UNPRICED, labels, &self.unpriced);
    }

    fn routes(&self, text: &mut Text) {
        let counts = &self.routes;
        let labels = ["route", "target", "outcome"];
        counters(text, &names::ROUTE_ATTEMPTS, labels, &counts.attempts);
        counters(text, &names::ROUTE_DEGRADED, ["route", "step"], &counts.degraded);
        counters(text, &names::ROUTE_CACHE, ["route", "result"], &counts.cache);
        counters(text, &names::ROUTE_RESUMED, ["route"], &counts.resumed);
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        let targets = targets.as_ref().map_or_else(Vec::new, |targets| targets());
        routes::targets(text, &targets);
    }

    fn engines(&self, text: &mut Text) {
        let engines: Vec<EngineFigures> = {
            let sources = self.engines.read().unwrap_or_else(PoisonError::into_inner);
            let held = sources.iter().filter_map(Weak::upgrade);
            held.map(|figures| figures()).collect()
        };
        for (row, figure) in ENGINE {
            text.head(row);
            for engine in &engines {
                text.sample(row, &[("model", &engine.model)], figure(engine) as f64);
            }
        }
    }
}

fn one(text: &mut Text, row: &Row, value: f64) {
    text.head(row);
    text.sample(row, &[], value);
}

pub(super) fn counters<const N: usize>(
    text: &mut Text,
    row: &Row,
    labels: [&str; N],
    family: &Family<Counter, N>,
) {
    text.head(row);
    family.each(|values, cell| text.sample(row, &pairs(labels, values), cell.get() as f64));
}

pub(super) fn histograms<const N: usize>(
    text: &mut Text,
    row: &Row,
    labels: [&str; N],
    family: &Family<Histogram, N>,
) {
    text.head(row);
    family.each(|values, cell| text.histogram(row, &pairs(labels, values), cell));
}

/// Labels without those that are empty: to Prometheus they are the same as absent ones.
pub(super) fn pairs<'a, const N: usize>(
    labels: [&'a str; N],
    values: &'a [Box<str>; N],
) -> Vec<(&'a str, &'a str)> {
    let values = values.iter().map(|value| &**value);
    labels
        .into_iter()
        .zip(values)
        .filter(|(_, value)| !value.is_empty())
        .collect()
}
