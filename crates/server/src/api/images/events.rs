//! What happens to a job, as server-sent events that go on where a client left off.

use std::collections::VecDeque;

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use busbar_core::{Error, RequestId, Result, Tenant};
use busbar_jobs::{Follower, Job, JobEvent};
use busbar_wire::{Framing, Problem, answer::json, jobs::ImageJobEvent, sse::Frame};
use bytes::Bytes;
use futures_util::stream;

use super::{desk::Desk, view};
use crate::{
    Drain, Server,
    caller::Caller,
    error::{self, Handled, Problems},
    replay::{self, api::LastEventHeader},
    sse,
};

/// What happens to a job.
///
/// Server-sent events by name (`ImageJobEvent`): `queued`, `started`, `progress`, `retrying`, `returned`,
/// `stopping`, and as the last one `succeeded`, `failed`, `cancelled` or `expired`, with the whole job; or
/// `error` (`Problem`). Of the progress only the latest is told. Whoever comes back with `Last-Event-ID`
/// gets what came after it.
#[utoipa::path(
    get, path = "/v1/images/jobs/{id}/events", operation_id = "watchImageJob", tag = "pictures",
    params(("id" = String, Path, description = "The job's id."), LastEventHeader),
    responses(
        (status = 200, description = "Events until the job is over.",
            body = ImageJobEvent, content_type = "text/event-stream"),
        (status = 404, description = "There is no such job (any more).",
            body = Problem, content_type = "application/problem+json"),
        Problems,
    )
)]
pub(crate) async fn watch(
    State(server): State<Server>,
    caller: Caller,
    desk: Desk,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Handled<Response> {
    let last = replay::last_event(&headers)?;
    if last.as_ref().is_some_and(|last| last.stream != id) {
        let message = "the header `last-event-id` names another job than the path does";
        return Err(Error::invalid("last-event-id", message).into());
    }
    let job = desk.find(&caller.context.tenant, &id).await?;
    let watch = Watch {
        follower: desk.jobs.follow(job.id),
        desk,
        tenant: caller.context.tenant,
        request: caller.context.request,
        drain: server.drain().clone(),
        job,
        seen: last.map_or(0, |last| last.seq),
        ready: VecDeque::new(),
        ended: false,
    };
    let frames = stream::unfold(watch, |mut watch| async { Some((watch.next().await?, watch)) });
    Ok(sse::response(
        &server,
        Framing::Sse { end: None },
        Box::pin(frames),
    ))
}

/// A job that is watched.
struct Watch {
    desk: Desk,
    tenant: Tenant,
    request: RequestId,
    drain: Drain,
    /// As it was last seen.
    job: Job,
    follower: Follower,
    /// The number of the last event that the client has.
    seen: u64,
    ready: VecDeque<JobEvent>,
    ended: bool,
}

impl Watch {
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seen = event.seq;
                self.ended = event.what.is_last();
                return Some(self.encode(&event));
            }
            match self.look() {
                Looked::News => continue,
                // A client that is cut off here comes back to the next instance by itself.
                Looked::Nothing if self.drain.is_draining() => return None,
                Looked::Nothing => {}
            }
            tokio::select! {
                () = self.follower.wait() => {}
                () = self.drain.started() => {}
            }
            if let Err(error) = self.again().await {
                self.ended = true;
                return Some(self.failed(&error));
            }
        }
    }

    fn look(&mut self) -> Looked {
        let mut news = self.job.events_after(self.seen);
        if news.is_empty() && self.job.is_over() {
            // Whoever has the end is told once more that it was the end.
            news.extend(self.job.history.last().cloned());
        }
        self.ready.extend(news);
        match self.ready.is_empty() {
            true => Looked::Nothing,
            false => Looked::News,
        }
    }

    async fn again(&mut self) -> Result<()> {
        self.job = self.desk.find(&self.tenant, &self.job.id.to_string()).await?;
        self.follower.saw(self.job.version);
        self.desk.links.renew(&self.desk.jobs).await
    }

    fn encode(&self, event: &JobEvent) -> Bytes {
        Frame {
            id: Some(&format!("{}:{}", self.job.id, event.seq)),
            event: Some(event.what.name()),
            data: &view::event(&self.job, event, &self.desk.links).encode(),
        }
        .encode()
    }

    fn failed(&self, error: &Error) -> Bytes {
        Frame {
            id: None,
            event: Some("error"),
            data: &json(&error::problem(error, &self.request)),
        }
        .encode()
    }
}

enum Looked {
    News,
    Nothing,
}
