//! The engine as others see it: a model that answers, embeds and counts.

use std::{
    fmt,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use busbar_core::{
    BoxFuture, Capabilities, ChatModel, ChatRequest, Clock, Context, EmbedRequest, Embedder, Embeddings,
    Error, ErrorKind, Event, EventStream, Model, ModelCard, Result, Task, TokenCounter, Tokens, Usage,
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::{mpsc, oneshot};

use crate::{
    TextEngineConfig, gguf,
    grammar::Grammars,
    llama::{Weights, WeightsConfig},
    prompt::Preparation,
    scheduler::{Job, Output, Queue, Refusal, Stats, StatsSnapshot, Work, Worker, WorkerConfig},
    template::{ChatTemplate, TemplateSource},
    threads,
};

/// A text model that runs in this process. Cloning gives another handle to the same one; when the
/// last handle goes, what is under way fails and its memory is freed.
#[derive(Clone)]
pub struct TextEngine {
    shared: Arc<Shared>,
}

struct Shared {
    card: ModelCard,
    preparation: Arc<Preparation>,
    queue: Arc<Queue>,
    stats: Arc<Stats>,
    clock: Arc<dyn Clock>,
    worker: Option<JoinHandle<()>>,
}

impl TextEngine {
    /// Loads a model and starts its thread. Takes seconds for large files: not for a thread that
    /// others wait for.
    ///
    /// # Errors
    /// `NotFound` where there is no such file; `Unavailable` where it is damaged, of an unknown
    /// kind or does not fit into memory.
    pub fn load(config: &TextEngineConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        gguf::check_file(&config.path)?;
        let weights = Arc::new(Weights::load(WeightsConfig {
            path: &config.path,
            gpu_layers: config.gpu_layers,
        })?);
        if weights.is_encoder() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "`{}` only reads text (an encoder); a model that writes is needed",
                    config.id
                ),
            ));
        }
        let table = Arc::new(weights.token_table()?);
        let window = config.context_window.unwrap_or_else(|| {
            weights
                .trained_window()
                .min(TextEngineConfig::LARGEST_DEFAULT_WINDOW)
        });
        let template = weights
            .chat_template()
            .and_then(|template| compile(config, &weights, &table, &template));
        let card = card(config, &weights, window, template.as_ref());
        let queue = Arc::new(Queue::new(config.queue));
        let stats = Arc::new(Stats::default());
        let threads = config.threads.unwrap_or_else(threads::physical_cores).get();
        let worker = WorkerConfig {
            queue: queue.clone(),
            stats: stats.clone(),
            clock: clock.clone(),
            table: table.clone(),
            window,
            sequences: u32::try_from(config.sequences.get()).unwrap_or(u32::MAX),
            prompt_chunk: u32::try_from(config.prompt_chunk.get()).unwrap_or(u32::MAX),
            threads: i32::try_from(threads).unwrap_or(1),
            reproducible: config.reproducible,
        };
        let worker = start(weights.clone(), worker)?;
        tracing::info!(
            model = %config.id, window_tokens = window, sequences = config.sequences.get(), threads,
            reproducible = config.reproducible, "the model is ready"
        );
        let preparation = Arc::new(Preparation {
            weights,
            grammars: Grammars::new(table.clone()),
            table,
            template,
            model: config.id.to_string(),
            window: window as usize,
            defaults: config.defaults.clone(),
        });
        let shared = Shared {
            card,
            preparation,
            queue,
            stats,
            clock,
            worker: Some(worker),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// What the model is and can do.
    pub fn card(&self) -> &ModelCard {
        &self.shared.card
    }

    /// The model with everything it does, for a registry.
    pub fn model(&self) -> Model {
        let this = Arc::new(self.clone());
        Model {
            chat: Some(this.clone()),
            embed: Some(this.clone()),
            tokens: Some(this),
            ..Model::new(self.shared.card.clone())
        }
    }

    /// What it has done and does now.
    pub fn stats(&self) -> StatsSnapshot {
        self.shared.stats.snapshot(self.shared.queue.waiting())
    }

    fn enqueue(&self, context: Context, prompt: Vec<u32>, work: Work) -> Result<()> {
        let job = Job {
            context,
            prompt,
            work,
        };
        self.shared.queue.push(job).map_err(|refusal| match refusal {
            Refusal::Full => Error::new(
                ErrorKind::Overloaded {
                    retry_after: self.patience(),
                },
                format!(
                    "`{}` has {} requests waiting, as many as may",
                    self.shared.card.id,
                    self.shared.queue.waiting()
                ),
            )
            .with_code("queue_full"),
            Refusal::Closed => Error::new(ErrorKind::Unavailable, "the model is being stopped"),
        })
    }

    /// When a refused request is worth sending again: roughly a second for each that waits, within
    /// bounds.
    fn patience(&self) -> Duration {
        let waiting = u64::try_from(self.shared.queue.waiting()).unwrap_or(u64::MAX);
        Duration::from_secs((waiting / 4).clamp(1, 30))
    }

    /// Runs what takes time beside the threads that serve.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Preparation, SystemTime) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let preparation = self.shared.preparation.clone();
        let now = self.shared.clock.wall();
        match tokio::task::spawn_blocking(move || work(&preparation, now)).await {
            Ok(result) => result,
            Err(error) => Err(Error::internal("preparing the request failed").with_source(error)),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue.close();
        // Waits for the pass under way, so that the context is gone before the weights are.
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!(model = %self.card.id, "the model's thread had ended by itself");
        }
    }
}

impl fmt::Debug for TextEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextEngine")
            .field("card", &self.shared.card)
            .finish_non_exhaustive()
    }
}

impl ChatModel for TextEngine {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(async move {
            request.extra.none()?;
            let (output, mut events) = Output::channel();
            let context = request.context.clone();
            let (prompt, generation) = self
                .aside(move |preparation, now| preparation.prepare(&request, output, now))
                .await?;
            self.enqueue(context, prompt, Work::Generate(Box::new(generation)))?;
            let mut begun = Vec::with_capacity(2);
            // What the prompt took is told first, and is no beginning of an answer.
            while !matches!(begun.last(), Some(event) if !matches!(event, Event::Usage(_))) {
                begun.push(events.recv().await.ok_or_else(stopped)??);
            }
            // The engine must live as long as the stream: its thread is what feeds it.
            let ended = matches!(begun.last(), Some(Event::Done(_)));
            let rest = Answer {
                events,
                ended,
                _engine: self.clone(),
            };
            let stream: EventStream =
                Box::pin(stream::iter(begun.into_iter().map(Ok)).chain(rest.into_stream()));
            Ok(stream)
        })
    }
}

/// The events after the first.
struct Answer {
    events: mpsc::UnboundedReceiver<Result<Event>>,
    ended: bool,
    _engine: TextEngine,
}

impl Answer {
    fn into_stream(self) -> impl Stream<Item = Result<Event>> + Send {
        stream::unfold(self, |mut answer| async {
            if answer.ended {
                return None;
            }
            // A channel that closes before the end means that the worker died.
            let event = answer.events.recv().await.unwrap_or_else(|| Err(stopped()));
            answer.ended = matches!(event, Err(_) | Ok(Event::Done(_)));
            Some((event, answer))
        })
    }
}

impl Embedder for TextEngine {
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>> {
        Box::pin(async move {
            let inputs = request.inputs;
            let prompts = self
                .aside(move |preparation, _| {
                    inputs
                        .iter()
                        .map(|text| preparation.embeddable(text))
                        .collect::<Result<Vec<_>>>()
                })
                .await?;
            let input = prompts.iter().map(|prompt| Tokens::from_len(prompt.len())).sum();
            let mut vectors = Vec::with_capacity(prompts.len());
            // One after the other: a large batch must not fill the queue for everybody else.
            for prompt in prompts {
                let (reply, vector) = oneshot::channel();
                self.enqueue(request.context.clone(), prompt, Work::Embed(reply))?;
                vectors.push(vector.await.map_err(|_| stopped())??);
            }
            Ok(Embeddings {
                vectors,
                usage: Usage {
                    input,
                    ..Usage::default()
                },
            })
        })
    }
}

impl TokenCounter for TextEngine {
    fn count(&self, text: &str) -> Result<Tokens> {
        Ok(Tokens::from_len(
            self.shared.preparation.weights.tokenise(text, true).len(),
        ))
    }

    fn count_prompt(&self, prompt: &ChatRequest) -> Result<Tokens> {
        let now = self.shared.clock.wall();
        self.shared.preparation.count(prompt, now)
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Unavailable, "the model was stopped")
}

/// Starts the worker's thread and waits until its context is made.
fn start(weights: Arc<Weights>, config: WorkerConfig) -> Result<JoinHandle<()>> {
    let (ready, made) = std::sync::mpsc::channel();
    let queue = config.queue.clone();
    let body = move || {
        let closes = ClosesQueue(queue);
        match Worker::new(&weights, config) {
            Ok(mut worker) => {
                drop(ready.send(Ok(())));
                worker.run();
            }
            Err(error) => drop(ready.send(Err(error))),
        }
        drop(closes);
    };
    let thread = std::thread::Builder::new().name("busbar-text".into()).spawn(body);
    let thread = thread
        .map_err(|error| Error::internal("no thread could be started for the model").with_source(error))?;
    made.recv().map_err(|_| stopped())??;
    Ok(thread)
}

/// Closes the queue however the worker ends, so that nobody waits for ever for a dead one.
struct ClosesQueue(Arc<Queue>);

impl Drop for ClosesQueue {
    fn drop(&mut self) {
        self.0.close();
        drop(self.0.sweep(std::time::Instant::now()));
    }
}

fn compile(
    config: &TextEngineConfig,
    weights: &Weights,
    table: &crate::vocab::TokenTable,
    template: &str,
) -> Option<ChatTemplate> {
    let model = config.id.to_string();
    let (bos, eos) = (weights.bos_text(), weights.eos_text());
    let source = TemplateSource {
        model: &model,
        template,
        bos: &bos,
        eos: &eos,
        control: table.control_texts(),
    };
    match ChatTemplate::compile(source) {
        Ok(template) => Some(template),
        Err(error) => {
            tracing::warn!(model, error = %error, "the chat template cannot be used; the model only continues text");
            None
        }
    }
}

fn card(
    config: &TextEngineConfig,
    weights: &Weights,
    window: u32,
    template: Option<&ChatTemplate>,
) -> ModelCard {
    ModelCard {
        id: config.id.clone(),
        title: config.title.clone(),
        host: "llama.cpp".into(),
        licence: config.licence.clone(),
        capabilities: Capabilities {
            tasks: vec![Task::Chat, Task::Embed],
            context_window: Tokens(window),
            max_output: Tokens(window.saturating_sub(1)),
            chat: template.is_some(),
            tools: template.is_some_and(|template| template.abilities().tools),
            structured_output: true,
            embedding_dimensions: u32::try_from(weights.dimensions()).ok(),
            ..Capabilities::default()
        },
        price: None,
    }
}
