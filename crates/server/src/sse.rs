//! An answer as server-sent events.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use busbar_core::{Error, ErrorKind};
use busbar_wire::{
    openai::{self, error::ErrorBody},
    sse::{Frame, comment},
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};

use crate::{Item, Items, Part, Server, layers::Watching};

/// Events that are ready to be sent.
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// An answer in the OpenAI dialect. `stream` is its name, which every event's id begins with.
pub(crate) fn answer(server: &Server, stream: String, items: Items) -> Response {
    rest(server, stream, items, 0)
}

/// The same for a client that has all events up to a number.
pub(crate) fn rest(server: &Server, stream: String, items: Items, after: u64) -> Response {
    let frames = items.map(move |item| encode(&stream, &item, after));
    response(server, Box::pin(frames))
}

/// A response that sends these events as they come, and a comment whenever they are long in coming.
pub(crate) fn response(server: &Server, frames: Frames) -> Response {
    let watching = Watching::begin(server);
    let body = keep_alive(frames, server.settings().keep_alive, watching);
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without it nginx collects the events and sends them in one piece at the end.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn keep_alive(
    frames: Frames,
    every: Duration,
    watching: Watching,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    stream::unfold((frames, watching), move |(mut frames, mut watching)| async move {
        let next = match tokio::time::timeout(every, frames.next()).await {
            Ok(Some(frame)) => frame,
            Ok(None) => {
                watching.end();
                return None;
            }
            Err(_) => comment("still here"),
        };
        Some((Ok(next), (frames, watching)))
    })
}

/// One item as one or more events.
fn encode(stream: &str, item: &Item, after: u64) -> Bytes {
    match &item.part {
        Part::Chunk(chunk) => frame(stream, item.seq, chunk),
        Part::Failed(error) => failed(stream, item.seq, error),
        Part::Cancelled(_) => {
            let error = Error::new(ErrorKind::Cancelled, "the stream was cancelled");
            failed(stream, item.seq, &error)
        }
        Part::Done(ended) => {
            let mut out = BytesMut::new();
            if item.seq > after {
                out.extend_from_slice(&frame(stream, item.seq, &ended.chunk));
            }
            if let Some(usage) = ended.usage_chunk.as_ref().filter(|_| item.seq + 1 > after) {
                out.extend_from_slice(&frame(stream, item.seq + 1, usage));
            }
            let end = Frame {
                data: openai::STREAM_END,
                ..Frame::default()
            };
            out.extend_from_slice(&end.encode());
            out.freeze()
        }
    }
}

fn failed(stream: &str, seq: u64, error: &Error) -> Bytes {
    let body = serde_json::to_vec(&ErrorBody::from(error)).unwrap_or_default();
    frame(stream, seq, &body)
}

fn frame(stream: &str, seq: u64, data: &[u8]) -> Bytes {
    let id = format!("{stream}:{seq}");
    Frame {
        id: Some(&id),
        event: None,
        data,
    }
    .encode()
}
