//! An answer as a stream of events: server-sent ones, or what the dialect has in their place.

use std::{convert::Infallible, pin::Pin, time::Duration};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use busbar_wire::{Chunk, Framing};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::Instant;

use crate::{Item, Items, Part, Server, layers::Watching};

/// Says to proxies whether they may collect what they pass on.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// How many headers a stream has with all that the layers add: room for them is made once.
const HEADERS: usize = 12;

/// Events that are ready to be sent.
pub(crate) type Frames = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// An answer. `stream` is its name, which every event's id begins with where the framing has ids.
pub(crate) fn answer(server: &Server, framing: Framing, stream: String, items: Items) -> Response {
    rest(server, framing, stream, items, 0)
}

/// The same for a client that has all events up to a number.
pub(crate) fn rest(server: &Server, framing: Framing, stream: String, items: Items, after: u64) -> Response {
    let frames = items.map(move |item| encode(framing, &stream, &item, after));
    response(server, framing, Box::pin(frames))
}

/// A response that sends these events as they come, and a sign of life whenever they are long in
/// coming, where the framing has one.
pub(crate) fn response(server: &Server, framing: Framing, frames: Frames) -> Response {
    let watching = Watching::begin(server);
    let body = keep_alive(framing, frames, server.settings().keep_alive, watching);
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(framing.media_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without it nginx collects the events and sends them in one piece at the end.
    headers.insert(BUFFERING, HeaderValue::from_static("no"));
    response
}

fn keep_alive(
    framing: Framing,
    frames: Frames,
    every: Duration,
    watching: Watching,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    // One timer a stream, put off with every frame: a new one for each would cost more than the frame.
    let silence = Box::pin(tokio::time::sleep(every));
    stream::unfold(
        (frames, watching, silence),
        move |(mut frames, mut watching, mut silence)| async move {
            loop {
                let next = tokio::select! {
                    biased;
                    next = frames.next() => match next {
                        Some(frame) => Some(frame),
                        None => {
                            watching.end();
                            return None;
                        }
                    },
                    () = silence.as_mut() => framing.still_here(),
                };
                silence.as_mut().reset(Instant::now() + every);
                if let Some(next) = next {
                    return Some((Ok(next), (frames, watching, silence)));
                }
            }
        },
    )
}

/// One item as one or more events. `after` is the last one that the client has.
fn encode(framing: Framing, stream: &str, item: &Item, after: u64) -> Bytes {
    let one = |seq: u64, chunk: &Chunk| framing.encode(Some(&format!("{stream}:{seq}")), chunk);
    match &item.part {
        Part::Chunk(chunk) | Part::Failed { chunk, .. } | Part::Cancelled { chunk, .. } => {
            one(item.seq, chunk)
        }
        Part::Done(ended) => {
            let mut out = BytesMut::new();
            for (seq, chunk) in (item.seq..).zip(&ended.chunks).filter(|(seq, _)| *seq > after) {
                out.extend_from_slice(&one(seq, chunk));
            }
            if let Some(end) = framing.end() {
                out.extend_from_slice(&end);
            }
            out.freeze()
        }
    }
}
