//! Every route there is, as one list.

use axum::{
    Router,
    extract::OriginalUri,
    http::Method,
    middleware,
    routing::{get, post},
};

use crate::{
    Server,
    api::{embeddings, generate, models, probes},
    error::Failure,
    layers,
};

/// The whole server as a tower service; it needs no socket.
pub fn router(server: Server) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(generate::chat))
        .route("/v1/completions", post(generate::complete))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::get))
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready))
        .route("/metrics", get(probes::metrics))
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        // The last layer is the outermost.
        .layer(middleware::from_fn_with_state(server.clone(), layers::admission))
        .layer(middleware::from_fn_with_state(server.clone(), layers::request))
        .with_state(server)
}

async fn nowhere(OriginalUri(uri): OriginalUri) -> Failure {
    Failure::no_such_path(uri.path())
}

async fn wrong_method(method: Method, OriginalUri(uri): OriginalUri) -> Failure {
    Failure::no_such_method(&method, uri.path())
}
