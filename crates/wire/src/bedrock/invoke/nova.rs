//! What Nova models take by themselves: Converse's fields, but for a few names; and the events of a
//! streamed answer as fields of an object.

use busbar_core::{AnswerMetrics, ChatRequest, Done, Error, Event, Format, Result, Transcript};
use bytes::Bytes;
use serde_json::{Map, Value, value::RawValue};
use std::collections::HashMap;

use super::InvokeReader;
use crate::{
    AnswerWriter, Chunk, Head,
    answer::json,
    bedrock::{
        converse::{Converse, ConverseReader, ConverseWriter, Schema, write_as},
        error, nonsense,
    },
    upstream::{AnswerReader, ChatFormat, Incoming, Said},
};

/// The format's name.
pub const FORMAT: Format = Format("bedrock-nova");

/// The format, for hosts elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nova;

impl ChatFormat for Nova {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        write_as(Schema::Nova, request, model)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::new(InvokeReader::new(Box::new(NovaReader::default())))
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        Converse.whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        error::said(body)
    }
}

/// Reads one streamed answer, out of its framing.
#[derive(Debug, Default)]
pub struct NovaReader(ConverseReader);

impl AnswerReader for NovaReader {
    fn read(&mut self, frame: &Incoming<'_>, out: &mut Vec<Event>) -> Result<()> {
        let fields: HashMap<String, &RawValue> =
            serde_json::from_slice(frame.data).map_err(|error| nonsense("piece of an answer", error))?;
        for (event, value) in fields {
            let own = Incoming {
                event: &event,
                failure: false,
                data: value.get().as_bytes(),
            };
            self.0.read(&own, out)?;
        }
        Ok(())
    }
}

/// Writes one answer, to be framed.
#[derive(Debug)]
pub struct NovaWriter(ConverseWriter);

impl NovaWriter {
    /// A writer for an answer.
    pub fn new(head: &Head) -> Self {
        Self(ConverseWriter::new(head))
    }
}

/// Takes the names of events into the events.
fn inward(chunks: Vec<Chunk>) -> impl Iterator<Item = Chunk> {
    chunks.into_iter().map(|chunk| {
        let name = chunk.event.unwrap_or_default();
        let data = [b"{\"", name.as_bytes(), b"\":", &chunk.data, b"}"].concat();
        Chunk::plain(data.into())
    })
}

impl AnswerWriter for NovaWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        let mut chunks = Vec::new();
        self.0.open(&mut chunks);
        out.extend(inward(chunks));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        let mut chunks = Vec::new();
        self.0.event(event, &mut chunks);
        out.extend(inward(chunks));
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let mut chunks = Vec::new();
        self.0.end(done, metrics, &mut chunks);
        for chunk in &mut chunks {
            rename(&mut chunk.data);
        }
        out.extend(inward(chunks));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        self.0.fail(error)
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        let mut body = self.0.whole(transcript, metrics);
        rename(&mut body);
        body
    }
}

/// Gives the classes of tokens the names that they have in Nova's own bodies.
fn rename(body: &mut Bytes) {
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return;
    };
    let Some(usage) = object.get_mut("usage").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, own) in [
        ("cacheReadInputTokens", "cacheReadInputTokenCount"),
        ("cacheWriteInputTokens", "cacheWriteInputTokenCount"),
    ] {
        if let Some(count) = usage.remove(name) {
            usage.insert(own.to_owned(), count);
        }
    }
    *body = json(&object);
}
