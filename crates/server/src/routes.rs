//! Every route there is, as one list.

use axum::{
    Router,
    extract::OriginalUri,
    http::{HeaderMap, Method},
    middleware,
    routing::{get, post},
};

use crate::{
    Server,
    api::{
        bedrock, config, count, embeddings, generate, guests, images, models, predict, probes, registry,
        routes, sagemaker, summaries,
    },
    console,
    error::{Failure, Handled},
    layers, openapi, replay, ws,
};

/// The whole server as a tower service; it needs no socket.
pub fn router(server: Server) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(generate::chat))
        .route("/v1/completions", post(generate::complete))
        .route("/v1/responses", post(generate::responses))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/model/{*operation}", post(bedrock::model))
        .route("/endpoints/{*operation}", post(sagemaker::endpoint))
        .route("/ping", get(sagemaker::ping))
        .route("/invocations", post(sagemaker::invocations))
        .route("/models", get(guests::list).post(guests::load))
        .route("/models/{name}", get(guests::get).delete(guests::unload))
        .route("/models/{name}/invoke", post(guests::invoke))
        .route("/predict", post(predict::predict))
        .route("/v1/messages", post(generate::messages))
        .route("/v1/messages/count_tokens", post(count::messages))
        .route("/v1/images/generations", post(images::generations::create))
        .route(
            "/v1/images/jobs",
            get(images::jobs::list).post(images::jobs::submit),
        )
        .route(
            "/v1/images/jobs/{id}",
            get(images::jobs::get).delete(images::jobs::delete),
        )
        .route("/v1/images/jobs/{id}/cancel", post(images::jobs::cancel))
        .route("/v1/images/jobs/{id}/events", get(images::events::watch))
        .route("/v1/images/files/{*name}", get(images::files::get))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::get))
        .route("/v1/registry", get(registry::get))
        .route("/v1/registry/candidate", post(registry::nominate))
        .route("/v1/registry/promote", post(registry::promote))
        .route("/v1/registry/rollback", post(registry::roll_back))
        .route("/v1/routes", get(routes::list))
        .route("/v1/routes/explain", post(routes::explain))
        .route("/v1/routes/{*name}", get(routes::get))
        .route(
            "/v1/streams/{id}",
            get(replay::api::go_on).delete(replay::api::cancel),
        )
        .route("/v1/summaries", post(summaries::create))
        .route("/v1/ws", get(ws::upgrade))
        .route("/v1/config", get(config::status))
        .route("/v1/config/versions", get(config::versions))
        .route("/v1/config/versions/{number}", get(config::version))
        .route("/v1/config/diff", get(config::diff))
        .route("/v1/config/reload", post(config::reload))
        .route("/v1/config/rollback", post(config::rollback))
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(server.clone(), layers::around))
        .with_state(server)
}

/// The console's files and pages; beyond them there is nothing.
async fn elsewhere(method: Method, OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Handled {
    console::at(&method, uri.path(), &headers).ok_or_else(|| Failure::no_such_path(uri.path()))
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Failure {
    Failure::no_such_method(&method, uri.path())
}
