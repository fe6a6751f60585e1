//! Writes an answer as a response: numbered events, each of which says what has become of which item.

use busbar_core::{
    AnswerMetrics, Delta, Done, Error, ErrorKind, Event, FinishReason, ThoughtDelta, Transcript, Usage,
};
use bytes::Bytes;
use serde::Serialize;

use super::{
    echo::Echo,
    items::{Item, ResponseUsage},
    progress::Progress,
};
use crate::{AnswerWriter, Chunk, Head, Metrics, answer::json};

/// Writes one answer as a response.
#[derive(Debug)]
pub struct ResponsesWriter {
    head: Head,
    echo: Echo,
    progress: Progress,
}

/// The whole response, as far as it is.
#[derive(Serialize)]
struct Response<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<Failure<'a>>,
    incomplete_details: Option<Incomplete>,
    model: &'a str,
    output: &'a [Item],
    #[serde(flatten)]
    echo: &'a Echo,
    usage: Option<ResponseUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    busbar: Option<Metrics>,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

/// How a response ends, or how far it is.
struct End<'a> {
    status: &'static str,
    incomplete: Option<Incomplete>,
    error: Option<Failure<'a>>,
    usage: Option<ResponseUsage>,
    metrics: Option<Metrics>,
}

impl ResponsesWriter {
    /// What the ids of such answers begin with.
    pub const ID_PREFIX: &str = "resp_";

    /// A writer for an answer to a request of which this is given back.
    pub fn new(head: Head, echo: Echo) -> Self {
        let own = head.id.strip_prefix(Self::ID_PREFIX).unwrap_or(&head.id);
        let progress = Progress::new(own, echo.summarises());
        Self { head, echo, progress }
    }

    fn response<'a>(&'a self, end: End<'a>) -> Response<'a> {
        Response {
            id: &self.head.id,
            object: "response",
            created_at: self.head.created,
            status: end.status,
            background: false,
            error: end.error,
            incomplete_details: end.incomplete,
            model: &self.head.model,
            output: self.progress.items(),
            echo: &self.echo,
            usage: end.usage,
            busbar: end.metrics,
        }
    }

    /// An event that carries the whole response.
    fn whole_event(&mut self, kind: &'static str, end: End<'_>) -> Chunk {
        #[derive(Serialize)]
        struct Fields<'a> {
            response: Response<'a>,
        }
        let number = self.progress.next_number();
        let response = self.response(end);
        super::progress::event(kind, number, &Fields { response })
    }
}

impl AnswerWriter for ResponsesWriter {
    fn open(&mut self, out: &mut Vec<Chunk>) {
        out.push(self.whole_event("response.created", under_way()));
        out.push(self.whole_event("response.in_progress", under_way()));
    }

    fn event(&mut self, event: &Event, out: &mut Vec<Chunk>) {
        match event {
            Event::Delta(delta) => self.progress.say(delta, out),
            Event::Thought(thought) => self.progress.think(thought, out),
            Event::ToolCallStart { index, id, name } => self.progress.call(*index, id, name, out),
            Event::ToolCallDelta { index, arguments } => self.progress.give(*index, arguments, out),
            // The dialect has no word for progress; the end is written by `end`.
            Event::Progress(_) | Event::Usage(_) | Event::Resumed(_) | Event::Done(_) => {}
        }
    }

    fn end(&mut self, done: &Done, metrics: &AnswerMetrics, out: &mut Vec<Chunk>) {
        let end = ended(done.finish, &done.usage, metrics);
        self.progress.close(end.status, out);
        let kind = match end.incomplete {
            Some(_) => "response.incomplete",
            None => "response.completed",
        };
        out.push(self.whole_event(kind, end));
    }

    fn fail(&mut self, error: &Error) -> Chunk {
        let failure = Failure {
            code: code(error.kind()),
            message: error.message(),
        };
        let end = End {
            status: "failed",
            error: Some(failure),
            ..under_way()
        };
        self.whole_event("response.failed", end).failed()
    }

    fn whole(&mut self, transcript: &Transcript, metrics: &AnswerMetrics) -> Bytes {
        // Told like a stream, so that both ways come to the same items.
        let mut unheard = Vec::new();
        for event in retold(transcript) {
            self.event(&event, &mut unheard);
            unheard.clear();
        }
        let end = ended(transcript.finish, &transcript.usage, metrics);
        self.progress.close(end.status, &mut unheard);
        json(&self.response(end))
    }
}

fn under_way() -> End<'static> {
    End {
        status: "in_progress",
        incomplete: None,
        error: None,
        usage: None,
        metrics: None,
    }
}

fn ended(finish: FinishReason, usage: &Usage, metrics: &AnswerMetrics) -> End<'static> {
    let reason = match finish {
        FinishReason::Stop | FinishReason::ToolCalls => None,
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::Filtered => Some("content_filter"),
    };
    End {
        status: if reason.is_some() {
            "incomplete"
        } else {
            "completed"
        },
        incomplete: reason.map(|reason| Incomplete { reason }),
        error: None,
        usage: Some(ResponseUsage::from(usage)),
        metrics: Some(Metrics::from(metrics)),
    }
}

/// The events of an answer that is there already.
fn retold(transcript: &Transcript) -> Vec<Event> {
    use busbar_core::Thought;
    let mut events = Vec::new();
    for thought in &transcript.thoughts {
        match thought {
            Thought::Sealed(data) => events.push(Event::Thought(ThoughtDelta::Sealed(data.clone()))),
            Thought::Open { text, signature } => {
                events.push(Event::Thought(ThoughtDelta::Text(text.clone())));
                let signature = signature.clone().map(ThoughtDelta::Signature);
                events.extend(signature.map(Event::Thought));
            }
        }
    }
    events.push(Event::Delta(Delta {
        text: transcript.text.clone(),
        logprobs: transcript.logprobs.clone(),
    }));
    for (index, call) in (0_u32..).zip(&transcript.tool_calls) {
        events.push(Event::ToolCallStart {
            index,
            id: call.id.clone(),
            name: call.name.clone(),
        });
        events.push(Event::ToolCallDelta {
            index,
            arguments: call.arguments.clone(),
        });
    }
    events
}

/// The code for a failure, among those that the dialect's clients know.
fn code(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::RateLimited { .. } => "rate_limit_exceeded",
        ErrorKind::Invalid | ErrorKind::TooLarge | ErrorKind::Unsupported => "invalid_prompt",
        _ => "server_error",
    }
}
