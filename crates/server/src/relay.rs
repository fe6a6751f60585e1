//! The short way: a request in a format that the model's host speaks itself is passed on as it is, and
//! so is its answer. What it used is read in passing.

use busbar_core::{Error, MUST_BE_READ, ModelId, Relay, RelayItem, RelayRequest, RelayStream, Result, Trail};
use busbar_telemetry::Under;
use busbar_wire::Peek;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use std::sync::Arc;

use crate::{
    Server,
    api::reply,
    caller::Caller,
    deadline::Deadline,
    dialects::{Dialect, Incoming},
    error::Handled,
    layers::Watching,
    record::Record,
    sse,
};

/// A request that can be passed on.
pub(crate) struct Passing {
    relay: Arc<dyn Relay>,
    record: Record,
    model: ModelId,
    request: RelayRequest,
}

impl Passing {
    /// Whether a request can take the short way; it then has been admitted. `None` where it cannot:
    /// whoever reads it whole says what is wrong with it, if anything is.
    ///
    /// # Errors
    /// Where the server takes nothing new.
    pub(crate) fn of(
        server: &Server,
        dialect: &Dialect,
        caller: &Caller,
        incoming: Incoming<'_>,
        body: &Bytes,
    ) -> Result<Option<Self>> {
        let peeked = match incoming.model {
            Some(model) => Some(Peek {
                model: model.to_owned(),
                stream: incoming.stream,
            }),
            None => Peek::of(body),
        };
        let format = incoming.format.or(dialect.format);
        let Some((format, peeked)) = format.zip(peeked) else {
            return Ok(None);
        };
        let Ok(model) = server.models().get(&peeked.model) else {
            return Ok(None);
        };
        let Some(relay) = model.relay.as_ref().filter(|relay| relay.speaks(format)) else {
            return Ok(None);
        };
        Ok(Some(Self {
            relay: relay.clone(),
            record: Record::open(
                server,
                dialect.operation,
                &model.card,
                &caller.context,
                caller.arrived,
            )?,
            model: model.card.id.clone(),
            request: RelayRequest {
                context: caller.context.clone(),
                format,
                body: body.clone(),
                heads: incoming.heads.to_vec(),
                stream: peeked.stream,
            },
        }))
    }

    /// Passes it on, and the answer back. `None`: it has to be read after all, since whoever is to serve it
    /// speaks another format.
    pub(crate) async fn run(mut self, server: &Server, dialect: &'static Dialect) -> Option<Handled> {
        let streamed = self.request.stream;
        let mut deadline = Deadline::of(server, &self.request.context);
        let mut watching = (!streamed).then(|| Watching::begin(server));
        let trail = self.request.context.trail.clone();
        let items = deadline.before(self.relay.relay(self.request)).await.flatten();
        let items = match items {
            Ok(items) => items,
            Err(error) => {
                if let Some(watching) = &mut watching {
                    watching.end();
                }
                if error.code() == Some(MUST_BE_READ) {
                    self.record.forget();
                    return None;
                }
                self.record.fail(&error);
                return Some(Err(error.into()));
            }
        };
        let answer = Relayed {
            _streaming: streamed.then(|| self.record.streaming()),
            record: self.record,
            items,
            deadline,
        };
        if streamed {
            let mut response = sse::response(server, dialect.framing, answer.frames(dialect));
            let headers = response.headers_mut();
            reply::model(headers, served(&trail).unwrap_or(self.model).as_str());
            trail.look(|course| reply::course(headers, course));
            return Some(Ok(response));
        }
        let response = answer.whole().await;
        if let Some(watching) = &mut watching {
            watching.end();
        }
        Some(response)
    }
}

/// The model that answers, where a route chose it.
fn served(trail: &Trail) -> Option<ModelId> {
    trail.look(|course| Some(course.served.as_ref()?.model.clone()))
}

/// An answer that is passed on.
struct Relayed {
    record: Record,
    items: RelayStream,
    deadline: Deadline,
    _streaming: Option<Under>,
}

impl Relayed {
    async fn next(&mut self) -> Result<RelayItem> {
        let item = self.deadline.before(self.items.next()).await;
        let item = item.and_then(|item| item.unwrap_or_else(|| Err(cut())));
        match &item {
            Ok(RelayItem::Bytes(_)) => self.record.chunk(),
            Ok(RelayItem::Usage(usage)) => self.record.used(*usage),
            Ok(RelayItem::Done(_)) => {}
            Err(error) => self.record.fail(error),
        }
        item
    }

    fn frames(self, dialect: &'static Dialect) -> sse::Frames {
        Box::pin(stream::unfold(Some(self), move |state| async move {
            let mut answer = state?;
            loop {
                return match answer.next().await {
                    Ok(RelayItem::Bytes(bytes)) => Some((bytes, Some(answer))),
                    Ok(RelayItem::Usage(_)) => continue,
                    Ok(RelayItem::Done(done)) => {
                        answer.record.finish(done.usage);
                        None
                    }
                    Err(error) => {
                        let chunk = (dialect.fail)(&error);
                        Some((dialect.framing.encode(None, &chunk), None))
                    }
                };
            }
        }))
    }

    async fn whole(mut self) -> Handled {
        let mut body = Bytes::new();
        loop {
            match self.next().await? {
                // Most answers come in one piece, which then need not be copied.
                RelayItem::Bytes(bytes) if body.is_empty() => body = bytes,
                RelayItem::Bytes(bytes) => {
                    let mut longer = BytesMut::from(body);
                    longer.extend_from_slice(&bytes);
                    body = longer.freeze();
                }
                RelayItem::Usage(_) => {}
                RelayItem::Done(done) => {
                    let metrics = self.record.finish(done.usage);
                    return Ok(reply::counted(body, &metrics));
                }
            }
        }
    }
}

fn cut() -> Error {
    Error::new(
        busbar_core::ErrorKind::BadUpstream,
        "the model's host ended its answer without saying that it was whole",
    )
}
