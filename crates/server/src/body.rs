//! Reading a request's body: as JSON says it is, whole, within the limit and before the deadline.

use std::time::Duration;

use axum::{body::Body, extract::Request, http::header};
use busbar_core::{Error, ErrorKind};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::{
    Server,
    caller::Caller,
    error::{Failure, Handled},
};

/// How long a client that sends too much is listened to.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the body.
///
/// # Errors
/// Where it is not JSON by its own account, larger than the limit, cut off, or too slow.
pub(crate) async fn read(server: &Server, caller: &Caller, request: Request) -> Handled<Bytes> {
    check_type(&request)?;
    let limit = server.settings().body_limit;
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced: Option<u64> = announced.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = request.into_body();
    if announced.is_some_and(|length| length > limit as u64) {
        discard(body).await;
        return Err(too_large(limit));
    }
    let left = caller
        .context
        .deadline
        .map_or(Duration::MAX, |at| at.saturating_duration_since(server.now()));
    let mut body = Limited::new(body, limit);
    match tokio::time::timeout(left, (&mut body).collect()).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Error::new(ErrorKind::Cancelled, "the body was cut off").into()),
        Err(_) => {
            let message = "the request's time was up before its body was there";
            Err(Error::new(ErrorKind::DeadlineExceeded, message).into())
        }
    }
}

fn check_type(request: &Request) -> Handled<()> {
    // Many clients send no type at all; a wrong one is a form or a file sent by mistake, or a page of
    // elsewhere that tries to do without a preflight.
    let Some(sent) = request.headers().get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let sent = sent.to_str().unwrap_or("?");
    let essence = sent
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json") {
        return Ok(());
    }
    Err(Failure::not_json(&essence))
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
