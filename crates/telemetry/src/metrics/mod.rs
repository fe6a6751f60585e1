//! Metrics by atomics, scraped as Prometheus text.
//!
//! Callers say what happened in the vocabulary of `core`; which numbers follow from it, and what
//! they are called, is decided here. Label values come from bounded sets: a route is the pattern
//! (`/v1/streams/{stream}`), a model one that is loaded, never what a client wrote.

mod cells;
mod engine;
mod family;
mod follow;
mod images;
pub mod names;
mod render;
mod routes;
mod text;

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak},
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{AnswerMetrics, Clock, ErrorKind, TargetStatus};

use cells::{Counter, Gauge, Histogram};
pub use engine::EngineFigures;
use family::Family;
pub use follow::Follower;
use images::ImageCells;
pub use text::CONTENT_TYPE;

/// Upper bounds in seconds, as OpenTelemetry advises for HTTP and stretched to long generations.
const HTTP_SECONDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];
/// The four below are the bounds that OpenTelemetry's GenAI conventions prescribe.
const DURATION_SECONDS: &[f64] = &[
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];
const FIRST_TOKEN_SECONDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
const PER_TOKEN_SECONDS: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5,
];
const TOKENS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Which build this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// The version, as `busbar version` prints it.
    pub version: String,
    /// The engines and accelerators compiled in, joined by commas.
    pub features: String,
    /// Operating system and processor: `linux-x86_64`.
    pub platform: String,
}

/// One HTTP request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Http<'a> {
    /// The route's pattern; `unmatched` where no route took it.
    pub route: &'a str,
    /// The method.
    pub method: &'a str,
    /// The status.
    pub status: u16,
    /// From its arrival to the end of its body.
    pub took: Duration,
}

/// What a generation request asked for: `gen_ai.operation.name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A conversation.
    Chat,
    /// The continuation of a text.
    TextCompletion,
    /// Vectors.
    Embeddings,
    /// A summary. OpenTelemetry has no name for it.
    Summarize,
    /// Labels for pictures.
    Classify,
    /// Pictures.
    Image,
}

/// How a generation request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Whole.
    Finished,
    /// The client went away or asked to stop.
    Cancelled,
    /// With this kind of error.
    Failed(ErrorKind),
}

/// One generation request that ended, however it did.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What was asked for.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
    /// Its figures, as far as they are known.
    pub metrics: &'a AnswerMetrics,
}

/// Something that goes on while this is held.
#[derive(Debug)]
#[must_use = "it counts for as long as it is held"]
pub struct Under(Arc<Gauge>);

impl Under {
    fn enter(gauge: &Arc<Gauge>) -> Self {
        gauge.add(1);
        Self(Arc::clone(gauge))
    }
}

impl Drop for Under {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

type EngineSource = dyn Fn() -> EngineFigures + Send + Sync;

/// An engine's figures are shown for as long as this is held.
#[must_use = "the figures are shown for as long as it is held"]
pub struct Watched(#[expect(dead_code, reason = "held, not read")] Arc<EngineSource>);

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}
type TargetSource = Box<dyn Fn() -> Vec<TargetStatus> + Send + Sync>;

/// All metrics of the process.
pub struct Metrics {
    clock: Arc<dyn Clock>,
    started: (Instant, SystemTime),
    build: BuildInfo,
    http_requests: Family<Counter, 3>,
    http_duration: Family<Histogram, 2>,
    http_in_flight: Arc<Gauge>,
    websockets: Arc<Gauge>,
    streams: Arc<Gauge>,
    resumed: Counter,
    disconnects: Counter,
    /// Operation, model, `input` or `output`.
    token_usage: Family<Histogram, 3>,
    /// Operation, model, kind of error or nothing.
    request_duration: Family<Histogram, 3>,
    first_token: Family<Histogram, 2>,
    per_output_token: Family<Histogram, 2>,
    /// Picodollars.
    cost: Family<Counter, 2>,
    unpriced: Family<Counter, 2>,
    estimated: Family<Counter, 2>,
    images: ImageCells,
    routes: routes::Routes,
    targets: RwLock<Option<TargetSource>>,
    engines: RwLock<Vec<Weak<EngineSource>>>,
    config_version: Gauge,
    config_current: Gauge,
    config_taken: Counter,
    config_refused: Counter,
    follower: OnceLock<Box<dyn Follower>>,
}

impl Metrics {
    /// Metrics that begin now.
    pub fn new(build: BuildInfo, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            started: (clock.now(), clock.wall()),
            clock,
            build,
            http_requests: Family::new(Counter::default),
            http_duration: Family::new(|| Histogram::new(HTTP_SECONDS)),
            http_in_flight: Arc::default(),
            websockets: Arc::default(),
            streams: Arc::default(),
            resumed: Counter::default(),
            disconnects: Counter::default(),
            token_usage: Family::new(|| Histogram::new(TOKENS)),
            request_duration: Family::new(|| Histogram::new(DURATION_SECONDS)),
            first_token: Family::new(|| Histogram::new(FIRST_TOKEN_SECONDS)),
            per_output_token: Family::new(|| Histogram::new(PER_TOKEN_SECONDS)),
            cost: Family::new(Counter::default),
            unpriced: Family::new(Counter::default),
            estimated: Family::new(Counter::default),
            images: ImageCells::new(),
            routes: routes::Routes::new(),
            targets: RwLock::default(),
            engines: RwLock::default(),
            config_version: Gauge::default(),
            config_current: Gauge::default(),
            config_taken: Counter::default(),
            config_refused: Counter::default(),
            follower: OnceLock::new(),
        })
    }

    /// An HTTP request is being answered for as long as the result is held.
    pub fn http_in_flight(&self) -> Under {
        Under::enter(&self.http_in_flight)
    }

    /// A WebSocket connection is open for as long as the result is held.
    pub fn websocket(&self) -> Under {
        Under::enter(&self.websockets)
    }

    /// An answer is being streamed, on whatever connection, for as long as the result is held.
    pub fn stream(&self) -> Under {
        Under::enter(&self.streams)
    }

    /// A client came back to a stream.
    pub fn stream_resumed(&self) {
        self.resumed.add(1);
    }

    /// A client went away before its answer's end.
    pub fn client_disconnected(&self) {
        self.disconnects.add(1);
    }

    /// An HTTP request was answered.
    pub fn http(&self, request: Http<'_>) {
        let mut digits = [0; 3];
        self.http_requests
            .with([
                request.route,
                request.method,
                status_text(request.status, &mut digits),
            ])
            .add(1);
        self.http_duration
            .with([request.route, request.method])
            .observe(request.took.as_secs_f64());
        self.tell(|follower, at| follower.http(&request, at));
    }

    /// A generation request ended. To be called once for each that was admitted.
    pub fn answered(&self, answer: Answer<'_>) {
        let operation = answer.operation.as_str();
        let (model, metrics) = (answer.metrics.model.as_str(), answer.metrics);
        self.request_duration
            .with([operation, model, answer.outcome.error_type()])
            .observe(metrics.total.as_secs_f64());
        for (direction, tokens) in [
            ("input", metrics.usage.prompt()),
            ("output", metrics.usage.written()),
        ] {
            // An answer that failed before it read anything used nothing: a zero would drag the median down.
            if tokens.0 > 0 {
                self.token_usage
                    .with([operation, model, direction])
                    .observe(f64::from(tokens.0));
            }
        }
        if let Some(first) = metrics.first_chunk {
            self.first_token
                .with([operation, model])
                .observe(first.as_secs_f64());
        }
        match metrics.cost {
            Some(cost) => self.cost.with([operation, model]).add(cost.as_picodollars()),
            None => self.unpriced.with([operation, model]).add(1),
        }
        if metrics.cost_estimated {
            self.estimated.with([operation, model]).add(1);
        }
        if let Some(course) = &metrics.course {
            self.routes.count(course);
        }
        if let Some(speed) = metrics.tokens_per_second() {
            self.per_output_token
                .with([operation, model])
                .observe(1.0 / speed);
        }
        self.tell(|follower, at| follower.answered(&answer, at));
    }

    /// How the targets of all routes are, read at each scrape.
    pub fn watch_targets(&self, targets: impl Fn() -> Vec<TargetStatus> + Send + Sync + 'static) {
        *self.targets.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(targets));
    }

    /// Figures of an engine, read at each scrape for as long as the result is held.
    pub fn watch_engine(&self, figures: impl Fn() -> EngineFigures + Send + Sync + 'static) -> Watched {
        let figures: Arc<EngineSource> = Arc::new(figures);
        let mut engines = self.engines.write().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|engine| engine.strong_count() > 0);
        engines.push(Arc::downgrade(&figures));
        Watched(figures)
    }

    /// A configuration serves from now on, as the version of this number where versions are kept.
    pub fn configuration_taken(&self, version: Option<u64>) {
        self.config_taken.add(1);
        self.config_current.set(1);
        let version = version.and_then(|version| i64::try_from(version).ok());
        self.config_version.set(version.unwrap_or(0));
    }

    /// What the source of the configuration says now cannot serve.
    pub fn configuration_refused(&self) {
        self.config_refused.add(1);
        self.config_current.set(0);
    }

    /// What the source of the configuration says now is what serves.
    pub fn configuration_current(&self) {
        self.config_current.set(1);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics")
            .field("build", &self.build)
            .finish_non_exhaustive()
    }
}

impl Operation {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::Embeddings => "embeddings",
            Self::Summarize => "summarize",
            Self::Classify => "classify",
            Self::Image => "image",
        }
    }
}

impl Outcome {
    /// `error.type`; empty where there was none, which Prometheus takes as no label.
    pub fn error_type(self) -> &'static str {
        match self {
            Self::Finished => "",
            Self::Cancelled | Self::Failed(ErrorKind::Cancelled) => "cancelled",
            Self::Failed(ErrorKind::Invalid) => "invalid",
            Self::Failed(ErrorKind::NotFound) => "not_found",
            Self::Failed(ErrorKind::TooLarge) => "too_large",
            Self::Failed(ErrorKind::Unsupported) => "unsupported",
            Self::Failed(ErrorKind::Overloaded { .. }) => "overloaded",
            Self::Failed(ErrorKind::Denied) => "denied",
            Self::Failed(ErrorKind::RateLimited { .. }) => "rate_limited",
            Self::Failed(ErrorKind::BadUpstream) => "bad_upstream",
            Self::Failed(ErrorKind::DeadlineExceeded) => "timeout",
            Self::Failed(ErrorKind::Unavailable) => "unavailable",
            Self::Failed(ErrorKind::Internal) => "internal",
        }
    }
}

/// The three digits of a status, without an allocation.
fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    let mut rest = status;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    std::str::from_utf8(digits).unwrap_or("000")
}
