//! The chunks of `InvokeModelWithResponseStream`: whatever a model's own format says, in base64, and
//! beside the last of it what the service measured.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use busbar_core::{AnswerMetrics, Done, Error, Event, Result, Tokens, Transcript, Usage};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    AnswerWriter, Chunk,
    answer::json,
    bedrock::{
        error::{self, StreamOf},
        nonsense,
    },
    upstream::{AnswerReader, Incoming},
};

/// Where the last chunk says what the service measured.
const METRICS: &str = "amazon-bedrock-invocationMetrics";

/// A chunk.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    bytes: String,
}

/// What the service measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InvocationMetrics {
    /// Prompt tokens.
    pub input_token_count: u32,
    /// Everything written.
    pub output_token_count: u32,
    /// Milliseconds.
    pub invocation_latency: u64,
    /// Milliseconds to the first chunk.
    pub first_byte_latency: u64,
    /// Prompt tokens that were found computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_input_token_count: Option<u32>,
    /// Prompt tokens that were computed and kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_input_token_count: Option<u32>,
}

impl InvocationMetrics {
    fn new(done: &Done, metrics: &AnswerMetrics) -> Self {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let kept = |tokens: Tokens| (tokens != Tokens::ZERO).then_some(tokens.0);
        Self {
            input_token_count: done.usage.input.0,
            output_token_count: done.usage.written().0,
            invocation_latency: milliseconds(metrics.total),
            first_byte_latency: milliseconds(metrics.first_chunk.unwrap_or(metrics.total)),
            cache_read_input_token_count: kept(done.usage.cached_input),
            cache_write_input_token_count: kept(done.usage.cache_write),
        }
    }

    /// The tokens, in classes of which none is counted in another.
    pub(super) fn usage(self) -> Usage {
        Usage {
            input: Tokens(self.input_token_count),
            cached_input: Tokens(self.cache_read_input_token_count.unwrap_or_default()),
            cache_write: Tokens(self.cache_write_input_token_count.unwrap_or_default()),
            output: Tokens(self.output_token_count),
            reasoning: Tokens::ZERO,
        }
    }
}

/// What the service measured, where a chunk says it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Measured {
    #[serde(rename = "amazon-bedrock-invocationMetrics", default)]
    pub(super) metrics: Option<InvocationMetrics>,
}

/// What is in a chunk.
pub(super) fn open(frame: &Incoming<'_>) -> Result<Vec<u8>> {
    let payload: Payload = serde_json::from_slice(frame.data).map_err(|error| nonsense("chunk", error))?;
    BASE64_STANDARD.decode(payload.bytes).map_err(|error| {
        let message = "the host sent a chunk that is not base64";
        Error::new(busbar_core::ErrorKind::BadUpstream, message).with_source(error)
    })
}

/// Writes answers of a model's own format in this framing.
pub struct InvokeWriter(Box<dyn AnswerWriter>);

impl InvokeWriter {
    /// Frames what another writer writes.
    pub fn new(own: Box<dyn AnswerWriter>) -> Self {
        Self(own)
    }

    fn framed(&mut self, out: &mut Vec<Chunk>, write: impl FnOnce(&mut dyn AnswerWriter, &mut Vec<Chunk>)) {
        let mut own = Vec::new();
        write(&mut *self.0, &mut own);
        out.extend(own.iter().map(|chunk| frame(&chunk.data)));
    }
}

impl std::fmt::Debug for InvokeWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvokeWriter")
    }
}

fn frame(data: &[u8]) -> Chunk {
    let bytes = BASE64_STANDARD.encode(data);
    Chunk::named("chunk", json(&Payload { bytes }))
}

impl AnswerWriter for InvokeWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        self.framed(out, |own, chunks| own.open(chunks));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        self.framed(out, |own, chunks| own.event(event, chunks));
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        self.framed(out, |own, chunks| {
            own.end(done, metrics, chunks);
            if let Some(last) = chunks.last_mut() {
                last.data = measured(&last.data, InvocationMetrics::new(done, metrics));
            }
        });
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        error::failed(error, StreamOf::Invoke)
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        self.0.whole(transcript, metrics)
    }
}

/// The last chunk, with what the service measured.
fn measured(chunk: &Bytes, metrics: InvocationMetrics) -> Bytes {
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(chunk) else {
        return chunk.clone();
    };
    object.insert(METRICS.to_owned(), json!(metrics));
    json(&object)
}

/// Reads answers of a model's own format out of this framing.
pub struct InvokeReader(Box<dyn AnswerReader>);

impl InvokeReader {
    /// Gives what is in the chunks to another reader.
    pub fn new(own: Box<dyn AnswerReader>) -> Self {
        Self(own)
    }
}

impl std::fmt::Debug for InvokeReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvokeReader")
    }
}

/// The name that an event has in its own format, where it says one.
#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

/// The event in a chunk: its name, and itself. `None`: something else than a chunk.
pub(super) fn event(frame: &Incoming<'_>) -> Result<Option<(String, Vec<u8>)>> {
    if frame.failure {
        return Err(error::of_stream(frame));
    }
    if frame.event != "chunk" {
        return Ok(None);
    }
    let data = open(frame)?;
    let typed: Typed = serde_json::from_slice(&data).map_err(|error| nonsense("chunk", error))?;
    Ok(Some((typed.kind.unwrap_or_default(), data)))
}

impl AnswerReader for InvokeReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let Some((name, data)) = event(frame)? else {
            return Ok(());
        };
        let own = Incoming {
            event: &name,
            failure: false,
            data: &data,
        };
        self.0.read(&own, out)
    }
}
