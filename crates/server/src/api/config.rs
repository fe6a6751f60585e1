//! The configuration of the running process: what serves, what served before, and how one goes back.

use axum::{
    extract::{Path, Query, Request, State},
    response::Response,
};
use busbar_core::{Error, Result};
use busbar_wire::configuration::{
    ConfigurationDiff, ConfigurationStatus, ConfigurationVersion, ConfigurationVersions, RollbackBody, encode,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::reply;
use crate::{
    Server, body,
    caller::Caller,
    error::{Handled, Problems},
    operator::Operator,
};

/// Which versions to compare.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// The first version.
    #[param(value_type = u64)]
    from: Option<String>,
    /// The second one.
    #[param(value_type = u64)]
    to: Option<String>,
}

/// The configuration that serves.
///
/// From this machine only, unless `server.operators` says otherwise.
#[utoipa::path(
    get, path = "/v1/config", operation_id = "getConfiguration", tag = "operation",
    responses((status = 200, description = "What serves.", body = ConfigurationStatus), Problems)
)]
pub(crate) async fn status(State(server): State<Server>, _: Operator) -> Handled {
    Ok(reply::json(encode(&server.steering()?.status())))
}

/// The versions that are kept.
#[utoipa::path(
    get, path = "/v1/config/versions", operation_id = "listConfigurationVersions", tag = "operation",
    responses((status = 200, description = "The versions, the oldest first.", body = ConfigurationVersions), Problems)
)]
pub(crate) async fn versions(State(server): State<Server>, _: Operator) -> Handled {
    let versions = server.steering()?.versions().await?;
    Ok(reply::json(encode(&ConfigurationVersions { versions })))
}

/// One version, with what it says.
#[utoipa::path(
    get, path = "/v1/config/versions/{number}", operation_id = "getConfigurationVersion", tag = "operation",
    params(("number" = u64, Path, description = "The version's number.")),
    responses((status = 200, description = "The version, secrets left out.", body = ConfigurationVersion), Problems)
)]
pub(crate) async fn version(
    State(server): State<Server>,
    _: Operator,
    Path(number): Path<String>,
) -> Handled {
    let number = self::number("number", Some(&number))?;
    Ok(reply::json(encode(&server.steering()?.version(number).await?)))
}

/// What differs between two versions.
#[utoipa::path(
    get, path = "/v1/config/diff", operation_id = "compareConfigurationVersions", tag = "operation",
    params(Between),
    responses((status = 200, description = "The settings that differ.", body = ConfigurationDiff), Problems)
)]
pub(crate) async fn diff(
    State(server): State<Server>,
    _: Operator,
    between: Result<Query<Between>, axum::extract::rejection::QueryRejection>,
) -> Handled {
    let Query(between) = between.map_err(|_| not_a_number("from"))?;
    let from = number("from", between.from.as_deref())?;
    let to = number("to", between.to.as_deref())?;
    Ok(reply::json(encode(&server.steering()?.diff(from, to).await?)))
}

/// Reads everything again.
///
/// What is refused is in the answer. Who keeps a configuration elsewhere is asked after it.
#[utoipa::path(
    post, path = "/v1/config/reload", operation_id = "reloadConfiguration", tag = "operation",
    responses((status = 200, description = "What serves now.", body = ConfigurationStatus), Problems)
)]
pub(crate) async fn reload(
    State(server): State<Server>,
    _: Operator,
    caller: Caller,
    request: Request,
) -> Handled<Response> {
    // There is none to speak of, but what a page of elsewhere sends without asking is turned away by it.
    body::read(&server, &caller, request).await?;
    Ok(reply::json(encode(&server.steering()?.reload().await?)))
}

/// Goes back to an earlier version, until the source says something new.
#[utoipa::path(
    post, path = "/v1/config/rollback", operation_id = "rollBackConfiguration", tag = "operation",
    request_body = RollbackBody,
    responses((status = 200, description = "What serves now.", body = ConfigurationStatus), Problems)
)]
pub(crate) async fn rollback(
    State(server): State<Server>,
    _: Operator,
    caller: Caller,
    request: Request,
) -> Handled<Response> {
    let body = RollbackBody::read(&body::read(&server, &caller, request).await?)?;
    Ok(reply::json(encode(
        &server.steering()?.roll_back(body.version).await?,
    )))
}

fn number(param: &str, text: Option<&str>) -> Result<u64> {
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| not_a_number(param))
}

fn not_a_number(param: &str) -> Error {
    Error::invalid(param, format!("`{param}` must be the number of a version"))
}
