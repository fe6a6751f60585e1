//! Bedrock's runtime: `/model/{id}/…`. What a model does is said by the path's end.

use axum::{
    extract::{OriginalUri, Request, State},
    http::HeaderName,
    response::Response,
};

use busbar_telemetry::Operation as Counted;
use busbar_wire::{
    Metrics,
    bedrock::{
        BedrockModelId, Family, Operation,
        converse::Asked,
        count::{CountBody, write_count},
        invoke,
    },
};

use super::{generate::generate, reply};
use crate::{
    Server, body,
    caller::Caller,
    deadline::Deadline,
    dialects::{self, Incoming},
    error::{Failure, Handled},
    layers::Watching,
    openapi::RequestHeaders,
    record::Record,
};

/// The figures that clients of this service look for, and where we have them.
const FIGURES: &[(&str, &str)] = &[
    (invoke::INPUT_TOKENS_HEADER, "x-busbar-tokens-in"),
    (invoke::OUTPUT_TOKENS_HEADER, "x-busbar-tokens-out"),
    (invoke::LATENCY_HEADER, "x-busbar-total-ms"),
];

/// Bedrock's runtime: `{model}/converse`, `/converse-stream`, `/invoke` and `/invoke-with-response-stream`.
///
/// Bodies, binary event streams and errors are the service's own; signatures are not looked at.
#[utoipa::path(
    post, path = "/model/{operation}", operation_id = "bedrockRuntime", tag = "text",
    params(RequestHeaders, ("operation" = String, Path, description = "The model's id, a slash, and the operation.")),
    responses((status = 200, description = "What the operation answers."))
)]
pub(crate) async fn model(
    State(server): State<Server>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Handled {
    let Some((operation, model)) = Operation::of_path(uri.path()) else {
        return Err(Failure::no_such_path(uri.path()));
    };
    let model = model?;
    let path = |stream, format| Incoming {
        model: Some(model.as_str()),
        stream,
        format,
        ..Incoming::default()
    };
    match operation {
        Operation::Converse | Operation::ConverseStream => {
            let path = path(operation == Operation::ConverseStream, None);
            generate(&dialects::CONVERSE, &server, caller, path, request).await
        }
        Operation::Invoke if model.family() == Family::TitanEmbed => {
            embed(&server, caller, &model, request).await
        }
        Operation::Invoke | Operation::InvokeStream => {
            let stream = operation == Operation::InvokeStream;
            let path = path(stream, invoke::format(model.family()));
            let answer = generate(&dialects::INVOKE, &server, caller, path, request).await?;
            Ok(with_figures(answer))
        }
        Operation::CountTokens => count(&server, caller, &model, request).await,
    }
}

/// How many tokens a request has, without an answer.
async fn count(server: &Server, caller: Caller, id: &BedrockModelId, request: Request) -> Handled {
    let body = body::read(server, &caller, request).await?;
    let model = server.models().get(id.as_str())?;
    let asked = Asked {
        context: caller.context,
        model: model.card.id.clone(),
        whole: true,
    };
    let request = CountBody::read(&body)?.into_request(asked, id.family())?;
    let tokens = super::count::tokens(&model, &request)?;
    Ok(reply::json(write_count(tokens)))
}

/// Vectors, in the format of the models that make them there.
async fn embed(server: &Server, caller: Caller, model: &BedrockModelId, request: Request) -> Handled {
    let body = body::read(server, &caller, request).await?;
    let asked = invoke::embed::TitanEmbedBody::read(&body)?;
    let (card, embedder) = server.models().embedder(model.as_str())?;
    let mut deadline = Deadline::of(server, &caller.context);
    let request = asked.into_request(caller.context, card.id.clone(), &card.capabilities)?;
    let mut record = Record::open(server, Counted::Embeddings, &card, caller.arrived)?;
    let mut watching = Watching::begin(server);
    let embedded = deadline.before(embedder.embed(request)).await.flatten();
    watching.end();
    let embeddings = embedded.inspect_err(|error| record.fail(error))?;

    let metrics = Metrics::from(&record.finish(embeddings.usage));
    let answer = reply::measured(invoke::embed::write_answer(&embeddings), &metrics);
    Ok(with_figures(answer))
}

fn with_figures(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (theirs, ours) in FIGURES {
        if let Some(value) = headers.get(*ours).cloned() {
            headers.insert(HeaderName::from_static(theirs), value);
        }
    }
    response
}
