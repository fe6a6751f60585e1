//! SageMaker: endpoints as its runtime has them, and what its containers must answer to.

mod later;

use axum::{
    body::Body,
    extract::{OriginalUri, Query, Request, State},
    http::HeaderMap,
    response::Response,
};
use busbar_wire::{
    Peek,
    openai::images::ImageFileFormat,
    sagemaker::{
        Container, EndpointName, Operation,
        image::{self, ImageBody, ImageForm},
    },
};

use super::{
    generate::generate,
    images::within,
    predict::{self, PredictQuery},
    probes, reply,
};
use crate::{
    Server, body,
    caller::Caller,
    dialects::{self, Dialect, Incoming},
    error::{Failure, Handled},
    openapi::RequestHeaders,
};

pub use later::explain;

/// Which of several models a container is to use.
const TARGET_MODEL: &str = "x-amzn-sagemaker-target-model";

/// An endpoint: `{name}/invocations`, `{name}/invocations-response-stream`, `{name}/async-invocations`.
///
/// The endpoint is a model. What comes back is in the format of the container that the body was written
/// for; signatures are not looked at.
#[utoipa::path(
    post, path = "/endpoints/{operation}", operation_id = "sagemakerRuntime", tag = "text",
    params(RequestHeaders, ("operation" = String, Path, description = "The endpoint's name, a slash, and the operation.")),
    responses(
        (status = 200, description = "What the endpoint answers."),
        (status = 202, description = "It answers later; the headers say where."),
    )
)]
pub(crate) async fn endpoint(
    State(server): State<Server>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<PredictQuery>,
    request: Request,
) -> Handled {
    let Some((operation, name)) = Operation::of_path(uri.path()) else {
        return Err(Failure::no_such_path(uri.path()));
    };
    let name = name?;
    match operation {
        Operation::InvokeAsync => later::accept(&server, caller, &name, request).await,
        operation => {
            let asked = Invocation {
                stream: operation == Operation::InvokeStream,
                query,
            };
            at(&server, caller, &name, asked, request).await
        }
    }
}

/// How an endpoint is invoked.
#[derive(Default)]
struct Invocation {
    stream: bool,
    query: PredictQuery,
}

/// An endpoint's whole answer, for those who ask it otherwise than by its path.
async fn invoke(server: &Server, caller: Caller, name: &EndpointName, request: Request) -> Handled {
    at(server, caller, name, Invocation::default(), request).await
}

async fn at(
    server: &Server,
    caller: Caller,
    name: &EndpointName,
    asked: Invocation,
    request: Request,
) -> Handled {
    let name = name.as_str();
    let path = Incoming {
        model: Some(name),
        stream: asked.stream,
        ..Incoming::default()
    };
    if within::paints(server, name) {
        return paint(server, caller, name, request).await;
    }
    if looks(server, name) || body::is_picture(request.headers()) {
        return predict::at(server, caller, name, asked.query, request).await;
    }
    generate(&dialects::ENDPOINT, server, caller, path, request).await
}

/// Pictures from words, as JumpStart's containers make them: files where the client asks for them, rows of
/// pixels otherwise.
async fn paint(server: &Server, caller: Caller, model: &str, request: Request) -> Handled {
    let (mut parts, unread) = request.into_parts();
    let form = ImageForm::of(within::header(&parts.headers, "accept"));
    let sent = body::any(server, &caller, Request::from_parts(parts.clone(), unread)).await?;
    let body = ImageBody::read(&sent.body, &sent.essence)?;
    let prompt = body.prompt.clone();
    let (card, _) = server.models().image(model)?;
    let request = body.into_request(caller.context.clone(), card.id.clone())?;
    let format = match form {
        ImageForm::Pixels => {
            let painted = within::pixels(server, &caller, request).await?;
            let body = image::write_pixels(&painted.made.pixels, &prompt);
            return Ok(priced(reply::json(body), painted.cost));
        }
        ImageForm::Png => ImageFileFormat::Png,
        ImageForm::Jpeg => ImageFileFormat::Jpeg,
    };
    let painted = within::files(server, &caller, &mut parts, request, format).await?;
    let files: Vec<_> = painted.made.into_iter().map(|made| made.file).collect();
    Ok(priced(
        reply::json(image::write_files(&files, &prompt)),
        painted.cost,
    ))
}

fn priced(mut response: Response, cost: Option<f64>) -> Response {
    reply::cost(response.headers_mut(), cost);
    response
}

/// Whether the container takes requests.
#[utoipa::path(
    get, path = "/ping", operation_id = "ping", tag = "operation",
    responses((status = 200, description = "It does."))
)]
pub(crate) async fn ping(State(server): State<Server>) -> Handled {
    // Where models are brought one by one, none is there at first, and that is no fault.
    if server.guests().is_some() && !server.drain().is_draining() {
        return Ok(probes::alive().await);
    }
    probes::ready(State(server)).await
}

/// A request to the container itself: a picture, a conversation, or a text.
#[utoipa::path(
    post, path = "/invocations", operation_id = "invoke", tag = "text",
    params(RequestHeaders),
    responses((status = 200, description = "The answer, in the format that the body was written for."))
)]
pub(crate) async fn invocations(
    State(server): State<Server>,
    caller: Caller,
    Query(query): Query<PredictQuery>,
    request: Request,
) -> Handled {
    let target = target(request.headers());
    Box::pin(asked(&server, caller, target.as_deref(), query, request)).await
}

/// A request to a model of this container, or to its first one of the kind that the body is for.
pub(super) async fn asked(
    server: &Server,
    caller: Caller,
    target: Option<&str>,
    query: PredictQuery,
    request: Request,
) -> Handled {
    let named = target.unwrap_or_default();
    if body::is_picture(request.headers()) || target.is_some_and(|name| looks(server, name)) {
        return predict::at(server, caller, named, query, request).await;
    }
    let painter = match target {
        Some(name) => within::paints(server, name).then(|| name.to_owned()),
        None => only_paints(server),
    };
    if let Some(painter) = painter {
        return paint(server, caller, &painter, request).await;
    }
    let (parts, unread) = request.into_parts();
    let whole = body::any(server, &caller, Request::from_parts(parts.clone(), unread)).await?;
    let container = Container::of(&whole.body);
    let again = Request::from_parts(parts, Body::from(whole.body.clone()));
    let dialect: &'static Dialect = match container {
        Container::Picture => return predict::at(server, caller, named, query, again).await,
        Container::Chat => &dialects::CHAT,
        Container::Completion => &dialects::COMPLETIONS,
        Container::Text => &dialects::CONTAINER,
    };
    let peeked = Peek::of(&whole.body).unwrap_or_default();
    let path = Incoming {
        model: Some(target.unwrap_or(&peeked.model)),
        ..Incoming::default()
    };
    // Only bodies of `inputs` have no other way to name their model.
    let path = match container {
        Container::Text => path,
        _ => Incoming {
            model: target,
            ..Incoming::default()
        },
    };
    generate(dialect, server, caller, path, again).await
}

/// The first model that makes pictures, in a container where none writes: whoever asks such a container names none.
fn only_paints(server: &Server) -> Option<String> {
    let models = server.models().models();
    if models.iter().any(|model| model.chat.is_some()) {
        return None;
    }
    let painter = models.iter().find(|model| model.image.is_some())?;
    Some(painter.card.id.as_str().to_owned())
}

/// Whether a model looks at pictures and does nothing else.
fn looks(server: &Server, name: &str) -> bool {
    let model = server.models().get(name);
    model.is_ok_and(|model| model.classify.is_some() && model.chat.is_none())
}

fn target(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(TARGET_MODEL)?.to_str().ok()?;
    let name = name.trim_start_matches('/').trim_end_matches(".tar.gz");
    (!name.is_empty()).then(|| name.to_owned())
}
