//! Jobs: submitted, looked at, listed, stopped, removed.

use axum::{
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use busbar_core::{Error, Result};
use busbar_jobs::{Cancelled, Cursor, Filter, JobState, Phase, image::ImageJobs};
use busbar_wire::{
    Problem,
    jobs::{ImageJob, ImageJobBody, ImageJobList},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{desk::Desk, order, view};
use crate::{
    Server,
    api::reply,
    body,
    caller::Caller,
    deadline::Deadline,
    error::{self, Failure, Handled, Problems},
    openapi::RequestHeaders,
};

/// The header of a request that may be sent twice.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described here; `order.rs` reads it")]
pub(crate) struct KeyHeader {
    /// The client's own key for this request, 1 to 255 visible ASCII characters: sent again under
    /// it, the request leads to the job that the first one made.
    #[param(rename = "idempotency-key")]
    key: Option<String>,
}

/// Which page of which jobs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many jobs at most, 1 to 100; 20 where it is absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// What the last page had as `next`.
    after: Option<String>,
    /// Only jobs in this state: `queued`, `running`, `succeeded`, `failed`, `cancelled`, `expired`.
    state: Option<String>,
}

/// Submits a job that makes pictures.
///
/// The job is recorded before the answer is sent, and will be worked on whatever happens.
#[utoipa::path(
    post, path = "/v1/images/jobs", operation_id = "createImageJob", tag = "pictures",
    params(RequestHeaders, KeyHeader),
    request_body = ImageJobBody,
    responses(
        (status = 202, description = "The job, with its place in the queue.", body = ImageJob,
            headers(
                ("location" = String, description = "Where the job is."),
                ("idempotent-replayed" = String, description = "`true` where an earlier request made it."),
            )),
        (status = 409, description = "The idempotency key was used for another request.",
            body = Problem, content_type = "application/problem+json"),
        Problems,
    )
)]
pub(crate) async fn submit(
    State(server): State<Server>,
    caller: Caller,
    desk: Desk,
    request: Request,
) -> Handled {
    let _running = server.drain().admit()?;
    let key = order::key(request.headers())?;
    let body = ImageJobBody::read(&body::read(&server, &caller, request).await?)?;
    let asked = body.into_asked(caller.context.clone())?;
    let submitting = order::submit(&server, &desk, &caller.context, asked, key);
    let submitted = Deadline::of(&server, &caller.context).before(submitting).await;
    let submitted = submitted.flatten().map_err(refused)?;
    let mut response = error::accepted(shown(&desk, &submitted.job).await?);
    let place = format!("/v1/images/jobs/{}", submitted.job.id);
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    if !submitted.new {
        let replayed = HeaderValue::from_static("true");
        response.headers_mut().insert("idempotent-replayed", replayed);
    }
    Ok(response)
}

/// A job as it stands.
#[utoipa::path(
    get, path = "/v1/images/jobs/{id}", operation_id = "getImageJob", tag = "pictures",
    params(("id" = String, Path, description = "The job's id.")),
    responses((status = 200, description = "The job.", body = ImageJob), Problems)
)]
pub(crate) async fn get(caller: Caller, desk: Desk, Path(id): Path<String>) -> Handled {
    let job = desk.find(&caller.context.tenant, &id).await?;
    Ok(shown(&desk, &job).await?)
}

/// Jobs, newest first.
#[utoipa::path(
    get, path = "/v1/images/jobs", operation_id = "listImageJobs", tag = "pictures",
    params(ListQuery),
    responses((status = 200, description = "A page of jobs.", body = ImageJobList), Problems)
)]
pub(crate) async fn list(
    caller: Caller,
    desk: Desk,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Handled {
    let Query(query) = query.map_err(|rejected| Error::invalid("query", rejected.body_text()))?;
    let filter = Filter {
        tenant: caller.context.tenant.clone(),
        phase: query.state.as_deref().map(str::parse::<Phase>).transpose()?,
        kind: Some(ImageJobs::kind()),
    };
    let after = query.after.as_deref().map(Cursor::from_client);
    let page = desk.jobs.list(filter, after, limit(query.limit.as_deref())?);
    let page = page.await.map_err(|error| match error.param() {
        Some("cursor") => error.with_param("after"),
        _ => error,
    })?;
    let jobs = page.jobs.iter().map(|job| view::job(job, None, &desk.links));
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(reply::json(ImageJobList::new(jobs.collect(), next).encode()))
}

/// Stops a job, whenever that is: a waiting one at once, a running one before its next step.
#[utoipa::path(
    post, path = "/v1/images/jobs/{id}/cancel", operation_id = "cancelImageJob", tag = "pictures",
    params(("id" = String, Path, description = "The job's id.")),
    responses(
        (status = 200, description = "The job, which is stopped or was over before.", body = ImageJob),
        (status = 202, description = "The job, which is being stopped.", body = ImageJob),
        Problems,
    )
)]
pub(crate) async fn cancel(caller: Caller, desk: Desk, Path(id): Path<String>) -> Handled {
    let tenant = &caller.context.tenant;
    let job = desk.find(tenant, &id).await?;
    match desk.jobs.cancel(tenant, job.id).await? {
        Cancelled::AtOnce(job) | Cancelled::TooLate(job) => Ok(shown(&desk, &job).await?),
        Cancelled::Soon(job) => Ok(error::accepted(shown(&desk, &job).await?)),
    }
}

/// Removes a job with its files.
#[utoipa::path(
    delete, path = "/v1/images/jobs/{id}", operation_id = "deleteImageJob", tag = "pictures",
    params(("id" = String, Path, description = "The job's id.")),
    responses(
        (status = 204, description = "It is gone, with its files."),
        (status = 409, description = "It was running and is being stopped: again once it is over.",
            body = Problem, content_type = "application/problem+json"),
        Problems,
    )
)]
pub(crate) async fn delete(caller: Caller, desk: Desk, Path(id): Path<String>) -> Handled {
    let tenant = &caller.context.tenant;
    let job = desk.find(tenant, &id).await?;
    desk.jobs.delete(tenant, job.id).await.map_err(refused)?;
    Ok(error::no_content())
}

async fn shown(desk: &Desk, job: &busbar_jobs::Job) -> Result<Response> {
    let position = desk.jobs.position(job).await?;
    let mut response = reply::json(view::job(job, position, &desk.links).encode());
    // It has addresses that open files, and is another a second later.
    let headers: &mut HeaderMap = response.headers_mut();
    if let JobState::Succeeded { output } = &job.state {
        reply::cost(headers, view::cost(output));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What stands against the request is told from what is wrong with it.
fn refused(error: Error) -> Failure {
    match error.code() {
        Some("idempotency_key_reused") => Failure::conflict(error.with_param("idempotency-key")),
        Some("job_running") => Failure::conflict(error),
        _ => error.into(),
    }
}

fn limit(text: Option<&str>) -> Result<usize> {
    const USUAL: usize = 20;
    let Some(text) = text else { return Ok(USUAL) };
    text.parse()
        .map_err(|_| Error::invalid("limit", "`limit` must be a whole number from 1 to 100"))
}
