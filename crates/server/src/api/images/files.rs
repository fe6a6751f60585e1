//! Pictures at signed addresses: whole or in part, and never changed.

use axum::{
    body::Body,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::Response,
};
use busbar_core::{Error, ErrorKind};
use busbar_jobs::{ArtifactName, Timestamp};
use busbar_wire::Problem;
use utoipa::IntoParams;

use super::{
    desk,
    range::{self, Asked},
};
use crate::{
    Server,
    error::{self, Failure, Handled, Problems},
};

/// What makes an address valid. Clients take it as it is in the job.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "only described here; the signature is checked over the whole query"
)]
pub(crate) struct FileQuery {
    /// When the address ends, seconds since 1970.
    expires: u64,
    /// The name of the key.
    key: String,
    /// HMAC-SHA256 over the path and its end.
    signature: String,
}

/// A file of a job.
#[utoipa::path(
    get, path = "/v1/images/files/{name}", operation_id = "getImageFile", tag = "pictures",
    params(
        ("name" = String, Path, description = "The file's name: `<job>/<uuid>.<ending>`."),
        FileQuery,
        ("range" = Option<String>, Header, description = "One range of bytes."),
        ("if-none-match" = Option<String>, Header, description = "The `etag` of what the client has."),
    ),
    responses(
        (status = 200, description = "The file.",
            content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
        (status = 206, description = "The part of it that was asked for."),
        (status = 304, description = "The client has it already."),
        (status = 403, description = "The address was never valid (`signature_invalid`) or is no longer (`signature_expired`).",
            body = Problem, content_type = "application/problem+json"),
        (status = 416, description = "It has no such bytes; `content-range` has its size.",
            body = Problem, content_type = "application/problem+json"),
        Problems,
    )
)]
pub(crate) async fn get(
    State(server): State<Server>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Handled {
    let pictures = server.pictures()?;
    let name: ArtifactName = name.parse().map_err(|_| no_such_file())?;
    let now = Timestamp::from(server.clock().wall());
    let keys = pictures.keys.get().await?;
    let opens = keys.verify(&desk::path(name), query.as_deref().unwrap_or_default(), now);
    let until = opens.map_err(Failure::forbidden)?;
    let files = pictures.jobs.artifacts();
    let stored = files.head(name).await?;
    let kept = Kept { name, until, now };
    if is_known(&headers, &kept.etag()) {
        return Ok(kept.label(error::not_modified()));
    }
    match range::read(range_of(&headers, &kept.etag()), stored.bytes) {
        Asked::Beyond => Ok(error::beyond(stored.bytes)),
        Asked::Whole => {
            let file = files.get(name, None).await?;
            let mut response = kept.label(Response::new(Body::from_stream(file.chunks)));
            let size = HeaderValue::from(file.stored.bytes);
            response.headers_mut().insert(header::CONTENT_LENGTH, size);
            Ok(response)
        }
        Asked::Part(part) => {
            let file = files.get(name, Some(part)).await?;
            let mut response = kept.label(Response::new(Body::from_stream(file.chunks)));
            let headers = response.headers_mut();
            let (first, end) = (file.range.start, file.range.end);
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - first));
            let place = format!("bytes {first}-{}/{}", end.saturating_sub(1), file.stored.bytes);
            headers.extend(
                HeaderValue::from_str(&place)
                    .ok()
                    .map(|place| (header::CONTENT_RANGE, place)),
            );
            Ok(error::partial(response))
        }
    }
}

/// A file that is there, and until when its address opens it.
struct Kept {
    name: ArtifactName,
    until: Timestamp,
    now: Timestamp,
}

impl Kept {
    /// A name is given once and its content never changes, so the name tells them apart.
    fn etag(&self) -> String {
        let name = self.name.to_string();
        let file = name.rsplit('/').next().unwrap_or_default();
        format!("\"{file}\"")
    }

    /// Says what it is and how long it may be kept: no longer than its address is valid.
    fn label(&self, mut response: Response) -> Response {
        let name = self.name.to_string();
        let file = name.rsplit('/').next().unwrap_or_default();
        let left = self.until.since(self.now).as_secs();
        let texts = [
            (header::ETAG, self.etag()),
            (
                header::CACHE_CONTROL,
                format!("private, max-age={left}, immutable"),
            ),
            (
                header::CONTENT_DISPOSITION,
                format!("inline; filename=\"{file}\""),
            ),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, HeaderValue::from_str(&text).ok()?)));
        let headers = response.headers_mut();
        headers.extend(texts);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.name.media().content_type()),
        );
        response
    }
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = text(headers, &header::IF_NONE_MATCH).unwrap_or_default();
    known.split(',').any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag
    })
}

/// The range, unless it is for a file that this one is not.
fn range_of<'a>(headers: &'a HeaderMap, etag: &str) -> Option<&'a str> {
    let of_this = text(headers, &header::IF_RANGE).is_none_or(|of| of.trim() == etag);
    text(headers, &header::RANGE).filter(|_| of_this)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn no_such_file() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such file").with_code("file_not_found")
}
