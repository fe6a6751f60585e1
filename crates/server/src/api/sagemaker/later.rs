//! Answers that come later: a request becomes a job, and its answer appears in a store of objects. Here
//! requests are taken, and answered when their time has come.

use axum::{
    body::Body,
    extract::{FromRequestParts as _, Request},
    http::{HeaderName, HeaderValue, header},
};
use busbar_core::{BoxFuture, Error, ErrorKind, Result};
use busbar_jobs::{
    Input, MediaType, NewJob,
    endpoint::{EndpointAnswer, EndpointAsked, EndpointJobs, EndpointRecipe, Endpoints},
};
use busbar_wire::sagemaker::{AsyncAsked, AsyncTaken, EndpointName, error as format};
use http_body_util::BodyExt as _;
use serde_json::json;
use std::time::Duration;

use crate::{
    LaterPlaces, Server,
    api::{images::within, reply},
    body,
    caller::Caller,
    deadline::Deadline,
    error::{self, Handled},
    ids,
};

/// What a client says to whoever answers.
const CUSTOM_ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
/// What errors call the place of a request.
const INPUT: &str = "InputLocation";
/// What containers answer with where they do not say.
const ANY: &str = "application/octet-stream";

/// Takes a request whose answer comes later.
pub(super) async fn accept(
    server: &Server,
    caller: Caller,
    endpoint: &EndpointName,
    request: Request,
) -> Handled {
    let _running = server.drain().admit()?;
    let Some(places) = &server.settings().later else {
        let message = "answers that come later have no place here: set `later.outputs` to s3://bucket/path, \
             or use `invocations`";
        return Err(Error::new(ErrorKind::Unsupported, message).into());
    };
    let jobs = &server.pictures()?.jobs;
    server.models().get(endpoint.as_str())?;
    let asked = AsyncAsked::read(|name| within::header(request.headers(), name))?;
    let inputs = match &asked.input_location {
        Some(location) => {
            may_read(places, location)?;
            Vec::new()
        }
        None => vec![given(server, &caller, request).await?],
    };
    let own = ids::unguessable("")?;
    let recipe = EndpointRecipe {
        endpoint: endpoint.as_str().to_owned(),
        input: asked.input_location,
        output: format!("{}/{own}.out", places.outputs),
        failure: format!("{}/{own}-error.out", places.failures),
        content_type: asked.content_type,
        accept: asked.accept,
        custom_attributes: asked.custom_attributes,
        timeout_s: asked.timeout,
    };
    let new = NewJob {
        kind: EndpointJobs::kind(),
        recipe: json!(recipe),
        inputs,
        key: None,
        hook: None,
        expires_in: asked.ttl.map(|seconds| Duration::from_secs(seconds.into())),
    };
    let submitting = jobs.submit(&caller.context.tenant, new);
    Deadline::of(server, &caller.context)
        .before(submitting)
        .await
        .flatten()?;
    let taken = AsyncTaken {
        inference_id: Some(asked.inference_id.unwrap_or(own)),
        output_location: Some(recipe.output),
        failure_location: Some(recipe.failure),
    };
    let mut response = error::accepted(reply::json(taken.body()));
    for (name, value) in taken.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    Ok(response)
}

/// Requests are read from where the configuration says, and not from wherever a client points.
fn may_read(places: &LaterPlaces, location: &str) -> Result<()> {
    let within = |place: &String| {
        location
            .strip_prefix(place.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    };
    let walks = location.split('/').any(|segment| matches!(segment, "." | ".."));
    if !walks && places.inputs.iter().any(within) {
        return Ok(());
    }
    let message = format!(
        "`{INPUT}` must be below {}; `later.inputs` says from where requests are read",
        places.inputs.join(" or ")
    );
    Err(Error::invalid(INPUT, message))
}

/// The request itself, where it came with the call.
async fn given(server: &Server, caller: &Caller, request: Request) -> Handled<Input> {
    let sent = body::any(server, caller, request).await?;
    if sent.body.is_empty() {
        let message = format!("`{INPUT}` is missing, and there is no body in its place");
        return Err(Error::invalid(INPUT, message).into());
    }
    Ok(Input {
        content: sent.body,
        media: MediaType::Binary,
    })
}

impl Endpoints for Server {
    fn answer(&self, asked: EndpointAsked) -> BoxFuture<'_, Result<EndpointAnswer>> {
        Box::pin(async move {
            let name = EndpointName::parse(&asked.endpoint)?;
            let mut request = Request::new(Body::from(asked.body));
            let timeout = asked.timeout.map(|timeout| timeout.as_millis().to_string());
            let heads = [
                (header::CONTENT_TYPE, asked.content_type),
                (header::ACCEPT, asked.accept),
                // For routes, which may look at headers.
                (
                    HeaderName::from_static(CUSTOM_ATTRIBUTES),
                    asked.custom_attributes,
                ),
                (HeaderName::from_static("x-busbar-timeout-ms"), timeout),
            ];
            for (name, value) in heads {
                let value = value.map(HeaderValue::try_from).transpose();
                let value = value.map_err(|_| {
                    let message = format!("`{name}` has a character that no header may have");
                    Error::invalid(name.as_str(), message)
                })?;
                request
                    .headers_mut()
                    .extend(value.map(|value| (name.clone(), value)));
            }
            let (mut parts, body) = request.into_parts();
            let caller = Caller::from_request_parts(&mut parts, self).await;
            let mut caller = caller.map_err(|failure| failure.error().clone())?;
            caller.context.tenant = asked.tenant;
            let request = Request::from_parts(parts, body);
            let answered = super::invoke(self, caller, &name, request).await;
            let answered = answered.map_err(|failure| failure.error().clone())?;
            let (parts, body) = answered.into_parts();
            let content_type = within::header(&parts.headers, "content-type").unwrap_or(ANY);
            let body = body.collect().await.map_err(|source| {
                Error::internal("an answer that was whole could not be read").with_source(source)
            })?;
            Ok(EndpointAnswer {
                content_type: content_type.to_owned(),
                body: body.to_bytes(),
            })
        })
    }
}

/// A failure in the words of whoever asked for an answer that comes later.
pub fn explain(error: &Error) -> EndpointAnswer {
    EndpointAnswer {
        content_type: "application/json".to_owned(),
        body: format::error_body(error, Some(error::status(error))),
    }
}
