//! Writes an answer as plain completions.

use busbar_core::{AnswerMetrics, Done, Error, Event, TokenLogprob, Transcript};
use bytes::Bytes;

use super::{CompletionAnswer, CompletionChoice, CompletionLogprobs};
use crate::{
    AnswerWriter, Chunk, Head, Metrics,
    answer::json,
    openai::{TokenUsage, error::ErrorBody, finish_reason, logprobs::finite},
    resumed::ResumedNote,
};

/// Writes one answer as plain completions.
#[derive(Debug)]
pub struct CompletionWriter {
    head: Head,
    /// Characters of the tokens reported so far.
    offset: usize,
}

impl CompletionWriter {
    /// What the ids of such answers begin with.
    pub const ID_PREFIX: &str = "cmpl-";

    /// A writer for an answer.
    pub fn new(head: Head) -> Self {
        Self { head, offset: 0 }
    }

    fn answer(&self, choices: Vec<CompletionChoice>) -> CompletionAnswer {
        CompletionAnswer {
            id: self.head.id.clone(),
            object: "text_completion".to_owned(),
            created: self.head.created,
            model: self.head.model.clone(),
            choices,
            usage: self.head.include_usage.then_some(None),
            busbar: None,
            busbar_resumed: None,
        }
    }

    fn logprobs(&mut self, tokens: &[TokenLogprob]) -> Option<CompletionLogprobs> {
        if tokens.is_empty() {
            return None;
        }
        let mut out = CompletionLogprobs::default();
        for token in tokens {
            out.tokens.push(token.token.clone());
            out.token_logprobs.push(finite(token.logprob));
            let top = token
                .top
                .iter()
                .map(|top| (top.token.clone(), finite(top.logprob)));
            out.top_logprobs.push(top.collect());
            out.text_offset.push(self.offset);
            self.offset += token.token.chars().count();
        }
        Some(out)
    }
}

impl AnswerWriter for CompletionWriter {
    fn open(&mut self, _out: &mut Vec<Chunk>) {}

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        // A plain continuation calls no tools, and the dialect has no word for progress.
        let delta = match event {
            Event::Delta(delta) => delta,
            Event::Resumed(resumed) => {
                let mut answer = self.answer(vec![CompletionChoice {
                    index: 0,
                    text: String::new(),
                    logprobs: None,
                    finish_reason: None,
                }]);
                answer.busbar_resumed = Some(ResumedNote::from(resumed));
                out.push(Chunk::plain(json(&answer)));
                return;
            }
            _ => return,
        };
        if delta.text.is_empty() && delta.logprobs.is_empty() {
            return;
        }
        let logprobs = self.logprobs(&delta.logprobs);
        let text = delta.text.clone();
        let choice = CompletionChoice {
            index: 0,
            text,
            logprobs,
            finish_reason: None,
        };
        out.push(Chunk::plain(json(&self.answer(vec![choice]))));
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let mut answer = self.answer(vec![CompletionChoice {
            index: 0,
            text: String::new(),
            logprobs: None,
            finish_reason: Some(finish_reason(done.finish).to_owned()),
        }]);
        answer.busbar = Some(Metrics::from(metrics));
        out.push(Chunk::plain(json(&answer)));
        if self.head.include_usage {
            let mut answer = self.answer(Vec::new());
            answer.usage = Some(Some(TokenUsage::from(&done.usage)));
            out.push(Chunk::plain(json(&answer)));
        }
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        Chunk::plain(json(&ErrorBody::from(error))).failed()
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        let logprobs = self.logprobs(&transcript.logprobs);
        let mut answer = self.answer(vec![CompletionChoice {
            index: 0,
            text: transcript.text.clone(),
            logprobs,
            finish_reason: Some(finish_reason(transcript.finish).to_owned()),
        }]);
        answer.usage = Some(Some(TokenUsage::from(&transcript.usage)));
        answer.busbar = Some(Metrics::from(metrics));
        json(&answer)
    }
}
