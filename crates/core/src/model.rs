//! The seams: one trait a task, each a method or two.

use std::{fmt::Debug, pin::Pin};

use futures_util::StreamExt as _;

use crate::{
    ChatRequest, Done, EmbedRequest, Embeddings, Error, Event, EventStream, FinishReason, Prompt, Result,
    Thought, ThoughtDelta, TokenLogprob, Tokens, ToolCall, Usage,
};

/// A boxed future, so that the traits below can be objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that answers in text.
///
/// `testkit::conformance::chat` is the contract; every implementation faces it.
pub trait ChatModel: Debug + Send + Sync + 'static {
    /// Starts an answer.
    ///
    /// Resolves once the first event is there, so that until then another model may be tried;
    /// [`Event::Usage`] alone is no beginning.
    /// The stream ends with exactly one [`Event::Done`] or one error; dropping it, or this
    /// future, cancels the work and frees what it held.
    ///
    /// # Errors
    /// What went wrong before the first event; later errors are items of the stream.
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>>;
}

/// Something that turns text into vectors.
pub trait Embedder: Debug + Send + Sync + 'static {
    /// One vector for each input, in order, each of length 1.
    ///
    /// # Errors
    /// `Invalid` where an input is longer than the model reads; nothing is cut in silence.
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'_, Result<Embeddings>>;
}

/// Something that knows how many tokens a text is for its model.
pub trait TokenCounter: Debug + Send + Sync + 'static {
    /// The tokens of a text by itself, without a template. Quick and never queued.
    ///
    /// # Errors
    /// `Internal` where the tokeniser refuses the text.
    fn count(&self, text: &str) -> Result<Tokens>;

    /// The tokens of a whole prompt, as the model would read it.
    ///
    /// Without knowledge of a template, those of what is said in it.
    ///
    /// # Errors
    /// What is wrong with the prompt; `Internal` where the tokeniser refuses it.
    fn count_prompt(&self, prompt: &ChatRequest) -> Result<Tokens> {
        match &prompt.prompt {
            Prompt::Text(text) => self.count(text),
            Prompt::Messages(messages) => messages
                .iter()
                .map(|message| self.count(&message.content.text()))
                .sum(),
        }
    }
}

/// A whole answer, put together from its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcript {
    /// The text.
    pub text: String,
    /// What the model thought before.
    pub thoughts: Vec<Thought>,
    /// The calls of tools.
    pub tool_calls: Vec<ToolCall>,
    /// The tokens, where their log-probabilities were asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// Why it ended.
    pub finish: FinishReason,
    /// What it used.
    pub usage: Usage,
    /// The stop text that came, where one did.
    pub stop_text: Option<String>,
}

impl Transcript {
    /// Reads a stream to its end.
    ///
    /// # Errors
    /// The stream's own error; `Internal` where it ends without one and without `Done`.
    pub async fn collect(mut events: EventStream) -> Result<Self> {
        let mut transcript = Self::empty();
        while let Some(event) = events.next().await {
            if let Some(done) = transcript.push(event?) {
                transcript.end(done);
                return Ok(transcript);
            }
        }
        Err(Error::internal(
            "the stream ended without saying that it was done",
        ))
    }

    /// A transcript of which nothing has come yet.
    pub fn empty() -> Self {
        Self {
            text: String::new(),
            thoughts: Vec::new(),
            tool_calls: Vec::new(),
            logprobs: Vec::new(),
            finish: FinishReason::Stop,
            usage: Usage::default(),
            stop_text: None,
        }
    }

    /// Adds an event; answers with the last one.
    pub fn push(&mut self, event: Event) -> Option<Done> {
        match event {
            Event::Delta(delta) => {
                self.text.push_str(&delta.text);
                self.logprobs.extend(delta.logprobs);
            }
            Event::Thought(delta) => self.think(delta),
            Event::ToolCallStart { id, name, .. } => {
                self.tool_calls.push(ToolCall {
                    id,
                    name,
                    arguments: String::new(),
                });
            }
            Event::ToolCallDelta { index, arguments } => {
                if let Some(call) = self.tool_calls.get_mut(index as usize) {
                    call.arguments.push_str(&arguments);
                }
            }
            Event::Progress(_) | Event::Resumed(_) => {}
            Event::Usage(usage) => self.usage = usage,
            Event::Done(done) => return Some(done),
        }
        None
    }

    /// Notes the end.
    pub fn end(&mut self, done: Done) {
        self.finish = done.finish;
        self.usage = done.usage;
        self.stop_text = done.stop_text;
    }

    fn think(&mut self, delta: ThoughtDelta) {
        // A signature closes its thought; the next piece begins another.
        let open = match self.thoughts.last_mut() {
            Some(Thought::Open { text, signature }) if signature.is_none() => Some((text, signature)),
            _ => None,
        };
        match (delta, open) {
            (ThoughtDelta::Sealed(sealed), _) => self.thoughts.push(Thought::Sealed(sealed)),
            (ThoughtDelta::Text(more), Some((text, _))) => text.push_str(&more),
            (ThoughtDelta::Signature(proof), Some((_, signature))) => *signature = Some(proof),
            (ThoughtDelta::Text(text), None) => self.thoughts.push(Thought::Open {
                text,
                signature: None,
            }),
            (ThoughtDelta::Signature(proof), None) => self.thoughts.push(Thought::Open {
                text: String::new(),
                signature: Some(proof),
            }),
        }
    }
}

/// Comfort on top of [`ChatModel`].
pub trait ChatModelExt: ChatModel {
    /// The whole answer at once.
    ///
    /// # Errors
    /// Whatever the call or its stream failed with.
    fn complete(&self, request: ChatRequest) -> impl Future<Output = Result<Transcript>> + Send {
        async { Transcript::collect(self.chat(request).await?).await }
    }
}

impl<M: ChatModel + ?Sized> ChatModelExt for M {}
