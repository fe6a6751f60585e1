//! A model whose steps, pictures and ends are counted.

use std::{sync::Arc, time::Instant};

use busbar_core::{
    BoxFuture, Clock, Error, ErrorKind, ImageEvent, ImageModel, ImageRequest, ImageStream, Result,
};
use busbar_telemetry::{Metrics, Outcome};
use futures_util::StreamExt as _;

/// A model that counts what it does.
#[derive(Debug)]
pub(crate) struct Measured {
    name: String,
    model: Arc<dyn ImageModel>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Measured {
    pub(crate) fn new(
        name: &str,
        model: Arc<dyn ImageModel>,
        metrics: Arc<Metrics>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            model,
            metrics,
            clock,
        }
    }
}

impl ImageModel for Measured {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        Box::pin(async move {
            let mut run = Run {
                name: self.name.clone(),
                metrics: self.metrics.clone(),
                clock: self.clock.clone(),
                last: self.clock.now(),
                outcome: Some(Outcome::Cancelled),
            };
            let stream = match self.model.generate(request).await {
                Ok(stream) => stream,
                Err(error) => {
                    run.end(Outcome::Failed(error.kind()));
                    return Err(error);
                }
            };
            let measured = stream.map(move |event| {
                run.note(&event);
                event
            });
            Ok(Box::pin(measured) as ImageStream)
        })
    }
}

/// One request. Dropped before its end it was cancelled.
struct Run {
    name: String,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    last: Instant,
    /// How it will have ended, unless that was told.
    outcome: Option<Outcome>,
}

impl Run {
    fn note(&mut self, event: &Result<ImageEvent, Error>) {
        match event {
            Ok(ImageEvent::Step { .. }) => {
                let now = self.clock.now();
                let took = now.saturating_duration_since(self.last);
                self.last = now;
                self.metrics.image_step(&self.name, took);
            }
            Ok(ImageEvent::Picture(_)) => {
                // What the next step is measured from: writing a picture is no step.
                self.last = self.clock.now();
                self.metrics.image_made(&self.name);
            }
            Ok(ImageEvent::Preview { .. }) => {}
            Ok(ImageEvent::Done(_)) => self.end(Outcome::Finished),
            Err(error) if error.kind() == ErrorKind::Cancelled => self.end(Outcome::Cancelled),
            Err(error) => self.end(Outcome::Failed(error.kind())),
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if self.outcome.take().is_some() {
            self.metrics.images_ended(&self.name, outcome);
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            self.metrics.images_ended(&self.name, outcome);
        }
    }
}
