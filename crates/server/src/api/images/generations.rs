//! OpenAI's way to ask for pictures: a job that the client waits for.

use axum::{
    extract::{Request, State},
    response::Response,
};
use busbar_core::{Error, ErrorKind, Result, Tenant};
use busbar_jobs::{Artifact, Fault, Job, JobId, JobState, Jobs, Output};
use busbar_wire::{
    jobs::ImageJobAsked,
    openai::images::{ImageAnswerFormat, ImageBody, ImageList, ImageObject},
};
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;

use super::{desk::Desk, order, view};
use crate::{
    Server,
    api::reply,
    body,
    caller::Caller,
    deadline::Deadline,
    error::{Handled, OpenAiErrors},
    layers::Watching,
    openapi::RequestHeaders,
};

/// Pictures, when they are done.
///
/// A job like those at `/v1/images/jobs`, which is stopped when the client goes away.
#[utoipa::path(
    post, path = "/v1/images/generations", operation_id = "createImage", tag = "pictures",
    params(RequestHeaders),
    request_body = ImageBody,
    responses((status = 200, description = "The pictures.", body = ImageList), OpenAiErrors)
)]
pub(crate) async fn create(
    State(server): State<Server>,
    caller: Caller,
    desk: Desk,
    request: Request,
) -> Handled {
    let _running = server.drain().admit()?;
    let body = ImageBody::read(&body::read(&server, &caller, request).await?)?;
    let (answer_format, format) = (body.answer_format(), body.file_format());
    let asked = ImageJobAsked {
        request: body.into_request(caller.context.clone())?,
        picture: None,
        strength: None,
        format,
        expires_in: None,
        webhook: None,
    };
    let mut watching = Watching::begin(&server);
    let making = async {
        let submitted = order::submit(&server, &desk, &caller.context, asked, None).await?;
        let (job, output) = done(&desk.jobs, submitted.job).await?;
        let mut list = list(&desk, &job, &output, answer_format).await?;
        list.output_format = Some(format);
        Ok::<_, Error>((view::recipe(&job.recipe), view::cost(&output), list))
    };
    let made = Deadline::of(&server, &caller.context).before(making).await;
    watching.end();
    let (recipe, cost, list) = made.flatten()?;
    let mut response: Response = reply::json(list.encode());
    reply::cost(response.headers_mut(), cost);
    if let Some(recipe) = recipe {
        reply::model(response.headers_mut(), &recipe.model);
    }
    Ok(response)
}

/// The job once it is done, and what came of it. Dropped before that, it stops the job.
pub(super) async fn done(jobs: &Jobs, mut job: Job) -> Result<(Job, Output)> {
    let mut abandon = Abandon {
        jobs: jobs.clone(),
        tenant: job.tenant.clone(),
        job: Some(job.id),
    };
    let mut follower = jobs.follow(job.id);
    while !job.is_over() {
        follower.wait().await;
        job = jobs.get(&job.tenant, job.id).await?;
        follower.saw(job.version);
    }
    abandon.job = None;
    match &job.state {
        JobState::Succeeded { output } => {
            let output = output.clone();
            Ok((job, output))
        }
        JobState::Expired => Err(Error::new(
            ErrorKind::DeadlineExceeded,
            "the pictures were not done in time",
        )),
        JobState::Cancelled => Err(Error::new(ErrorKind::Cancelled, "the job was cancelled")),
        _ => Err(failure(&job)),
    }
}

/// Why a job was given up.
fn failure(job: &Job) -> Error {
    let Some(Fault { reason, code, .. }) = job.fault() else {
        return Error::internal("the job was given up");
    };
    // What another try may mend was tried as often as may be; the rest is wrong with the request.
    let tried = job.faults.len() >= job.tries as usize;
    match code.as_deref() {
        Some("model_not_found") => Error::new(ErrorKind::NotFound, reason).with_code("model_not_found"),
        Some("storage_full") => Error::new(ErrorKind::Unavailable, reason).with_code("storage_full"),
        _ if tried => Error::internal(reason),
        _ => Error::new(ErrorKind::Invalid, reason),
    }
}

async fn list(desk: &Desk, job: &Job, output: &Output, format: ImageAnswerFormat) -> Result<ImageList> {
    let mut data = Vec::with_capacity(output.artifacts.len());
    let mut size = None;
    for (at, artifact) in output.artifacts.iter().enumerate() {
        let recipe = output.detail["pictures"].get(at).and_then(view::recipe);
        let object = match format {
            ImageAnswerFormat::Url => ImageObject::at(desk.links.of(artifact.name)),
            ImageAnswerFormat::B64Json => ImageObject::within(&file(&desk.jobs, artifact).await?),
        };
        let sides = recipe.as_ref().and_then(|recipe| recipe.width.zip(recipe.height));
        size = size.or_else(|| sides.map(|(width, height)| format!("{width}x{height}")));
        data.push(ImageObject {
            seed: recipe.and_then(|recipe| recipe.seed),
            ..object
        });
    }
    Ok(ImageList {
        created: job.created.seconds(),
        data,
        output_format: None,
        size,
        busbar: None,
    })
}

/// A picture's file.
pub(super) async fn file(jobs: &Jobs, artifact: &Artifact) -> Result<Bytes> {
    let mut body = jobs.artifacts().get(artifact.name, None).await?;
    let mut file = BytesMut::new();
    while let Some(chunk) = body.chunks.try_next().await? {
        file.extend_from_slice(&chunk);
    }
    Ok(file.freeze())
}

/// Stops a job that nobody waits for any more.
struct Abandon {
    jobs: Jobs,
    tenant: Tenant,
    job: Option<JobId>,
}

impl Drop for Abandon {
    fn drop(&mut self) {
        let Some(id) = self.job.take() else { return };
        let (jobs, tenant) = (self.jobs.clone(), self.tenant.clone());
        tokio::spawn(async move {
            if let Err(error) = jobs.cancel(&tenant, id).await {
                tracing::warn!(job = %id, %error, "a job that nobody waits for could not be stopped");
            }
        });
    }
}
