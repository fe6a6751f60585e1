//! Bedrock's runtime: `/model/{id}/…`. What a model does is said by the path's end.

use axum::{
    extract::{OriginalUri, Request, State},
    http::HeaderName,
    response::Response,
};

use busbar_core::{
    Capabilities, Context, EmbedRequest, Embeddings, Error, ErrorKind, ModelId, Result, Tokens, Usage,
};
use busbar_telemetry::Operation as Counted;
use busbar_wire::{
    bedrock::{
        BedrockModelId, Family, Operation,
        converse::Asked,
        count::{CountBody, write_count},
        invoke::{
            self,
            cohere::embed::CohereEmbedBody,
            embed::TitanEmbedBody,
            images::{ImageBody, Made},
        },
    },
    openai::images::ImageFileFormat,
};
use bytes::Bytes;

use super::{generate::generate, images::within, reply};
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
        Operation::Invoke if matches!(model.family(), Family::TitanEmbed | Family::CohereEmbed) => {
            embed(&server, caller, &model, request).await
        }
        Operation::Invoke | Operation::InvokeStream if paints(&server, &model) => {
            paint(&server, caller, &model, operation, request).await
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
    let asked = Texts::read(&body, model.family())?;
    let (card, embedder) = server.models().embedder(model.as_str())?;
    let mut deadline = Deadline::of(server, &caller.context);
    let id = caller.context.request.clone();
    let request = asked.to_request(caller.context, card.id.clone(), &card.capabilities)?;
    let operation = Counted::Embeddings;
    let mut record = Record::open(server, operation, &card, &request.context, caller.arrived)?;
    let mut watching = Watching::begin(server);
    let embedded = deadline.before(embedder.embed(request)).await.flatten();
    watching.end();
    let embeddings = embedded.inspect_err(|error| record.fail(error))?;

    let metrics = record.finish(embeddings.usage);
    let answer = reply::counted(asked.answer(id.as_str(), &embeddings), &metrics);
    Ok(with_figures(answer))
}

/// Texts of which vectors are wanted, as the models that make them there take them.
enum Texts {
    Titan(TitanEmbedBody),
    Cohere(CohereEmbedBody),
}

impl Texts {
    fn read(body: &[u8], family: Family) -> Result<Self> {
        match family {
            Family::CohereEmbed => CohereEmbedBody::read(body).map(Self::Cohere),
            _ => TitanEmbedBody::read(body).map(Self::Titan),
        }
    }

    fn to_request(&self, context: Context, model: ModelId, can: &Capabilities) -> Result<EmbedRequest> {
        match self {
            Self::Titan(body) => body.clone().into_request(context, model, can),
            Self::Cohere(body) => body.to_request(context, model, can),
        }
    }

    fn answer(&self, id: &str, embeddings: &Embeddings) -> Bytes {
        match self {
            Self::Titan(_) => invoke::embed::write_answer(embeddings),
            Self::Cohere(body) => body.answer(id, embeddings),
        }
    }
}

/// Whether an id names a model that makes pictures, by itself or here.
fn paints(server: &Server, id: &BedrockModelId) -> bool {
    let family = id.family();
    let by_itself = matches!(
        family,
        Family::TitanImage | Family::NovaCanvas | Family::Stability
    );
    by_itself || within::paints(server, id.as_str())
}

/// Pictures, in the formats of the models that make them there.
async fn paint(
    server: &Server,
    caller: Caller,
    id: &BedrockModelId,
    operation: Operation,
    request: Request,
) -> Handled {
    if operation == Operation::InvokeStream {
        let message = "pictures come whole: use `invoke`";
        return Err(Error::new(ErrorKind::Unsupported, message).into());
    }
    let (mut parts, unread) = request.into_parts();
    let request = Request::from_parts(parts.clone(), unread);
    let body = body::read(server, &caller, request).await?;
    let asked = ImageBody::read(&body, id.family())?;
    let (card, _) = server.models().image(id.as_str())?;
    let request = asked
        .clone()
        .into_request(caller.context.clone(), card.id.clone())?;
    let painted = within::files(server, &caller, &mut parts, request, ImageFileFormat::Png).await?;
    let made: Vec<_> = painted
        .made
        .into_iter()
        .map(|made| Made {
            file: made.file,
            seed: made.seed.unwrap_or_default(),
        })
        .collect();
    let mut response = reply::json(asked.answer(&made));
    reply::model(response.headers_mut(), card.id.as_str());
    reply::cost(response.headers_mut(), painted.cost);
    Ok(response)
}

/// The figures that clients of this service look for. Classes of tokens are apart there: what was found
/// computed, or kept, is not counted in the input.
fn with_figures(mut response: Response) -> Response {
    let Some(usage) = response.extensions().get::<Usage>().copied() else {
        return response;
    };
    let headers = response.headers_mut();
    let always = [
        (invoke::INPUT_TOKENS_HEADER, usage.input),
        (invoke::OUTPUT_TOKENS_HEADER, usage.written()),
    ];
    let kept = [
        (invoke::CACHE_READ_TOKENS_HEADER, usage.cached_input),
        (invoke::CACHE_WRITE_TOKENS_HEADER, usage.cache_write),
    ];
    let kept = kept.into_iter().filter(|(_, tokens)| *tokens != Tokens::ZERO);
    for (name, tokens) in always.into_iter().chain(kept) {
        headers.insert(HeaderName::from_static(name), tokens.0.into());
    }
    if let Some(took) = headers.get("x-busbar-total-ms").cloned() {
        headers.insert(HeaderName::from_static(invoke::LATENCY_HEADER), took);
    }
    response
}
