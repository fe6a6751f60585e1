//! The engine as others see it.

use std::{fmt, sync::Arc, thread::JoinHandle, time::Duration};

use busbar_core::{
    BoxFuture, Clock, Error, ErrorKind, ImageEvent, ImageModel, ImageRequest, ImageStream, ModelId, Result,
};
use futures_util::stream;
use rayon::ThreadPoolBuilder;
use tokio::sync::mpsc;

use crate::{
    ImageEngineConfig, layout,
    pipeline::Pipeline,
    plan::Plan,
    worker::{Job, Queue, Refusal, work},
};

/// A model that makes pictures in this process. Cloning gives another handle to the same one; when
/// the last handle and the last stream go, the work under way ends and its memory is freed.
#[derive(Clone)]
pub struct ImageEngine {
    shared: Arc<Shared>,
}

struct Shared {
    id: ModelId,
    pipeline: Arc<Pipeline>,
    queue: Arc<Queue>,
    worker: Option<JoinHandle<()>>,
}

impl ImageEngine {
    /// Loads a model and starts its thread. Takes seconds for large files: not for a thread that
    /// others wait for.
    ///
    /// # Errors
    /// `NotFound` where there is no model; `Unsupported` where it is of a kind, or wants a device,
    /// that is not known here; `Unavailable` where a file is missing or damaged.
    pub fn load(config: &ImageEngineConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let threads = config.threads.map_or(0, std::num::NonZero::get);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("image-{i}"))
            .build()
            .map_err(|error| Error::internal("threads cannot be started").with_source(error))?;
        let pipeline = Arc::new(pool.install(|| layout::load(config))?);
        let queue = Arc::new(Queue::new(config.queue));
        tracing::info!(
            model = %config.id, threads = pool.current_num_threads(), device = ?config.device,
            precision = ?config.precision, "the image model is ready"
        );
        let (of_worker, waiting) = (pipeline.clone(), queue.clone());
        let worker = std::thread::Builder::new()
            .name("image".into())
            .spawn(move || {
                let closes = Closes(waiting.clone());
                pool.install(|| work(&of_worker, &waiting, &clock));
                drop(closes);
            })
            .map_err(|error| Error::internal("a thread cannot be started").with_source(error))?;
        let shared = Shared {
            id: config.id.clone(),
            pipeline,
            queue,
            worker: Some(worker),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The name clients ask for.
    pub fn id(&self) -> &ModelId {
        &self.shared.id
    }

    /// How many requests wait or are worked on.
    pub fn live(&self) -> usize {
        self.shared.queue.live()
    }

    /// Width and height of a picture whose request says nothing.
    pub fn size(&self) -> (u32, u32) {
        let pipeline = &self.shared.pipeline;
        let native = u32::try_from(pipeline.sample_size * pipeline.factor()).unwrap_or(512);
        let defaults = &pipeline.defaults;
        (
            defaults.width.unwrap_or(native),
            defaults.height.unwrap_or(native),
        )
    }

    fn enqueue(&self, request: ImageRequest) -> Result<ImageStream> {
        let plan = Plan::new(&request, &self.shared.pipeline)?;
        let (sender, events) = mpsc::unbounded_channel();
        let job = Job {
            context: request.context,
            plan,
            events: sender,
        };
        self.shared.queue.push(job).map_err(|refusal| match refusal {
            Refusal::Full => Error::new(
                ErrorKind::Overloaded {
                    retry_after: Duration::from_secs(10),
                },
                format!("`{}` has as many requests waiting as may", self.shared.id),
            )
            .with_code("queue_full"),
            Refusal::Closed => stopped(),
        })?;
        let answer = Answer {
            events,
            ended: false,
            _engine: self.clone(),
        };
        Ok(Box::pin(stream::unfold(answer, Answer::next)))
    }
}

/// A stream under way. It keeps the engine alive: its thread is what feeds the stream.
struct Answer {
    events: mpsc::UnboundedReceiver<Result<ImageEvent>>,
    ended: bool,
    _engine: ImageEngine,
}

impl Answer {
    async fn next(mut self) -> Option<(Result<ImageEvent>, Self)> {
        if self.ended {
            return None;
        }
        // A channel that closes before the end means that the worker died.
        let event = self.events.recv().await.unwrap_or_else(|| Err(stopped()));
        self.ended = matches!(event, Err(_) | Ok(ImageEvent::Done(_)));
        Some((event, self))
    }
}

impl ImageModel for ImageEngine {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        Box::pin(async move { self.enqueue(request) })
    }
}

/// Closes the queue when the worker ends, however it does.
struct Closes(Arc<Queue>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!(model = %self.id, "the image model's thread had ended by itself");
        }
    }
}

impl fmt::Debug for ImageEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageEngine")
            .field("id", &self.shared.id)
            .finish_non_exhaustive()
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Unavailable, "the model was stopped")
}
