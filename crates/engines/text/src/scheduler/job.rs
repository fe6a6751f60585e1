//! A request as the scheduler sees it: tokens in, events out.

use std::sync::Arc;

use busbar_core::{Context, Error, Event, Result, TokenLogprob, Tokens};
use tokio::sync::mpsc;

use crate::{
    grammar::Constraint,
    sample::{Ranked, Sampler},
    text::OutputPipe,
    vocab::TokenTable,
};

/// What waits in the queue and then holds a slot.
#[derive(Debug)]
pub struct Job {
    /// Whom it is for; its deadline is looked at between passes.
    pub context: Context,
    /// The tokens that are read; at least one.
    pub prompt: Vec<u32>,
    /// What is done with what the model makes of them.
    pub work: Work,
}

impl Job {
    /// Whether nobody waits for it any more.
    pub(super) fn is_abandoned(&self) -> bool {
        match &self.work {
            Work::Generate(generation) => generation.output.is_closed(),
            Work::Embed(embedding) => embedding.is_closed(),
        }
    }

    /// Whether it is an answer whose request named a seed.
    pub(super) fn is_seeded(&self) -> bool {
        match &self.work {
            Work::Generate(generation) => generation.sampler.is_seeded(),
            Work::Embed(_) => false,
        }
    }

    /// Ends it with an error.
    pub(super) fn fail(self, error: Error) {
        match self.work {
            Work::Generate(generation) => generation.output.send(Err(error)),
            // The receiver may be gone; then nobody wants to know.
            Work::Embed(embedding) => drop(embedding.send(Err(error))),
        }
    }
}

/// What a request wants.
#[derive(Debug)]
pub enum Work {
    /// An answer.
    Generate(Box<Generation>),
    /// The mean of the last layer's vectors, of length 1.
    Embed(tokio::sync::oneshot::Sender<Result<Vec<f32>>>),
}

/// Everything that belongs to one answer.
#[derive(Debug)]
pub struct Generation {
    /// Chooses tokens.
    pub sampler: Sampler,
    /// Which tokens the form of the answer allows.
    pub constraint: Option<Constraint>,
    /// Turns tokens into events.
    pub pipe: OutputPipe,
    /// The most tokens to write.
    pub most: Tokens,
    /// How many alternatives to report beside each token.
    pub logprobs: Option<u8>,
    /// Whether end tokens are written over.
    pub ignore_end: bool,
    /// Where events go.
    pub output: Output,
}

/// The sending end of an answer. Unbounded, since an answer is: it has at most `most` tokens.
#[derive(Debug)]
pub struct Output(mpsc::UnboundedSender<Result<Event>>);

impl Output {
    /// Both ends.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Result<Event>>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Whether the reader went away.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Sends an item; where the reader has gone, the scheduler notices before the next pass.
    pub fn send(&self, item: Result<Event>) {
        drop(self.0.send(item));
    }
}

/// A chosen token's report, with the tokens' texts.
pub(super) fn report(table: &Arc<TokenTable>, token: u32, logprob: f32, top: &[Ranked]) -> TokenLogprob {
    let named = |token: u32, logprob: f32, top: Vec<TokenLogprob>| {
        let bytes = table.bytes(token).to_vec();
        TokenLogprob {
            token: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
            logprob,
            top,
        }
    };
    let top = top
        .iter()
        .map(|ranked| named(ranked.token, ranked.logprob, Vec::new()))
        .collect();
    named(token, logprob, top)
}
