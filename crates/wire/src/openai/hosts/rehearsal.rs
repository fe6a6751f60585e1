//! A host's stream, byte by byte, as it would be: for whoever rehearses what becomes of one on its way.

use busbar_core::Tokens;
use serde_json::{Value, json};

use crate::openai::STREAM_END;

/// An answer that a host would stream.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// Tells its answers apart.
    pub number: u64,
    /// What it says, a piece each.
    pub words: Vec<String>,
    /// The prompt's tokens.
    pub prompt: Tokens,
}

impl Rehearsal {
    /// Its events, each as the bytes that come over the wire.
    pub fn chunks(&self) -> Vec<Vec<u8>> {
        let words = self
            .words
            .iter()
            .map(|word| self.chunk(&json!({ "content": word }), &Value::Null));
        let mut chunks: Vec<Vec<u8>> = words.collect();
        chunks.push(self.chunk(&json!({}), &"stop".into()));
        let written = self.words.len();
        let prompt = self.prompt.0;
        let usage = json!({
            "id": self.id(), "object": "chat.completion.chunk", "created": 0, "model": "chaos", "choices": [],
            "usage": { "prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt as usize + written },
        });
        chunks.push(event(usage.to_string().as_bytes()));
        chunks.push(event(STREAM_END));
        chunks
    }

    /// A failure within a stream that began well.
    pub fn failure() -> Vec<u8> {
        let error = json!({ "error": { "message": "The server had an error, as it is configured to.", "type": "server_error" } });
        event(error.to_string().as_bytes())
    }

    /// An event that is none.
    pub fn nonsense() -> Vec<u8> {
        event(b"{\"id\": \"chaos\", \"choices\": [{\"delta\":")
    }

    fn chunk(&self, delta: &Value, finish: &Value) -> Vec<u8> {
        let chunk = json!({
            "id": self.id(), "object": "chat.completion.chunk", "created": 0, "model": "chaos",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        event(chunk.to_string().as_bytes())
    }

    fn id(&self) -> String {
        format!("chaos-{}", self.number)
    }
}

fn event(data: &[u8]) -> Vec<u8> {
    [b"data: ", data, b"\n\n"].concat()
}
