//! One thread that looks at pictures: decode, prepare, compute, name.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use busbar_core::{
    Classification, ClassifyTimings, Clock, Error, ErrorKind, ModelId, Picture, Pixels, Prediction, Result,
    Sight,
};

use crate::{
    Description,
    labels::Labels,
    picture::{PictureLimits, decode},
    preprocess,
    queue::{Job, Queue},
    runtime::Network,
};

/// What all workers of an engine share.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) queue: Queue,
    pub(crate) description: Description,
    pub(crate) labels: Labels,
    pub(crate) limits: PictureLimits,
    pub(crate) id: ModelId,
    pub(crate) version: Option<String>,
    pub(crate) clock: Arc<dyn Clock>,
}

pub(crate) struct Worker {
    pub(crate) bench: Arc<Bench>,
    pub(crate) network: Box<dyn Network>,
    /// What the network is given: kept, because it is the same size each time.
    pub(crate) numbers: Vec<f32>,
}

impl Worker {
    /// Works until the queue is closed.
    pub(crate) fn run(mut self) {
        while let Some(job) = self.bench.clone().queue.wait() {
            // Decoders have been known to panic on damaged files: that must cost one request only.
            let answer = catch_unwind(AssertUnwindSafe(|| self.look(&job)))
                .unwrap_or_else(|_| Err(Error::internal("looking at the picture failed")));
            let Job { reply, held, .. } = job;
            // Free before the answer is there: who has it may ask whether anything is under way.
            drop(held);
            // Who has gone needs no answer.
            let _ = reply.send(answer);
        }
    }

    fn look(&mut self, job: &Job) -> Result<Classification> {
        let bench = Arc::clone(&self.bench);
        let request = &job.request;
        let clock = &*bench.clock;
        let began = clock.now();
        let mut timings = ClassifyTimings {
            queue: began.saturating_duration_since(job.arrived),
            ..ClassifyTimings::default()
        };
        // One after another, not in a batch: none of the runtimes is quicker at several at once on one
        // thread (`bench/vision.py --pictures 4`), and a request that was cancelled ends sooner.
        let mut sights = Vec::with_capacity(request.pictures.len());
        for (at, picture) in request.pictures.iter().enumerate() {
            self.go_on(job)?;
            let pixels = timed(clock, &mut timings.decode, || self.pixels(picture))
                .map_err(|error| error.with_param(request.param_of(at)))?;
            timed(clock, &mut timings.preprocess, || {
                self.numbers.clear();
                preprocess(&pixels, &bench.description, &mut self.numbers);
            });
            let scores = timed(clock, &mut timings.inference, || self.network.run(&self.numbers))?;
            sights.push(Sight {
                predictions: bench.predictions(job, scores),
                width: pixels.width(),
                height: pixels.height(),
            });
        }
        Ok(Classification {
            model: bench.id.clone(),
            version: bench.version.clone(),
            sights,
            timings,
        })
    }

    fn go_on(&self, job: &Job) -> Result<()> {
        if job.is_abandoned() {
            return Err(Error::new(ErrorKind::Cancelled, "the request was cancelled"));
        }
        if job.request.context.expired(self.bench.clock.now()) {
            return Err(Error::new(
                ErrorKind::DeadlineExceeded,
                "the deadline passed before the picture was looked at",
            ));
        }
        Ok(())
    }

    fn pixels(&self, picture: &Picture) -> Result<Pixels> {
        match picture {
            Picture::Encoded(file) => decode(file, &self.bench.limits),
            Picture::Pixels(pixels) => Ok(pixels.clone()),
        }
    }
}

impl Bench {
    fn predictions(&self, job: &Job, mut scores: Vec<f32>) -> Vec<Prediction> {
        if self.description.softmax {
            crate::direct::softmax(&mut scores);
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        // Of equal scores the first class stays first, whatever it is looked at beside.
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let likely = |class: &usize| scores[*class] >= job.request.threshold;
        order
            .into_iter()
            .take(job.request.top_k.get())
            .take_while(likely)
            .map(|index| Prediction {
                label: self.labels.name(index).to_owned(),
                index,
                score: scores[index],
            })
            .collect()
    }
}

fn timed<T>(clock: &dyn Clock, sum: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began: Instant = clock.now();
    let done = work();
    *sum += clock.now().saturating_duration_since(began);
    done
}
