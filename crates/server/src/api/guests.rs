//! A container that holds many models: they are loaded, listed, asked and unloaded one by one, as SageMaker
//! does it. On other servers these paths are not there.

use axum::{
    body::Bytes,
    extract::{OriginalUri, Path, Query, Request, State},
    http::{HeaderMap, Method},
    response::Response,
};
use busbar_core::{Error, ErrorKind, GUEST_DOES_NOT_FIT, GUEST_IS_HERE, Guest, Guests};
use busbar_wire::sagemaker::many::{PageQuery, read_load, write_one, write_page};

use super::{predict::PredictQuery, reply, sagemaker};
use crate::{
    Server, body,
    caller::Caller,
    console,
    error::{Failure, Handled},
    openapi::RequestHeaders,
};

/// The models that are loaded.
#[utoipa::path(
    get, path = "/models", operation_id = "listLoadedModels", tag = "operation",
    responses((status = 200, description = "With `--role sagemaker` and many models: those that are loaded."))
)]
pub(crate) async fn list(
    State(server): State<Server>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Handled {
    let Some(guests) = server.guests() else {
        // A page of the console may be called so.
        return console::at(&Method::GET, uri.path(), &headers)
            .ok_or_else(|| Failure::no_such_path(uri.path()));
    };
    Ok(reply::json(write_page(&guests.present(), &query)?))
}

/// Loads a model.
#[utoipa::path(
    post, path = "/models", operation_id = "loadModel", tag = "operation",
    responses(
        (status = 200, description = "It serves."),
        (status = 409, description = "It is loaded already."),
        (status = 507, description = "There is no room for it: unload another one."),
    )
)]
pub(crate) async fn load(
    State(server): State<Server>,
    OriginalUri(uri): OriginalUri,
    caller: Caller,
    request: Request,
) -> Handled {
    let guests = here(&server, &uri)?;
    let sent = body::any(&server, &caller, request).await?;
    let guest = read_load(&sent.body)?;
    let loaded = guests.receive(guest.clone()).await;
    loaded.map_err(|error| match error.code() {
        Some(GUEST_IS_HERE) => Failure::conflict(error),
        Some(GUEST_DOES_NOT_FIT) => Failure::no_room(error),
        _ => error.into(),
    })?;
    Ok(reply::json(write_one(&guest)))
}

/// Whether a model is loaded.
#[utoipa::path(
    get, path = "/models/{name}", operation_id = "getLoadedModel", tag = "operation",
    params(("name" = String, Path, description = "The model's name.")),
    responses(
        (status = 200, description = "It is."),
        (status = 404, description = "It is not."),
    )
)]
pub(crate) async fn get(
    State(server): State<Server>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
) -> Handled {
    let present = here(&server, &uri)?.present();
    let guest = present.iter().find(|guest| guest.name == name);
    Ok(reply::json(write_one(guest.ok_or_else(|| absent(&name))?)))
}

/// Unloads a model.
#[utoipa::path(
    delete, path = "/models/{name}", operation_id = "unloadModel", tag = "operation",
    params(("name" = String, Path, description = "The model's name.")),
    responses(
        (status = 200, description = "It serves no more."),
        (status = 404, description = "It did not."),
    )
)]
pub(crate) async fn unload(
    State(server): State<Server>,
    OriginalUri(uri): OriginalUri,
    Path(name): Path<String>,
) -> Handled {
    here(&server, &uri)?.dismiss(&name).await?;
    Ok(reply::json(Bytes::from_static(b"{}")))
}

/// A request to one of the models: a picture, a conversation, or a text.
#[utoipa::path(
    post, path = "/models/{name}/invoke", operation_id = "invokeLoadedModel", tag = "text",
    params(RequestHeaders, ("name" = String, Path, description = "The model's name.")),
    responses(
        (status = 200, description = "The answer, in the format that the body was written for."),
        (status = 404, description = "There is no such model; it may have been unloaded."),
    )
)]
pub(crate) async fn invoke(
    State(server): State<Server>,
    caller: Caller,
    Path(name): Path<String>,
    Query(query): Query<PredictQuery>,
    request: Request,
) -> Handled<Response> {
    let present = here(&server, request.uri())?.present();
    if !present.iter().any(|guest: &Guest| guest.name == name) {
        return Err(absent(&name).into());
    }
    Box::pin(sagemaker::asked(&server, caller, Some(&name), query, request)).await
}

fn here<'a>(server: &'a Server, uri: &axum::http::Uri) -> Handled<&'a dyn Guests> {
    server.guests().ok_or_else(|| Failure::no_such_path(uri.path()))
}

fn absent(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("the model `{name}` is not loaded"))
}
