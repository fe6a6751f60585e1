//! Pictures and the jobs that they are: seconds a step, pictures, ends, how many wait.

use std::time::Duration;

use super::{
    Metrics, Outcome,
    cells::{Counter, Gauge, Histogram},
    family::Family,
    names,
    render::{counters, histograms, pairs},
    text::Text,
};

/// A step takes from some milliseconds on a graphics processor to minutes on an old one.
const STEP_SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0,
];

/// The cells.
#[derive(Debug)]
pub(super) struct ImageCells {
    /// Model.
    steps: Family<Histogram, 1>,
    /// Model.
    pictures: Family<Counter, 1>,
    /// Model, how it ended.
    generations: Family<Counter, 2>,
    /// Queue, `ready` or `leased`.
    waiting: Family<Gauge, 2>,
}

impl ImageCells {
    pub(super) fn new() -> Self {
        Self {
            steps: Family::new(|| Histogram::new(STEP_SECONDS)),
            pictures: Family::new(Counter::default),
            generations: Family::new(Counter::default),
            waiting: Family::new(Gauge::default),
        }
    }

    pub(super) fn render(&self, text: &mut Text) {
        histograms(text, &names::IMAGE_STEP, ["model"], &self.steps);
        counters(text, &names::IMAGES, ["model"], &self.pictures);
        counters(
            text,
            &names::IMAGE_GENERATIONS,
            ["model", "outcome"],
            &self.generations,
        );
        text.head(&names::JOBS_QUEUED);
        self.waiting.each(|values, cell| {
            let labels = pairs(["queue", "state"], values);
            text.sample(&names::JOBS_QUEUED, &labels, cell.get() as f64);
        });
    }
}

impl Metrics {
    /// A denoising step took so long.
    pub fn image_step(&self, model: &str, took: Duration) {
        self.images.steps.with([model]).observe(took.as_secs_f64());
    }

    /// A picture was made.
    pub fn image_made(&self, model: &str) {
        self.images.pictures.with([model]).add(1);
        self.tell(|follower, at| follower.pictured(model, at));
    }

    /// A request for pictures ended.
    pub fn images_ended(&self, model: &str, outcome: Outcome) {
        let how = match outcome.error_type() {
            "" => "finished",
            error => error,
        };
        self.images.generations.with([model, how]).add(1);
    }

    /// So many messages of a queue can be handed out, and so many are leased or delayed.
    pub fn jobs_queued(&self, queue: &str, ready: u64, leased: u64) {
        let level = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.images.waiting.with([queue, "ready"]).set(level(ready));
        self.images.waiting.with([queue, "leased"]).set(level(leased));
    }
}
