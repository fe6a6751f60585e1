//! Summaries of text of any length, whole or streamed.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use busbar_core::{Error, ErrorKind, Model, RequestId, Result};
use busbar_tasks::{Length, Style, Summarizer, SummaryDone, SummaryEvent, SummaryRequest, SummaryStream};
use busbar_telemetry::Operation;
use busbar_wire::{
    Framing, Metrics,
    openai::{TokenUsage, finish_reason},
    sse::Frame,
    summaries::{
        SummaryAnswer, SummaryAsked, SummaryBody, SummaryDelta, SummaryLength, SummaryProgress, SummaryStyle,
    },
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use super::reply;
use crate::{
    Server, body,
    caller::Caller,
    deadline::Deadline,
    error::{self, Handled, Problems},
    ids,
    layers::Watching,
    openapi::RequestHeaders,
    record::Record,
    sse,
};

/// A summary of a text of any length.
///
/// With `stream` it comes as server-sent events by name: `progress` (`SummaryProgress`), `delta`
/// (`SummaryDelta`), at the end `done` (`Summary`) or `error` (`Problem`).
#[utoipa::path(
    post, path = "/v1/summaries", operation_id = "createSummary", tag = "text",
    params(RequestHeaders),
    request_body = SummaryBody,
    responses(
        (status = 200, description = "The summary, whole or as server-sent events.",
            content((SummaryAnswer = "application/json"), (SummaryDelta = "text/event-stream"))),
        Problems,
    )
)]
pub(crate) async fn create(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    let body = SummaryBody::read(&body::read(&server, &caller, request).await?)?;
    let streamed = body.stream();
    let id = caller.context.request.clone();
    let asked = body.into_asked(caller.context.clone())?;
    if streamed {
        let summary = Summary::start(&server, &caller, asked).await?;
        return Ok(stream(&server, id, summary));
    }
    let mut watching = Watching::begin(&server);
    let answer = whole(Summary::start(&server, &caller, asked).await).await;
    watching.end();
    let answer = answer?;
    Ok(reply::measured(answer.encode(), &answer.busbar))
}

async fn whole(summary: Result<Summary>) -> Result<SummaryAnswer> {
    let mut summary = summary?;
    loop {
        if let Step::Done(answer) = summary.next().await? {
            return Ok(*answer);
        }
    }
}

fn stream(server: &Server, request: RequestId, mut summary: Summary) -> Response {
    let model = summary.model.clone();
    let streaming = summary.record.streaming();
    let frames = stream::unfold(Some((summary, request, streaming)), |state| async {
        let (mut summary, request, streaming) = state?;
        let (frame, ended) = match summary.next().await {
            Ok(Step::Progress(data)) => (named("progress", &data), false),
            Ok(Step::Delta(text)) => (named("delta", &SummaryDelta::encode(&text)), false),
            Ok(Step::Done(answer)) => (named("done", &answer.encode()), true),
            Err(error) => {
                let problem = error::problem(&error, &request);
                (
                    named("error", &serde_json::to_vec(&problem).unwrap_or_default()),
                    true,
                )
            }
        };
        Some((frame, (!ended).then_some((summary, request, streaming))))
    });
    let mut response = sse::response(server, Framing::Sse { end: None }, Box::pin(frames));
    reply::model(response.headers_mut(), &model);
    response
}

fn named(event: &'static str, data: &[u8]) -> Bytes {
    Frame {
        id: None,
        event: Some(event),
        data,
    }
    .encode()
}

/// A summary under way.
struct Summary {
    id: String,
    created: u64,
    model: String,
    text: String,
    events: SummaryStream,
    deadline: Deadline,
    record: Record,
}

/// What comes next of a summary.
enum Step {
    Progress(Bytes),
    Delta(String),
    Done(Box<SummaryAnswer>),
}

impl Summary {
    async fn start(server: &Server, caller: &Caller, asked: SummaryAsked) -> Result<Self> {
        let model = server.models().get(&asked.model)?;
        let summarizer = summarizer(server, &model)?;
        let id = ids::unguessable("summary-")?;
        let (operation, context) = (Operation::Summarize, &asked.context);
        let mut record = Record::open(server, operation, &model.card, context, caller.arrived)?;
        let mut deadline = Deadline::of(server, &asked.context);
        let request = request(asked, &model);
        let events = deadline.before(summarizer.summarize(request)).await.flatten();
        Ok(Self {
            id,
            created: server.unix_seconds(),
            model: model.card.id.as_str().to_owned(),
            text: String::new(),
            events: events.inspect_err(|error| record.fail(error))?,
            deadline,
            record,
        })
    }

    async fn next(&mut self) -> Result<Step> {
        let event = self.deadline.before(self.events.next()).await;
        let event = event.and_then(|event| event.unwrap_or_else(|| Err(unfinished())));
        match event.inspect_err(|error| self.record.fail(error))? {
            SummaryEvent::Progress(progress) => Ok(Step::Progress(SummaryProgress::encode(&progress))),
            SummaryEvent::Delta(delta) => {
                self.record.chunk();
                self.text.push_str(&delta.text);
                Ok(Step::Delta(delta.text))
            }
            SummaryEvent::Done(done) => Ok(Step::Done(Box::new(self.answer(&done)))),
        }
    }

    fn answer(&mut self, done: &SummaryDone) -> SummaryAnswer {
        SummaryAnswer {
            id: self.id.clone(),
            object: "summary".to_owned(),
            created: self.created,
            model: self.model.clone(),
            summary: std::mem::take(&mut self.text),
            parts: done.parts,
            rounds: done.rounds,
            finish_reason: finish_reason(done.finish).to_owned(),
            usage: TokenUsage::from(&done.usage),
            busbar: Metrics::from(&self.record.finish(done.usage)),
        }
    }
}

fn summarizer(server: &Server, model: &Model) -> Result<Summarizer> {
    let (card, chat) = server.models().chat(model.card.id.as_str())?;
    let tokens = model.tokens.as_ref().map(Arc::clone).ok_or_else(|| {
        let message = format!("`{}` cannot count tokens, so it cannot summarise", card.id);
        Error::new(ErrorKind::Unsupported, message)
            .with_param("model")
            .with_code("unsupported_task")
    })?;
    Ok(Summarizer::new(chat, tokens, &card))
}

fn request(asked: SummaryAsked, model: &Model) -> SummaryRequest {
    let mut request = SummaryRequest::new(asked.context, model.card.id.clone(), asked.text);
    request.style = match asked.style {
        SummaryStyle::Paragraph => Style::Paragraph,
        SummaryStyle::Bullets => Style::Bullets,
        SummaryStyle::Headline => Style::Headline,
    };
    request.length = match asked.length {
        SummaryLength::Short => Length::Short,
        SummaryLength::Medium => Length::Medium,
        SummaryLength::Long => Length::Long,
    };
    request.sampling = asked.sampling;
    request.max_tokens = asked.max_tokens;
    request
}

fn unfinished() -> Error {
    Error::internal("the summary ended without saying that it was done")
}
