//! Which of several classifiers is in production: `/v1/registry`. Everybody may look; operators change it.

use axum::{
    extract::{Request, State},
    response::Response,
};
use busbar_core::{Error, ErrorKind, StageChange, StageKeeper, Staged, Stages};
use busbar_wire::registry::{RegistryAnswer, StageBody};

use super::reply;
use crate::{
    Server, body,
    caller::Caller,
    deadline::Deadline,
    error::{Handled, Problems},
    openapi::RequestHeaders,
    operator::Operator,
};

/// Which models are at which stage.
#[utoipa::path(
    get, path = "/v1/registry", operation_id = "getRegistry", tag = "models",
    responses((status = 200, description = "The stages and the models.", body = RegistryAnswer), Problems)
)]
pub(crate) async fn get(State(server): State<Server>) -> Handled {
    let stages = keeper(&server)?.stages();
    Ok(told(&server, &stages))
}

/// Makes a model the candidate.
///
/// From this machine only, unless `server.operators` says otherwise.
///
/// `model` is needed: one that is served, or one of the catalog that has been pulled; that one is loaded.
#[utoipa::path(
    post, path = "/v1/registry/candidate", operation_id = "nominateModel", tag = "models",
    params(RequestHeaders), request_body = StageBody,
    responses((status = 200, description = "It is; the stages and the models.", body = RegistryAnswer), Problems)
)]
pub(crate) async fn nominate(
    State(server): State<Server>,
    _: Operator,
    caller: Caller,
    request: Request,
) -> Handled {
    let model = read(&server, &caller, request).await?.required()?;
    change(&server, &caller, StageChange::Nominate(staged(&model))).await
}

/// Puts the candidate, or the model that is named, into production.
///
/// From this machine only, unless `server.operators` says otherwise.
/// It answers those who name no model from then on; requests under way keep the model that they have.
#[utoipa::path(
    post, path = "/v1/registry/promote", operation_id = "promoteModel", tag = "models",
    params(RequestHeaders), request_body = StageBody,
    responses((status = 200, description = "It is; the stages and the models.", body = RegistryAnswer), Problems)
)]
pub(crate) async fn promote(
    State(server): State<Server>,
    _: Operator,
    caller: Caller,
    request: Request,
) -> Handled {
    let body = read(&server, &caller, request).await?;
    let model = body.model.as_deref().map(staged);
    change(&server, &caller, StageChange::Promote(model)).await
}

/// Puts the previous model back into production.
///
/// From this machine only, unless `server.operators` says otherwise.
/// Where `model` is named, only if that one is in production now: asked twice, it happens once.
#[utoipa::path(
    post, path = "/v1/registry/rollback", operation_id = "rollBackModel", tag = "models",
    params(RequestHeaders), request_body = StageBody,
    responses((status = 200, description = "It is; the stages and the models.", body = RegistryAnswer), Problems)
)]
pub(crate) async fn roll_back(
    State(server): State<Server>,
    _: Operator,
    caller: Caller,
    request: Request,
) -> Handled {
    let body = read(&server, &caller, request).await?;
    let from = body.model.map(Into::into);
    change(&server, &caller, StageChange::Rollback(from)).await
}

async fn read(server: &Server, caller: &Caller, request: Request) -> Handled<StageBody> {
    Ok(StageBody::read(&body::read(server, caller, request).await?)?)
}

async fn change(server: &Server, caller: &Caller, change: StageChange) -> Handled {
    let mut deadline = Deadline::of(server, &caller.context);
    let changed = deadline.before(keeper(server)?.change(change)).await;
    Ok(told(server, &changed.flatten()?))
}

fn keeper(server: &Server) -> Handled<&dyn StageKeeper> {
    let message = "this server keeps no registry: it has no place for one";
    let missing = || Error::new(ErrorKind::Unavailable, message).with_code("registry_disabled");
    Ok(server.stages().ok_or_else(missing)?)
}

/// Which version it is, the keeper knows.
fn staged(model: &str) -> Staged {
    Staged {
        model: model.into(),
        version: None,
    }
}

fn told(server: &Server, stages: &Stages) -> Response {
    let models = server.models().models();
    let looking = models.iter().filter(|model| model.classify.is_some());
    let here = looking.map(|model| (&model.card.id, model.version.as_deref()));
    reply::json(RegistryAnswer::new(stages, here).encode())
}
