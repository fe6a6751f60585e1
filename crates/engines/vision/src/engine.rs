//! The engine as others see it: a model that says what is on pictures.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use busbar_core::{
    BoxFuture, Classification, Classifier, ClassifyRequest, Clock, Error, ErrorKind, ModelId, Result,
};
use tokio::sync::oneshot;

use crate::{
    VisionEngineConfig, convert,
    description::{Description, unreadable},
    labels::Labels,
    queue::{Held, Job, Queue, Refusal},
    runtime::{self, Loaded, Loading, Network, Running},
    worker::{Bench, Worker},
};

/// A classifier that runs in this process. Cloning gives another handle to the same one; when the
/// last handle goes, what waits fails and its threads end.
#[derive(Clone)]
pub struct VisionEngine {
    shared: Arc<Shared>,
}

struct Shared {
    bench: Arc<Bench>,
    running: Running,
    live: Arc<AtomicUsize>,
    retry_after: Duration,
    most_pictures: usize,
    workers: Vec<JoinHandle<()>>,
}

impl VisionEngine {
    /// Loads a model, looks once at nothing with it, and starts its threads. Not for a thread that
    /// others wait for.
    ///
    /// # Errors
    /// `NotFound` where there is no such file; `Unavailable` where it is damaged, is not what its
    /// description says, or needs a runtime that is not here.
    pub fn load(config: &VisionEngineConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let description = &config.description;
        let model = model(&config.path, description)?;
        let Loaded {
            mut networks,
            running,
        } = runtime::load(Loading {
            model: &model,
            description,
            choice: config.runtime,
            onnxruntime: config.onnxruntime.as_deref(),
            workers: config.workers,
        })?;
        let classes = warm(&mut networks, description)?;
        let bench = Arc::new(Bench {
            queue: Queue::new(config.queue),
            labels: Labels::of(description, config.labels_folder.as_deref(), classes)?,
            description: description.clone(),
            limits: config.limits,
            id: config.id.clone(),
            version: config.version.clone(),
            clock,
        });
        tracing::info!(
            model = %config.id, classes, runtime = running.name, why = %running.why,
            workers = networks.len(), "the model is ready"
        );
        let workers = networks.into_iter().map(|network| start(&bench, network));
        Ok(Self {
            shared: Arc::new(Shared {
                workers: workers.collect::<Result<_>>()?,
                bench,
                running,
                live: Arc::default(),
                retry_after: config.retry_after,
                most_pictures: config.most_pictures,
            }),
        })
    }

    /// What computes, and why that.
    pub fn running(&self) -> &Running {
        &self.shared.running
    }

    /// Requests that wait or are under way.
    pub fn live(&self) -> usize {
        self.shared.live.load(Ordering::Relaxed)
    }
}

impl Classifier for VisionEngine {
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>> {
        Box::pin(self.shared.answer(request))
    }
}

impl Shared {
    async fn answer(&self, request: ClassifyRequest) -> Result<Classification> {
        request.check()?;
        if request.pictures.len() > self.most_pictures {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!(
                    "there are {} pictures, and {} is the limit for a request",
                    request.pictures.len(),
                    self.most_pictures
                ),
            )
            .with_param("images"));
        }
        let (reply, answer) = oneshot::channel();
        let job = Job {
            request,
            arrived: self.bench.clock.now(),
            reply,
            held: Held::new(&self.live),
        };
        self.bench.queue.push(job).map_err(|refusal| match refusal {
            Refusal::Full => Error::new(
                ErrorKind::Overloaded {
                    retry_after: self.retry_after,
                },
                format!("`{}` has as many pictures waiting as it may", self.bench.id),
            ),
            Refusal::Closed => stopping(&self.bench.id),
        })?;
        // The worker goes without an answer only when the engine stops.
        answer.await.unwrap_or_else(|_| Err(stopping(&self.bench.id)))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.bench.queue.close();
        for worker in self.workers.drain(..) {
            // It cannot have panicked: each request is caught.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for VisionEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisionEngine")
            .field("id", &self.shared.bench.id)
            .field("running", &self.shared.running)
            .finish_non_exhaustive()
    }
}

/// The model as an ONNX file: weights alone are put into their graph.
fn model(path: &Path, description: &Description) -> Result<Vec<u8>> {
    let file = std::fs::read(path).map_err(|error| unreadable(path, error))?;
    let weights_only = path.extension().is_some_and(|end| end == "pth" || end == "pt");
    match description.architecture {
        Some(architecture) if weights_only => convert::to_onnx(&file, architecture),
        None if weights_only => Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "`{}` has weights only, and its description names no architecture for them",
                path.display()
            ),
        )),
        _ => Ok(file),
    }
}

/// Lets every network look at grey once: memory is taken now, and a broken model shows now. The
/// number of its classes.
fn warm(networks: &mut [Box<dyn Network>], description: &Description) -> Result<usize> {
    let numbers = description.width as usize * description.height as usize * 3;
    let grey = vec![0.0; numbers];
    let mut classes = 0;
    for network in networks {
        let scores = network.run(&grey).map_err(|error| {
            let cause = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
            let says = format!("the model cannot be used: {cause}");
            Error::new(ErrorKind::Unavailable, says).with_source(error)
        })?;
        if scores.is_empty() || !scores.iter().all(|score| score.is_finite()) {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the model is damaged: what comes out of it are no scores",
            ));
        }
        classes = scores.len();
    }
    Ok(classes)
}

fn start(bench: &Arc<Bench>, network: Box<dyn Network>) -> Result<JoinHandle<()>> {
    let worker = Worker {
        bench: Arc::clone(bench),
        network,
        numbers: Vec::new(),
    };
    thread::Builder::new()
        .name("vision".to_owned())
        .spawn(move || worker.run())
        .map_err(|error| Error::internal("a thread cannot be started").with_source(error))
}

fn stopping(id: &ModelId) -> Error {
    Error::new(ErrorKind::Unavailable, format!("`{id}` is being stopped"))
}
