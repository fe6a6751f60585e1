//! Routes: how their targets are, and where a request would go.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use busbar_core::{Error, ErrorKind, Model, Routed};
use busbar_wire::routes::{ExplainBody, ExplanationObject, RouteList, RouteObject};

use super::reply;
use crate::{
    Server, body,
    caller::Caller,
    dialects::{CHAT, Incoming},
    error::{Handled, Problems},
};

/// All routes, and how their targets are.
#[utoipa::path(
    get, path = "/v1/routes", operation_id = "listRoutes", tag = "models",
    responses((status = 200, description = "The routes and how their targets are.", body = RouteList), Problems)
)]
pub(crate) async fn list(State(server): State<Server>) -> Handled {
    let models = server.models().models();
    let routes = models.iter().filter_map(|model| model.route.as_ref());
    let routes = routes.map(|route| RouteObject::from(&route.status())).collect();
    Ok(reply::json(RouteList { routes }.encode()))
}

/// One route, and how its targets are.
#[utoipa::path(
    get, path = "/v1/routes/{name}", operation_id = "getRoute", tag = "models",
    params(("name" = String, Path, description = "The route's name.")),
    responses((status = 200, description = "The route.", body = RouteObject), Problems)
)]
pub(crate) async fn get(State(server): State<Server>, Path(name): Path<String>) -> Handled {
    let status = route(&server, &name)?.status();
    Ok(reply::json(RouteObject::from(&status).encode()))
}

/// Where a request would go, and why nowhere else. Calls no model.
///
/// Headers count as they would for the request itself: the key of sticky choices, those of conditions.
#[utoipa::path(
    post, path = "/v1/routes/explain", operation_id = "explainRoute", tag = "models",
    request_body = ExplainBody,
    responses((status = 200, description = "Where it would go.", body = ExplanationObject), Problems)
)]
pub(crate) async fn explain(State(server): State<Server>, caller: Caller, request: Request) -> Handled {
    let body = body::read(&server, &caller, request).await?;
    let asked = ExplainBody::read(&body)?;
    let route = route(&server, &asked.route)?;
    let incoming = Incoming {
        body: asked.request(),
        ..Incoming::default()
    };
    let request = (CHAT.read)(incoming, caller.context)?.request;
    let explained = route.explain(&request, &asked.fail);
    Ok(reply::json(ExplanationObject::from(&explained).encode()))
}

fn route(server: &Server, name: &str) -> busbar_core::Result<Arc<dyn Routed>> {
    let models = server.models().models();
    let model = models.get(name).ok();
    model.and_then(|model| model.route.clone()).ok_or_else(|| {
        let routes = models.iter().filter(|model| model.route.is_some());
        let names: Vec<_> = routes.map(|model: &Model| model.card.id.as_str()).collect();
        let there = match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        Error::new(
            ErrorKind::NotFound,
            format!("no route is called `{name}`; there are: {there}"),
        )
        .with_param("route")
        .with_code("route_not_found")
    })
}
