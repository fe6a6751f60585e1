//! One request on a connection, from its frame to its end.

use std::time::Instant;

use busbar_core::{Context, Error, ErrorKind, ModelId, Result, Stopwatch, Usage};
use busbar_wire::ws::ServerFrame;
use serde_json::value::RawValue;

use super::{
    frames,
    in_flight::Place,
    outbox::{Outbox, TooSlow},
    source::Source,
};
use crate::{
    Answer, Server,
    answer::{Asked, Kind},
    dialects::{CHAT, Incoming},
    replay::{self, Wish},
};

/// One request on a connection.
pub(super) struct Exchange {
    pub(super) server: Server,
    pub(super) outbox: Outbox,
    pub(super) place: Place,
    pub(super) context: Context,
    pub(super) arrived: Instant,
}

/// What a request wants.
pub(super) enum Wanted {
    /// An answer.
    Chat {
        /// The chat-completions body.
        body: Box<RawValue>,
        /// Seconds for which its stream outlives the connection.
        resume: Option<u64>,
    },
    /// A stream that was begun before.
    Resume {
        /// Which.
        stream: String,
        /// The last number that the client has.
        after: u64,
    },
}

impl Exchange {
    /// Does what is wanted and tells the client about it. Fails only where the connection is lost.
    pub(super) async fn run(self, wanted: Wanted) -> Result<(), TooSlow> {
        match wanted {
            Wanted::Resume { stream, after } => {
                let reader = self.server.replay().read(&self.context.tenant, &stream, after);
                if reader.is_ok() {
                    self.server.metrics().stream_resumed();
                }
                self.follow(reader.map(Source::Kept)).await
            }
            Wanted::Chat { body, resume } => {
                let asked = match self.read(&body, resume) {
                    Ok(asked) => asked,
                    Err(error) => return self.follow(Err(error)).await,
                };
                // Not needed while the answer is written, and it may be large.
                drop(body);
                self.chat(asked).await
            }
        }
    }

    fn read(&self, body: &RawValue, resume: Option<u64>) -> Result<(Asked, Option<Wish>)> {
        let body = body.get().as_bytes();
        let limit = self.server.settings().body_limit;
        if body.len() > limit {
            let message = format!("the body is larger than the limit of {limit} bytes");
            return Err(Error::new(ErrorKind::TooLarge, message).with_code("request_too_large"));
        }
        let window = resume
            .map(|seconds| replay::window_of("resume", seconds))
            .transpose()?;
        let wish = window.map(|window| Wish {
            tenant: self.context.tenant.clone(),
            window,
        });
        let asked = (CHAT.read)(
            Incoming {
                body,
                ..Incoming::default()
            },
            self.context.clone(),
        )?;
        Ok((asked, wish))
    }

    async fn chat(mut self, (asked, wish): (Asked, Option<Wish>)) -> Result<(), TooSlow> {
        let model = asked.request.model.clone();
        let server = self.server.clone();
        let started = tokio::select! {
            biased;
            () = self.place.stopped() => None,
            started = start(&server, asked, wish, self.arrived) => Some(started),
        };
        match started {
            Some(source) => self.follow(source).await,
            None => self.stopped_early(model).await,
        }
    }

    /// Sends everything that a source has.
    async fn follow(mut self, source: Result<Source>) -> Result<(), TooSlow> {
        let mut source = match source {
            Ok(source) => source,
            Err(error) => {
                let frame = frames::failed(Some(self.place.id()), None, &error);
                return self.end(frame).await;
            }
        };
        let started = ServerFrame::Started {
            id: self.place.id(),
            stream: source.stream(),
            model: source.model(),
        };
        self.outbox.send(started.encode()).await?;
        let mut stopping = false;
        loop {
            // A model that is always ready must not keep the thread from writing.
            tokio::task::coop::consume_budget().await;
            let item = tokio::select! {
                biased;
                () = self.place.stopped(), if !stopping => {
                    source.stop(&self.server, &self.context.tenant);
                    stopping = true;
                    continue;
                }
                item = source.next() => item,
            };
            let Some(item) = item else {
                let error = Error::internal("the stream ended without saying that it was done");
                let frame = frames::failed(Some(self.place.id()), None, &error);
                return self.end(frame).await;
            };
            let frame = frames::item(self.place.id(), &item);
            if item.is_end() {
                // Frees what the generation held before a slow reader is waited for.
                drop(source);
                return self.end(frame).await;
            }
            self.outbox.send(frame).await?;
        }
    }

    async fn stopped_early(self, model: ModelId) -> Result<(), TooSlow> {
        let watch = Stopwatch::start(self.arrived);
        let metrics = watch.finish(self.server.now(), model, Usage::default());
        let frame = frames::cancelled(self.place.id(), 0, &metrics);
        self.end(frame).await
    }

    /// Sends the last frame. When the client has it, the name is free again.
    async fn end(mut self, frame: bytes::Bytes) -> Result<(), TooSlow> {
        self.outbox.room().await?;
        self.place.leave();
        self.outbox.push(frame);
        Ok(())
    }
}

async fn start(server: &Server, asked: Asked, wish: Option<Wish>, arrived: Instant) -> Result<Source> {
    let kind = Kind {
        operation: CHAT.operation,
        id_prefix: CHAT.id_prefix,
        arrived,
    };
    let answer = Answer::start(server, kind, asked).await?;
    let head = answer.head().clone();
    let chunks = answer.chunks();
    match wish {
        Some(wish) => server
            .replay()
            .keep(&wish, &CHAT, &head, chunks)
            .map(Source::Kept),
        None => Ok(Source::Own {
            stream: head.id,
            model: head.model,
            chunks: Box::new(chunks),
        }),
    }
}
