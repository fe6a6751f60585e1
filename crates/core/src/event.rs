//! What a stream carries.

use std::pin::Pin;

use futures_util::Stream;

use crate::{ModelId, Result, Tokens, ToolCallId, Usage};

/// The items of one answer. It ends with exactly one [`Event::Done`] or one error; dropping it
/// cancels the work.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Event>> + Send>>;

/// An item of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The next piece of text.
    Delta(Delta),
    /// The next piece of what the model thinks before it speaks.
    Thought(ThoughtDelta),
    /// A tool call begins; calls are numbered from 0.
    ToolCallStart {
        /// Which call of this answer.
        index: u32,
        /// Ties the result to the call.
        id: ToolCallId,
        /// Which tool.
        name: String,
    },
    /// The next piece of a tool call's arguments (JSON text).
    ToolCallDelta {
        /// Which call of this answer.
        index: u32,
        /// The piece.
        arguments: String,
    },
    /// How far work that writes no text yet has come.
    Progress(Progress),
    /// What has been used so far, where it is known before the end. It replaces what was told before,
    /// and counts for an answer that is not heard to its end. It alone begins no answer: a call does
    /// not resolve with it.
    Usage(Usage),
    /// The model was lost, and another one goes on where its text ended.
    Resumed(Resumed),
    /// The end of a whole answer.
    Done(Done),
}

impl Event {
    /// A piece of text without log-probabilities.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Delta(Delta {
            text: text.into(),
            logprobs: Vec::new(),
        })
    }
}

/// A piece of text: whole UTF-8 characters, possibly several tokens or a part of one's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    /// The piece.
    pub text: String,
    /// The tokens chosen since the last piece, where they were asked for.
    pub logprobs: Vec<TokenLogprob>,
}

/// A piece of a thought. A thought that may be read ends with its signature, where the model signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThoughtDelta {
    /// More text.
    Text(String),
    /// Proof that the model thought it.
    Signature(String),
    /// A whole thought that only the model can read.
    Sealed(String),
}

/// A chosen token and what else was likely.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenLogprob {
    /// The token's text; invalid UTF-8 is replaced.
    pub token: String,
    /// The token's bytes as they are.
    pub bytes: Vec<u8>,
    /// Natural logarithm of the probability that the model gave it.
    pub logprob: f32,
    /// The likeliest tokens at this place, likeliest first.
    pub top: Vec<TokenLogprob>,
}

/// How far something has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done: `prompt`, `map`, `reduce`.
    pub stage: &'static str,
    /// Units finished.
    pub done: u32,
    /// Units in all.
    pub total: u32,
}

/// A change of models within an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The model that was lost.
    pub from: ModelId,
    /// The one that goes on.
    pub to: ModelId,
}

/// The end of a whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Why it ended.
    pub finish: FinishReason,
    /// What it used.
    pub usage: Usage,
    /// The stop text that came, where one did.
    pub stop_text: Option<String>,
}

impl Done {
    /// An end by this reason, without a stop text.
    pub fn new(finish: FinishReason, usage: Usage) -> Self {
        Self {
            finish,
            usage,
            stop_text: None,
        }
    }

    /// How many tokens were written.
    pub fn output(&self) -> Tokens {
        self.usage.output
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done, or a stop text came.
    Stop,
    /// `max_tokens` or the context window was reached.
    Length,
    /// The model waits for the results of tools.
    ToolCalls,
    /// Whoever hosts the model would not have the rest said.
    Filtered,
}
