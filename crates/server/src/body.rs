//! Reading a request's body: as JSON says it is, whole, within the limit and before the deadline.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, header},
};
use busbar_core::{Error, ErrorKind};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::{
    Server,
    caller::Caller,
    deadline::Deadline,
    error::{Failure, Handled},
};

/// How long a client that sends too much is listened to.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a body says of itself that it is a picture, or a form with one.
pub(crate) fn is_picture(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    let essence = essence(
        content_type
            .and_then(|sent| sent.to_str().ok())
            .unwrap_or_default(),
    );
    essence.starts_with("image/") || essence == "application/x-image" || essence == "multipart/form-data"
}

/// A body and what it says that it is.
pub(crate) struct Sent {
    /// The media type without its parameters, in small letters; empty where none was sent.
    pub(crate) essence: String,
    content_type: String,
    /// All of it.
    pub(crate) body: Bytes,
}

impl Sent {
    /// Whether it is JSON by its own account, or says nothing and begins like it.
    pub(crate) fn is_json(&self) -> bool {
        match self.essence.as_str() {
            "" => self.body.trim_ascii_start().first() == Some(&b'{'),
            essence => is_json(essence),
        }
    }

    /// Whether it may be a picture's file.
    pub(crate) fn is_picture(&self) -> bool {
        matches!(
            self.essence.as_str(),
            "" | "application/octet-stream" | "application/x-image"
        ) || self.essence.starts_with("image/")
    }

    /// What stands between a form's fields, where it is a form with files.
    pub(crate) fn boundary(&self) -> Option<String> {
        multer::parse_boundary(&self.content_type).ok()
    }
}

/// Reads a body of whatever kind.
///
/// # Errors
/// Where it is larger than the limit, cut off, or too slow.
pub(crate) async fn any(server: &Server, caller: &Caller, request: Request) -> Handled<Sent> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type
        .map(|sent| sent.to_str().unwrap_or("?").to_owned())
        .unwrap_or_default();
    Ok(Sent {
        essence: essence(&content_type),
        content_type,
        body: whole(server, caller, request).await?,
    })
}

/// Reads the body.
///
/// # Errors
/// Where it is not JSON by its own account, larger than the limit, cut off, or too slow.
pub(crate) async fn read(server: &Server, caller: &Caller, request: Request) -> Handled<Bytes> {
    check_type(&request)?;
    whole(server, caller, request).await
}

async fn whole(server: &Server, caller: &Caller, request: Request) -> Handled<Bytes> {
    check_encoding(&request)?;
    let limit = server.settings().body_limit;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced: Option<u64> = announced.and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = request.into_body();
    if announced.is_some_and(|length| length > limit as u64) {
        discard(body).await;
        return Err(too_large(limit));
    }
    let mut deadline = Deadline::of(server, &caller.context);
    match deadline.before(collect(&mut body, limit)).await? {
        Ok(whole) => Ok(whole),
        Err(Broken::TooLarge) => {
            discard(body).await;
            Err(too_large(limit))
        }
        Err(Broken::CutOff) => Err(Error::new(ErrorKind::Cancelled, "the body was cut off").into()),
    }
}

/// Why a body could not be read.
enum Broken {
    TooLarge,
    CutOff,
}

async fn collect(body: &mut Body, limit: usize) -> Result<Bytes, Broken> {
    let mut whole = Bytes::new();
    let mut longer = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers say nothing to us.
        let Ok(piece) = frame.map_err(|_| Broken::CutOff)?.into_data() else {
            continue;
        };
        if whole.len() + longer.len() + piece.len() > limit {
            return Err(Broken::TooLarge);
        }
        // Most bodies come in one piece, which then need not be copied.
        if whole.is_empty() && longer.is_empty() {
            whole = piece;
            continue;
        }
        longer.extend_from_slice(&std::mem::take(&mut whole));
        longer.extend_from_slice(&piece);
    }
    Ok(if longer.is_empty() { whole } else { longer.freeze() })
}

fn check_encoding(request: &Request) -> Handled<()> {
    let Some(sent) = request.headers().get(header::CONTENT_ENCODING) else {
        return Ok(());
    };
    let how = sent.to_str().unwrap_or("?").trim();
    match how.is_empty() || how.eq_ignore_ascii_case("identity") {
        true => Ok(()),
        false => Err(Failure::encoded(how)),
    }
}

fn check_type(request: &Request) -> Handled<()> {
    // Many clients send no type at all, or the one that says that it is bytes (AWS's for JavaScript); a
    // wrong one is a form or a file sent by mistake, or a page of elsewhere that tries to do without a
    // preflight, which neither of those gets.
    let Some(sent) = request.headers().get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let essence = essence(sent.to_str().unwrap_or("?"));
    if is_json(&essence) || essence == "application/octet-stream" {
        return Ok(());
    }
    Err(Failure::not_json(&essence))
}

fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

/// Most clients read the answer only when they have sent all: if we hang up on them before that,
/// they report a broken connection instead of our answer.
async fn discard(mut body: Body) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    // Whoever has not finished by then is cut off, which is what it would have been anyway.
    let _late = tokio::time::timeout(PATIENCE, rest).await;
}

fn too_large(limit: usize) -> Failure {
    let message = format!("the body is larger than the limit of {limit} bytes");
    Error::new(ErrorKind::TooLarge, message)
        .with_code("request_too_large")
        .into()
}
