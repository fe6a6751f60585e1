//! What is on pictures: `/predict`.

use std::{num::NonZeroUsize, time::Duration};

use axum::{
    extract::{Query, Request, State},
    response::Response,
};
use busbar_core::{ClassifyRequest, Context, Error, ErrorKind, Picture, Result, Usage};
use busbar_telemetry::Operation;
use busbar_wire::{
    predict::{MOST_LABELS, PictureSource, PredictAnswer, PredictAsked, PredictBody},
    sagemaker::label::{self, LabelForm},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{images::within, reply};
use crate::{
    Server,
    body::{self, Sent},
    caller::Caller,
    deadline::Deadline,
    error::{Failure, Handled, Problems},
    layers::Watching,
    openapi::RequestHeaders,
    record::Record,
};

/// The field of a form that has a picture.
const FORM_PICTURES: &[&str] = &["image", "file", "images", "images[]"];

/// What a client that sends a picture as it is says in the address.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PredictQuery {
    /// The model's name; the first that classifies where it is absent.
    model: Option<String>,
    /// The most labels for each picture; 5 where it is absent.
    top_k: Option<usize>,
    /// Labels with a lower score are left out. 0 to 1.
    threshold: Option<f32>,
}

/// What is on a picture, or on several.
///
/// The picture comes as JSON (an address, or base64), as a form with a file, or as the body itself with
/// its own content type; the latter two say the rest in the address.
#[utoipa::path(
    post, path = "/predict", operation_id = "predict", tag = "pictures",
    params(RequestHeaders, PredictQuery),
    request_body(content((PredictBody = "application/json"), (Vec<u8> = "image/*"), (Vec<u8> = "multipart/form-data"))),
    responses((status = 200, description = "Labels with their scores.", body = PredictAnswer), Problems)
)]
pub(crate) async fn predict(
    State(server): State<Server>,
    caller: Caller,
    Query(query): Query<PredictQuery>,
    request: Request,
) -> Handled {
    at(&server, caller, "", query, request).await
}

/// The same where the model is named by something else than the request itself: the path, a header.
pub(crate) async fn at(
    server: &Server,
    caller: Caller,
    model: &str,
    query: PredictQuery,
    request: Request,
) -> Handled {
    let form = LabelForm::of(within::header(request.headers(), "accept"));
    let sent = body::any(server, &caller, request).await?;
    let mut asked = read(sent, query).await?;
    if !model.is_empty() {
        model.clone_into(&mut asked.model);
    }
    if form != LabelForm::List {
        // Their clients expect every class there is.
        asked.top_k = asked.top_k.or(NonZeroUsize::new(MOST_LABELS));
    }
    answer(server, caller, asked, form).await
}

async fn answer(server: &Server, caller: Caller, asked: PredictAsked, form: LabelForm) -> Handled {
    let (card, model) = server.models().classifier(&asked.model)?;
    let operation = Operation::Classify;
    let mut record = Record::open(server, operation, &card, &caller.context, caller.arrived)?;
    let mut watching = Watching::begin(server);
    let mut deadline = Deadline::of(server, &caller.context);
    let work = async {
        let began = server.now();
        let pictures = fetched(server, &caller.context, &asked.pictures).await?;
        let fetch = server.now().saturating_duration_since(began);
        let mut request = ClassifyRequest::new(caller.context.clone(), card.id.clone(), pictures);
        asked.bound(&mut request);
        request.check()?;
        let seen = model.classify(request).await;
        Ok((seen.map_err(|error| renamed(error, &asked.pictures))?, fetch))
    };
    let seen = deadline.before(work).await.flatten();
    watching.end();
    let (seen, fetch) = seen.inspect_err(|error| record.fail(error))?;
    let metrics = record.finish(Usage::default());
    if let ([sight], LabelForm::Verbose | LabelForm::Scores) = (&*seen.sights, form) {
        let mut response = reply::json(label::write_answer(&sight.predictions, form));
        reply::model(response.headers_mut(), card.id.as_str());
        return Ok(response);
    }
    let answer = PredictAnswer::new(seen, asked.several, fetch, metrics.total);
    Ok(labelled(&answer))
}

fn labelled(answer: &PredictAnswer) -> Response {
    let mut response = reply::json(answer.encode());
    reply::model(response.headers_mut(), &answer.model);
    reply::total(
        response.headers_mut(),
        Duration::from_secs_f64(answer.timings_ms.total / 1000.0),
    );
    response
}

async fn read(sent: Sent, query: PredictQuery) -> Result<PredictAsked, Failure> {
    let PredictQuery {
        model,
        top_k,
        threshold,
    } = query;
    if sent.is_json() {
        return Ok(PredictBody::read(&sent.body)?.into_asked()?);
    }
    let model = model.unwrap_or_default();
    if let Some(boundary) = sent.boundary() {
        let files = files(boundary, sent.body).await?;
        let several = files.len() > 1;
        let pictures = files.into_iter().map(PictureSource::File).collect();
        let asked = PredictAsked {
            model,
            pictures,
            several,
            ..PredictAsked::default()
        };
        return Ok(asked.bounded(top_k, threshold)?);
    }
    if !sent.is_picture() {
        return Err(Failure::not_a_picture(&sent.essence));
    }
    Ok(PredictAsked::of_file(model, sent.body).bounded(top_k, threshold)?)
}

/// The pictures of a form. The body is whole and within its limit already.
async fn files(boundary: String, body: Bytes) -> Result<Vec<Bytes>> {
    let broken = |error: multer::Error| {
        Error::new(ErrorKind::Invalid, format!("the form cannot be read: {error}"))
            .with_code("malformed_form")
    };
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut form = multer::Multipart::new(whole, boundary);
    let mut files = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name().is_some_and(|name| FORM_PICTURES.contains(&name)) {
            files.push(field.bytes().await.map_err(broken)?);
        }
    }
    if files.is_empty() {
        return Err(Error::invalid(
            "image",
            "the form has no file in a field called `image`",
        ));
    }
    Ok(files)
}

/// All pictures, those at addresses fetched, a few at a time. Together they may be as large as a body.
async fn fetched(server: &Server, context: &Context, sources: &[PictureSource]) -> Result<Vec<Picture>> {
    const AT_ONCE: usize = 4;
    let limit = server.settings().body_limit;
    let files = sources.iter().map(|source| file(server, context, source));
    let mut files = stream::iter(files.collect::<Vec<_>>()).buffered(AT_ONCE);
    let (mut pictures, mut size) = (Vec::new(), 0_usize);
    while let Some(file) = files.try_next().await? {
        size = size.saturating_add(file.len());
        if sources.len() > 1 && size > limit {
            let message = format!("the pictures have more than {limit} bytes together, which is the limit");
            return Err(Error::new(ErrorKind::TooLarge, message).with_param("images"));
        }
        pictures.push(Picture::Encoded(file));
    }
    Ok(pictures)
}

/// The error about a picture by the field that the client wrote its address in.
fn renamed(error: Error, sources: &[PictureSource]) -> Error {
    let written = |(place, source): (usize, &PictureSource)| {
        let PictureSource::Url { param, .. } = source else {
            return None;
        };
        let known = match sources.len() {
            1 => error.param() == Some("image"),
            _ => error.param() == Some(&*format!("images[{place}]")),
        };
        known.then(|| param.clone())
    };
    match sources.iter().enumerate().find_map(written) {
        Some(param) => error.with_param(param),
        None => error,
    }
}

/// A picture's file, fetched where it stands elsewhere.
///
/// # Errors
/// The fetcher's; `Unsupported`, naming the field, where this server fetches nothing.
pub(crate) async fn file(server: &Server, context: &Context, source: &PictureSource) -> Result<Bytes> {
    match source {
        PictureSource::File(file) => Ok(file.clone()),
        PictureSource::Url { url, param } => {
            Ok(server.fetcher(param)?.fetch(context, url, param).await?.bytes)
        }
    }
}
