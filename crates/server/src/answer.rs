//! One answer, whatever carries it: how a request is admitted, started, held to its deadline and
//! measured. REST, server-sent events and WebSocket all get theirs from here.

use std::{ops::Add, sync::Arc, time::Instant};

use busbar_core::{AnswerMetrics, ChatModel, ChatRequest, Error, Event, Result, Trail, Transcript, Usage};
use busbar_telemetry::Operation;
use busbar_wire::{AnswerWriter, Head};
use bytes::Bytes;

use crate::{
    Items, Server, capable,
    choices::{self, Source},
    deadline::Deadline,
    ids,
    items::Chunks,
    record::Record,
};

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
    /// How many answers are wanted.
    pub choices: u32,
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
            choices,
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
        let events = Events::start(server, model, (request, choices), record).await?;
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
        let mut transcripts = vec![Transcript::empty(); self.events.used.len()];
        while let Some(event) = self.events.next().await {
            let Some(transcript) = transcripts.get_mut(self.events.choice as usize) else {
                continue;
            };
            if let Some(done) = transcript.push(event?) {
                transcript.end(done);
            }
            if self.events.ended {
                let metrics = self.events.record.finish(self.events.spent());
                let usage = choices::told(&self.events.used);
                return Ok((self.writer.all(&transcripts, &usage, &metrics), metrics));
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
    source: Source,
    deadline: Deadline,
    pub(crate) record: Record,
    pub(crate) ended: bool,
    /// Of which answer the last event was, where several were asked for.
    pub(crate) choice: u32,
    /// What each of them has used so far.
    pub(crate) used: Vec<Usage>,
    /// How many have not ended yet.
    left: usize,
}

impl Events {
    async fn start(
        server: &Server,
        model: Arc<dyn ChatModel>,
        (request, choices): (ChatRequest, u32),
        mut record: Record,
    ) -> Result<Self> {
        let mut deadline = Deadline::of(server, &request.context);
        let asked = deadline.before(choices::ask(model, request, choices)).await;
        let (source, trails) = asked.flatten().inspect_err(|error| record.fail(error))?;
        record.also(trails);
        let answers = choices.max(1) as usize;
        Ok(Self {
            source,
            deadline,
            record,
            ended: false,
            choice: 0,
            used: vec![Usage::default(); answers],
            left: answers,
        })
    }

    /// Everything that was used so far, each prompt as often as it was read.
    pub(crate) fn spent(&self) -> Usage {
        self.used.iter().copied().fold(Usage::default(), Add::add)
    }

    fn used(&mut self, usage: Usage) {
        if let Some(used) = self.used.get_mut(self.choice as usize) {
            *used = usage;
        }
        let spent = self.spent();
        self.record.used(spent);
    }

    /// The next event. After an error or the last event nothing comes, and nothing runs.
    pub(crate) async fn next(&mut self) -> Option<Result<Event>> {
        if self.ended {
            return None;
        }
        let event = self.deadline.before(self.source.next()).await;
        let event = event.and_then(|numbered| {
            let (choice, event) = numbered.unwrap_or_else(|| (self.choice, Err(unfinished())));
            self.choice = choice;
            event
        });
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
            Ok(Event::Usage(usage)) => self.used(*usage),
            Ok(Event::Done(done)) => {
                self.used(done.usage);
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    self.end();
                }
            }
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
        self.source = Source::empty();
    }
}

fn unfinished() -> Error {
    Error::internal("the model's stream ended without saying that it was done")
}
