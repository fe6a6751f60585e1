//! The frames of `/v1/ws`: one JSON object each. What they mean is told in `docs/protocol.md`.

use busbar_core::Result;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use utoipa::ToSchema;

use crate::{
    Metrics,
    answer::json,
    body,
    openai::{TokenUsage, error::ErrorObject},
};

/// What a client sends.
#[derive(Clone, Debug)]
pub enum ClientFrame {
    /// Starts an answer.
    Chat {
        /// The client's own name for it.
        id: String,
        /// The chat-completions body, still as text.
        body: Box<RawValue>,
        /// Seconds for which the stream outlives its connection.
        resume: Option<u64>,
    },
    /// Stops an answer.
    Cancel {
        /// Which.
        id: String,
    },
    /// Goes on with a stream.
    Resume {
        /// The client's own name for it, from now on.
        id: String,
        /// Which stream.
        stream: String,
        /// The last sequence number that the client has.
        after: u64,
    },
    /// Asks for a sign of life.
    Ping {
        /// Comes back as it is.
        at: Option<Value>,
    },
}

impl ClientFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// `Invalid`, naming the field, or the place where the text is not JSON.
    pub fn read(text: &[u8]) -> Result<Self> {
        // A tagged enum would buffer the body; this way it stays the client's own text, and errors in
        // it have its own lines and columns.
        let Kind { kind } = body::read(text)?;
        match kind {
            FrameKind::Chat => {
                body::read(text).map(|ChatFrame { id, body, resume }| Self::Chat { id, body, resume })
            }
            FrameKind::Cancel => body::read(text).map(|CancelFrame { id }| Self::Cancel { id }),
            FrameKind::Resume => {
                body::read(text).map(|ResumeFrame { id, stream, after }| Self::Resume { id, stream, after })
            }
            FrameKind::Ping => body::read(text).map(|PingFrame { at }| Self::Ping { at }),
        }
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: FrameKind,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum FrameKind {
    Chat,
    Cancel,
    Resume,
    Ping,
}

#[derive(Deserialize)]
struct ChatFrame {
    id: String,
    body: Box<RawValue>,
    resume: Option<u64>,
}

#[derive(Deserialize)]
struct CancelFrame {
    id: String,
}

#[derive(Deserialize)]
struct ResumeFrame {
    id: String,
    stream: String,
    #[serde(default)]
    after: u64,
}

#[derive(Deserialize)]
struct PingFrame {
    at: Option<Value>,
}

/// What the server sends.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schema(as = WsServerFrame)]
pub enum ServerFrame<'a> {
    /// First, once.
    Ready {
        /// How often the server asks for a sign of life, milliseconds.
        heartbeat_ms: u64,
        /// How long a connection may be silent with nothing in flight, milliseconds.
        idle_timeout_ms: u64,
        /// The most answers at once.
        max_in_flight: usize,
    },
    /// Accepted, and the first event is there.
    Started {
        /// The client's own name for it.
        id: &'a str,
        /// What `resume` wants.
        stream: &'a str,
        /// The model that serves.
        model: &'a str,
    },
    /// A piece of an answer.
    Chunk {
        /// The client's own name for it.
        id: &'a str,
        /// Its number within the stream.
        seq: u64,
        /// A `chat.completion.chunk`.
        #[schema(value_type = crate::openai::chat::ChatChunk)]
        data: &'a RawValue,
    },
    /// The end.
    Done {
        /// The client's own name for it.
        id: &'a str,
        /// Its number within the stream.
        seq: u64,
        /// `stop`, `length`, `tool_calls` or `cancelled`.
        finish_reason: &'a str,
        /// Tokens read and written.
        usage: TokenUsage,
        /// What the answer tells about itself.
        metrics: Metrics,
    },
    /// A request failed; without `id`, a frame could not be understood.
    Error {
        /// The client's own name for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        /// Its number within the stream, where the stream had begun.
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// The status that the same failure has over HTTP.
        status: u16,
        /// What went wrong.
        error: ErrorObject,
    },
    /// The answer to `ping`.
    Pong {
        /// As it came.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<Value>,
    },
}

impl ServerFrame<'_> {
    /// The frame as text.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, param: Option<&str>) {
        let error = ClientFrame::read(text.as_bytes()).unwrap_err();
        assert_eq!(error.param(), param, "{error}");
    }

    #[test]
    fn a_body_stays_the_clients_own_text() {
        let text = br#"{"body": { "messages" : [] }, "type":"chat","id":"a","extra":1}"#;
        let ClientFrame::Chat { id, body, resume } = ClientFrame::read(text).unwrap() else {
            panic!("not a chat frame");
        };
        assert_eq!(
            (id.as_str(), body.get(), resume),
            ("a", r#"{ "messages" : [] }"#, None)
        );
    }

    #[test]
    fn what_a_frame_lacks_is_named() {
        refused(r#"{"id":"a"}"#, Some("type"));
        refused(r#"{"type":"dance"}"#, Some("type"));
        refused(r#"{"type":"chat","id":"a"}"#, Some("body"));
        refused(r#"{"type":"cancel"}"#, Some("id"));
        refused(
            r#"{"type":"resume","id":"a","stream":"s","after":-1}"#,
            Some("after"),
        );
        refused("hello", None);
    }

    #[test]
    fn a_chunk_is_passed_on_as_it_is() {
        let data = RawValue::from_string(r#"{"id":"chatcmpl-1"}"#.into()).unwrap();
        let frame = ServerFrame::Chunk {
            id: "a",
            seq: 3,
            data: &data,
        };
        assert_eq!(
            frame.encode(),
            r#"{"type":"chunk","id":"a","seq":3,"data":{"id":"chatcmpl-1"}}"#
        );
    }

    #[test]
    fn an_error_of_no_request_has_no_id() {
        let error = crate::openai::error::ErrorBody::from(&busbar_core::Error::internal("broken")).error;
        let frame = ServerFrame::Error {
            id: None,
            seq: None,
            status: 500,
            error,
        };
        let json: Value = serde_json::from_slice(&frame.encode()).unwrap();
        assert_eq!(json["type"], "error");
        assert!(json.get("id").is_none() && json.get("seq").is_none());
    }
}
