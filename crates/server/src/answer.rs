//! One answer, whatever carries it: how a request is admitted, started, held to its deadline and
//! measured. REST, server-sent events and WebSocket all get theirs from here.

use std::time::Instant;

use busbar_core::{
    AnswerMetrics, ChatModel, ChatRequest, Error, Event, EventStream, Result, Trail, Transcript,
};
use busbar_telemetry::Operation;
use busbar_wire::{AnswerWriter, Head};
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::{Items, Server, capable, deadline::Deadline, ids, items::Chunks, record::Record};

/// Makes the writer of an answer.
pub(crate) type MakeWriter = Box<dyn FnOnce(Head) -> Box<dyn AnswerWriter> + Send>;

/// What a client asked for, read and checked.
pub struct Asked {
    /// The request.
    pub request: ChatRequest,
    /// Whether the answer comes as server-sent events. A WebSocket does not look at it.
    pub stream: bool,
    /// Whether the stream ends with a chunk of usage.
    pub include_usage: bool,
    /// Writes the answer in the client's dialect.
    pub(crate) writer: MakeWriter,
}

/// How an answer is named and counted, and when its request arrived.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What it counts as.
    pub operation: Operation,
    /// What its id begins with.
    pub id_prefix: &'static str,
    /// When the request arrived.
    pub arrived: Instant,
}

/// An answer whose first event is there. Dropping it cancels the generation.
pub struct Answer {
    head: Head,
    events: Events,
    writer: Box<dyn AnswerWriter>,
    trail: Trail,
}

impl Answer {
    /// Admits a request and starts it; resolves once its first event is there.
    ///
    /// # Errors
    /// Whatever refuses it: draining, an unknown model, something that the model cannot do, a full
    /// queue, the deadline, the model itself.
    pub async fn start(server: &Server, kind: Kind, asked: Asked) -> Result<Self> {
        let Asked {
            mut request,
            include_usage,
            writer,
            ..
        } = asked;
        let (card, model) = server.models().chat(request.model.as_str())?;
        // A request that names no model is told of the one that it would have got.
        request.model = card.id.clone();
        capable::check(&request, &card.capabilities)?;
        let mut head = Head {
            id: ids::unguessable(kind.id_prefix)?,
            created: server.unix_seconds(),
            model: card.id.as_str().to_owned(),
            include_usage,
        };
        let trail = request.context.trail.clone();
        let record = Record::open(server, kind.operation, &card, &request.context, kind.arrived)?;
        let events = Events::start(server, &*model, request, record).await?;
        // By a route it is one of its targets that answers.
        trail.look(|course| {
            if let Some(served) = &course.served {
                served.model.as_str().clone_into(&mut head.model);
            }
        });
        let writer = writer(head.clone());
        Ok(Self {
            head,
            events,
            writer,
            trail,
        })
    }

    /// What every chunk repeats.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What happened to its request so far.
    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The whole answer, as its dialect writes it.
    ///
    /// # Errors
    /// The stream's own error; `DeadlineExceeded` where it took too long.
    pub async fn whole(mut self) -> Result<(Bytes, AnswerMetrics)> {
        let mut transcript = Transcript::empty();
        while let Some(event) = self.events.next().await {
            if let Some(done) = transcript.push(event?) {
                let metrics = self.events.record.finish(done.usage);
                transcript.end(done);
                return Ok((self.writer.whole(&transcript, &metrics), metrics));
            }
        }
        Err(unfinished())
    }

    /// The answer in numbered chunks, as this dialect writes them.
    pub fn items(self) -> Items {
        self.chunks().into_items()
    }

    /// The same for whoever may have to stop it.
    pub(crate) fn chunks(self) -> Chunks {
        Chunks::new(self.events, self.writer)
    }
}

/// The events of an answer, up to its deadline.
pub(crate) struct Events {
    events: EventStream,
    deadline: Deadline,
    pub(crate) record: Record,
    pub(crate) ended: bool,
}

impl Events {
    async fn start(
        server: &Server,
        model: &dyn ChatModel,
        request: ChatRequest,
        mut record: Record,
    ) -> Result<Self> {
        let mut deadline = Deadline::of(server, &request.context);
        let events = deadline.before(model.chat(request)).await;
        let events = events.flatten().inspect_err(|error| record.fail(error))?;
        Ok(Self {
            events,
            deadline,
            record,
            ended: false,
        })
    }

    /// The next event. After an error or the last event nothing comes, and nothing runs.
    pub(crate) async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        let event = self.deadline.before(self.events.next()).await;
        let event = event.and_then(|event| event.unwrap_or_else(|| Err(unfinished())));
        match &event {
            Ok(
                Event::Delta(_)
                | Event::Thought(_)
                | Event::ToolCallStart { .. }
                | Event::ToolCallDelta { .. },
            ) => {
                self.record.chunk();
            }
            Ok(Event::Progress(_) | Event::Resumed(_)) => {}
            Ok(Event::Usage(usage)) => self.record.used(*usage),
            Ok(Event::Done(_)) => self.end(),
            Err(error) => {
                self.record.fail(error);
                self.end();
            }
        }
        Some(event)
    }

    /// Frees what the model held now, not when the client has read the last bytes.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.events = Box::pin(futures_util::stream::empty());
    }
}

fn unfinished() -> Error {
    Error::internal("the model's stream ended without saying that it was done")
}
