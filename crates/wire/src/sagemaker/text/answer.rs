//! Generated text: whole, and piece by piece.

use busbar_core::{
    AnswerMetrics, Delta, Done, Error, ErrorKind, Event, FinishReason, Result, Tokens, Transcript, Usage,
};
use bytes::Bytes;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::TextBody;
use crate::{
    AnswerWriter, Chunk,
    answer::json,
    sagemaker::error,
    upstream::{AnswerReader, Incoming},
};

/// A whole answer.
pub(super) fn whole(body: &[u8]) -> Result<Transcript> {
    let given: Given = serde_json::from_slice(body).map_err(nonsense)?;
    let generated = match given {
        Given::List(list) => list.into_iter().next(),
        Given::One(one) => Some(one),
    };
    let generated =
        generated.ok_or_else(|| Error::new(ErrorKind::BadUpstream, "the container sent no text"))?;
    let details = generated.details.unwrap_or_default();
    let mut transcript = Transcript::empty();
    transcript.text = generated.generated_text;
    transcript.end(Done::new(details.finish(), details.usage(0)));
    Ok(transcript)
}

fn nonsense(error: serde_json::Error) -> Error {
    let message = "the container sent something that is no generated text";
    Error::new(ErrorKind::BadUpstream, message).with_source(error)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    List(Vec<Generated>),
    One(Generated),
}

#[derive(Deserialize)]
struct Generated {
    generated_text: String,
    #[serde(default)]
    details: Option<Details>,
}

/// Why it ended, and what it used.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    finish_reason: Option<String>,
    generated_tokens: Option<u32>,
    /// Tokens of the prompt, one each.
    prefill: Option<Vec<IgnoredAny>>,
    input_length: Option<u32>,
}

impl Details {
    fn finish(&self) -> FinishReason {
        match self.finish_reason.as_deref() {
            Some("length") => FinishReason::Length,
            _ => FinishReason::Stop,
        }
    }

    fn usage(&self, pieces: u32) -> Usage {
        let prefill = self.prefill.as_ref().map(|tokens| Tokens::from_len(tokens.len()));
        Usage {
            input: self.input_length.map(Tokens).or(prefill).unwrap_or_default(),
            output: Tokens(self.generated_tokens.unwrap_or(pieces)),
            ..Usage::default()
        }
    }
}

/// Reads one streamed answer, out of its parts.
#[derive(Debug, Default)]
pub(super) struct TextReader {
    pieces: u32,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    token: Option<Token>,
    #[serde(default)]
    generated_text: Option<String>,
    #[serde(default)]
    details: Option<Details>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    special: bool,
}

impl AnswerReader for TextReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let piece: Piece = serde_json::from_slice(frame.data).map_err(nonsense)?;
        if let Some(message) = piece.error {
            return Err(Error::new(ErrorKind::BadUpstream, message));
        }
        if let Some(token) = piece.token {
            self.pieces += 1;
            let text = token.text.filter(|text| !token.special && !text.is_empty());
            out.extend(text.map(Event::text));
        }
        if piece.generated_text.is_none() && piece.details.is_none() {
            return Ok(());
        }
        let details = piece.details.unwrap_or_default();
        if details.finish_reason.as_deref() == Some("error") {
            return Err(Error::new(
                ErrorKind::BadUpstream,
                "the container failed while it wrote",
            ));
        }
        out.push(Event::Done(Done::new(
            details.finish(),
            details.usage(self.pieces),
        )));
        Ok(())
    }
}

/// Writes one answer, to be put into parts.
#[derive(Debug)]
pub(in crate::sagemaker) struct TextWriter {
    /// What comes before the text in a whole answer.
    before: String,
    details: bool,
    text: String,
}

impl TextWriter {
    pub(in crate::sagemaker) fn new(body: &TextBody) -> Self {
        let asked = body.parameters.clone().unwrap_or_default();
        let full = asked.return_full_text == Some(true);
        Self {
            before: if full { body.inputs.clone() } else { String::new() },
            details: asked.details == Some(true),
            text: String::new(),
        }
    }

    fn generated(&self, text: &str) -> String {
        format!("{}{text}", self.before)
    }
}

fn details(done: &Done) -> Value {
    json!({
        "finish_reason": match done.finish {
            FinishReason::Length => "length",
            _ if done.stop_text.is_some() => "stop_sequence",
            _ => "eos_token",
        },
        "generated_tokens": done.usage.written().0,
        "input_length": done.usage.prompt().0,
    })
}

/// A piece. The numbers of tokens in the vocabulary are not known here.
fn piece(text: &str) -> Value {
    json!({
        "token": { "id": 0, "text": text, "logprob": null, "special": text.is_empty() },
        "generated_text": null,
        "details": null,
    })
}

impl AnswerWriter for TextWriter {
    fn open(&mut self, _out: &mut Vec<Chunk>) {}

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        // A text to go on from offers no tools and asks for no thoughts.
        let Event::Delta(Delta { text, .. }) = event else {
            return;
        };
        if !text.is_empty() {
            self.text.push_str(text);
            out.push(Chunk::plain(json(&piece(text))));
        }
    }

    fn end(&mut self, done: &Done, _metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let mut last = piece("");
        last["generated_text"] = self.generated(&self.text).into();
        last["details"] = details(done);
        out.push(Chunk::plain(json(&last)));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error)
    }

    fn whole(&mut self, transcript: &Transcript, _metrics: &AnswerMetrics) -> Bytes {
        let mut answer = json!({ "generated_text": self.generated(&transcript.text) });
        if self.details {
            answer["details"] = details(&Done {
                finish: transcript.finish,
                usage: transcript.usage,
                stop_text: transcript.stop_text.clone(),
            });
        }
        json(&json!([answer]))
    }
}
