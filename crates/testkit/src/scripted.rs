//! A model that does what a script says.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use busbar_core::{
    BoxFuture, Capabilities, ChatModel, ChatRequest, Done, EmbedRequest, Embedder, Embeddings, Error, Event,
    EventStream, FinishReason, Model, ModelCard, Prompt, Result, Task, TokenCounter, Tokens, Usage,
};
use futures_util::{StreamExt as _, stream};

use crate::Gate;

/// One thing that a scripted answer does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends an event. `Done` may be left out: the script's end sends one.
    Send(Event),
    /// Fails. As the first step it fails the call, later the stream.
    Fail(Error),
    /// Waits at a gate.
    Wait(Gate),
    /// Never goes on.
    Stall,
}

impl Step {
    /// Sends a piece of text.
    pub fn text(text: &str) -> Self {
        Self::Send(Event::text(text))
    }
}

type Script = dyn Fn(&ChatRequest) -> Vec<Step> + Send + Sync;

/// A model that does what a script says, and counts.
///
/// A token is a word: usage counts the words of the prompt and the pieces of text sent.
#[derive(Clone)]
pub struct Scripted {
    script: Arc<Script>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    started: AtomicUsize,
    live: AtomicUsize,
    finished: AtomicUsize,
}

impl Scripted {
    /// Follows the same steps for every request.
    pub fn new(steps: Vec<Step>) -> Self {
        Self::answering(move |_| steps.clone())
    }

    /// Says these pieces.
    pub fn saying(pieces: &[&str]) -> Self {
        Self::new(pieces.iter().map(|piece| Step::text(piece)).collect())
    }

    /// Fails every call before its first event.
    pub fn failing(error: Error) -> Self {
        Self::new(vec![Step::Fail(error)])
    }

    /// Makes up the steps from the request.
    pub fn answering(script: impl Fn(&ChatRequest) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            counts: Arc::default(),
        }
    }

    /// Calls that were made.
    pub fn started(&self) -> usize {
        self.counts.started.load(Ordering::SeqCst)
    }

    /// Answers under way: begun, and neither ended nor dropped.
    pub fn live(&self) -> usize {
        self.counts.live.load(Ordering::SeqCst)
    }

    /// Answers that came to their own end.
    pub fn finished(&self) -> usize {
        self.counts.finished.load(Ordering::SeqCst)
    }

    /// The model with every task, under a name, as a registry wants it.
    pub fn model(&self, id: &str) -> Model {
        let capabilities = Capabilities {
            tasks: vec![Task::Chat, Task::Embed],
            context_window: Tokens(2048),
            max_output: Tokens(2048),
            chat: true,
            tools: true,
            structured_output: true,
            embedding_dimensions: Some(4),
            ..Capabilities::default()
        };
        let card = ModelCard {
            id: id.into(),
            title: format!("Scripted {id}"),
            host: "scripted".into(),
            licence: "MIT".into(),
            capabilities,
            price: None,
        };
        let this = Arc::new(self.clone());
        Model {
            chat: Some(this.clone()),
            embed: Some(this.clone()),
            tokens: Some(this),
            ..Model::new(card)
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted")
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

/// Counts an answer as live for as long as it exists.
struct Live(Arc<Counts>);

impl Live {
    fn begin(counts: &Arc<Counts>) -> Self {
        counts.started.fetch_add(1, Ordering::SeqCst);
        counts.live.fetch_add(1, Ordering::SeqCst);
        Self(counts.clone())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Where a scripted answer stands.
struct Run {
    steps: std::vec::IntoIter<Step>,
    usage: Usage,
    called_tool: bool,
    ended: bool,
    live: Live,
}

impl Run {
    async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        loop {
            match self.steps.next() {
                Some(Step::Send(event)) => return Some(Ok(self.sent(event))),
                Some(Step::Wait(gate)) => gate.pass().await,
                Some(Step::Stall) => std::future::pending().await,
                Some(Step::Fail(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => {
                    let finish = if self.called_tool {
                        FinishReason::ToolCalls
                    } else {
                        FinishReason::Stop
                    };
                    let done = Event::Done(Done::new(finish, self.usage));
                    return Some(Ok(self.sent(done)));
                }
            }
        }
    }

    fn sent(&mut self, event: Event) -> Event {
        match &event {
            Event::Delta(_) | Event::ToolCallDelta { .. } => self.usage.output += Tokens(1),
            Event::ToolCallStart { .. } => self.called_tool = true,
            Event::Thought(_) => self.usage.reasoning += Tokens(1),
            Event::Progress(_) | Event::Usage(_) | Event::Resumed(_) => {}
            Event::Done(_) => {
                self.ended = true;
                self.live.0.finished.fetch_add(1, Ordering::SeqCst);
            }
        }
        event
    }
}

impl ChatModel for Scripted {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(async move {
            let usage = Usage {
                input: Tokens::from_len(words(&prompt(&request.prompt))),
                ..Usage::default()
            };
            let steps = (self.script)(&request).into_iter();
            let live = Live::begin(&self.counts);
            let mut run = Run {
                steps,
                usage,
                called_tool: false,
                ended: false,
                live,
            };
            let first = run.next().await.transpose()?;
            let rest = stream::unfold(run, |mut run| async {
                run.next().await.map(|event| (event, run))
            });
            let events: EventStream = Box::pin(stream::iter(first.map(Ok)).chain(rest));
            Ok(events)
        })
    }
}

impl Embedder for Scripted {
    /// A vector of length 1 that depends on the text's bytes alone.
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>> {
        let vectors = request.inputs.iter().map(|text| vector(text)).collect();
        let input = request
            .inputs
            .iter()
            .map(|text| Tokens::from_len(words(text)))
            .sum();
        Box::pin(async move {
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

impl TokenCounter for Scripted {
    fn count(&self, text: &str) -> Result<Tokens> {
        Ok(Tokens::from_len(words(text)))
    }
}

fn prompt(prompt: &Prompt) -> String {
    match prompt {
        Prompt::Text(text) => text.clone(),
        Prompt::Messages(messages) => messages
            .iter()
            .map(|message| message.content.text())
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn vector(text: &str) -> Vec<f32> {
    let mut sums = [1.0_f32; 4];
    for (place, byte) in text.bytes().enumerate() {
        sums[place % 4] += f32::from(byte);
    }
    let length = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt();
    sums.iter().map(|sum| sum / length).collect()
}
