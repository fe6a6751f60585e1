//! The OpenAPI document, made from the handlers and the types that they read and write.

use std::sync::LazyLock;

use axum::response::Response;
use busbar_wire::{
    Problem,
    openai::error::ErrorBody,
    summaries::{SummaryDelta, SummaryProgress},
    ws::ServerFrame,
};
use bytes::Bytes;
use utoipa::{IntoParams, OpenApi};

use crate::{
    api::{
        bedrock, config, count, embeddings, generate, guests, images, models, predict, probes, registry,
        reply, routes, sagemaker, summaries,
    },
    replay,
};

/// Headers that every request for an answer may have.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "only described here; `caller.rs` and `request.rs` read them"
)]
pub(crate) struct RequestHeaders {
    /// Ties the answer to its log lines: up to 128 visible ASCII characters. Is echoed.
    #[param(rename = "x-request-id")]
    request_id: Option<String>,
    /// A deadline shorter than the server's own, milliseconds.
    #[param(rename = "x-busbar-timeout-ms")]
    timeout_ms: Option<u64>,
    /// `background`: the work may wait, and leaves room for what cannot. `interactive` otherwise.
    #[param(rename = "x-busbar-priority")]
    priority: Option<String>,
    /// By a route: `go-on` or `fail` when a stream's model is lost.
    #[param(rename = "x-busbar-on-cut")]
    on_cut: Option<String>,
    /// By a route: what sticky choices and roll-outs go by, unless the route names another header.
    #[param(rename = "x-busbar-key")]
    key: Option<String>,
}

/// The header of streams that outlive their connection.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described here; `replay` reads it")]
pub(crate) struct ResumeHeader {
    /// With `stream`: seconds for which the stream goes on and is kept after its connection is lost.
    #[param(rename = "x-busbar-resume")]
    resume: Option<u32>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Busbar",
        description = "Models of text and pictures behind one address. What the formats mean, and the WebSocket at \
            `/v1/ws`, is told in `docs/protocol.md`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "text", description = "Text, vectors and summaries."),
        (name = "pictures", description = "What is on pictures, and pictures from words."),
        (name = "models", description = "What there is to ask."),
        (name = "operation", description = "What machines ask about the server."),
    ),
    paths(
        generate::chat,
        generate::complete,
        generate::messages,
        count::messages,
        bedrock::model,
        generate::responses,
        sagemaker::endpoint,
        sagemaker::invocations,
        sagemaker::ping,
        guests::list,
        guests::load,
        guests::get,
        guests::unload,
        guests::invoke,
        embeddings::create,
        summaries::create,
        predict::predict,
        images::generations::create,
        images::jobs::submit,
        images::jobs::list,
        images::jobs::get,
        images::jobs::cancel,
        images::jobs::delete,
        images::events::watch,
        images::files::get,
        replay::api::go_on,
        replay::api::cancel,
        models::list,
        models::get,
        registry::get,
        registry::nominate,
        registry::promote,
        registry::roll_back,
        routes::list,
        routes::get,
        routes::explain,
        config::status,
        config::versions,
        config::version,
        config::diff,
        config::reload,
        config::rollback,
        probes::alive,
        probes::ready,
        probes::metrics,
    ),
    components(schemas(ErrorBody, Problem, ServerFrame, SummaryDelta, SummaryProgress)),
)]
struct Document;

/// The document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document as an answer.
pub(crate) async fn document() -> Response {
    static JSON: LazyLock<Bytes> = LazyLock::new(|| openapi().to_json().map(Bytes::from).unwrap_or_default());
    reply::json(JSON.clone())
}
