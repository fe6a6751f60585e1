//! What clients see when something fails. The only writer of statuses.

use std::{collections::BTreeMap, time::Duration};

use crate::shapes::Shape;
use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use busbar_core::{Error, ErrorKind, RequestId};
use busbar_wire::{Problem, openai::error::ErrorBody};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{RefOr, content::ContentBuilder, response::ResponseBuilder},
};

/// From this status on an answer is a refusal or a failure.
pub const FIRST_REFUSAL: u16 = 400;

/// What cannot be served at present is mostly a model that is being loaded, and that takes seconds.
const WHILE_LOADING: Duration = Duration::from_secs(3);

/// A request that failed. It becomes an answer in the outermost layer, which knows the shape and
/// the request's id.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    error: Error,
    status: StatusCode,
    /// Whoever asks counts on it and asks again soon.
    expected: bool,
}

/// Everything a handler may end with.
pub(crate) type Handled<T = Response> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = of(error.kind());
        Self {
            error,
            status,
            expected: false,
        }
    }
}

impl Failure {
    /// No endpoint has this path.
    pub(crate) fn no_such_path(path: &str) -> Self {
        let message = format!("there is nothing at `{path}`; `/openapi.json` lists what there is");
        Error::new(ErrorKind::NotFound, message)
            .with_code("path_not_found")
            .into()
    }

    /// The path is right, the method is not.
    pub(crate) fn no_such_method(method: &Method, path: &str) -> Self {
        let message = format!("`{path}` does not take {method}; the `allow` header lists what it takes");
        Self {
            error: Error::new(ErrorKind::Invalid, message).with_code("method_not_allowed"),
            status: StatusCode::METHOD_NOT_ALLOWED,
            expected: false,
        }
    }

    /// The body is neither a picture nor something that has one.
    pub(crate) fn not_a_picture(sent: &str) -> Self {
        let message = format!(
            "the body must be a picture (`content-type: image/jpeg` and the like), a form with one, or JSON, not `{sent}`"
        );
        Self {
            error: Error::new(ErrorKind::Invalid, message).with_code("unsupported_media_type"),
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            expected: false,
        }
    }

    /// The body is of a kind that no endpoint here reads.
    pub(crate) fn not_json(sent: &str) -> Self {
        let message = format!("the body must be sent as `content-type: application/json`, not `{sent}`");
        Self {
            error: Error::invalid("content-type", message).with_code("unsupported_media_type"),
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            expected: false,
        }
    }

    /// The body was compressed, or the like.
    pub(crate) fn encoded(how: &str) -> Self {
        let message = format!("the body must be sent as it is, not as `{how}`; leave `content-encoding` out");
        Self {
            error: Error::invalid("content-encoding", message).with_code("unsupported_encoding"),
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            expected: false,
        }
    }

    /// A web page that may not speak to us, or a name that is not ours.
    pub(crate) fn forbidden(error: Error) -> Self {
        Self {
            error,
            status: StatusCode::FORBIDDEN,
            expected: false,
        }
    }

    /// There is no room here for what is to be kept.
    pub(crate) fn no_room(error: Error) -> Self {
        Self {
            error,
            status: StatusCode::INSUFFICIENT_STORAGE,
            expected: false,
        }
    }

    /// What stands against the request is not in it: another one came before, or work is under way.
    pub(crate) fn conflict(error: Error) -> Self {
        Self {
            error,
            status: StatusCode::CONFLICT,
            expected: false,
        }
    }

    /// The same, and not worth a line in the log: whoever asks does so every second.
    #[must_use]
    pub(crate) fn expected(self) -> Self {
        Self {
            expected: true,
            ..self
        }
    }

    /// Whether it is worth no line in the log.
    pub(crate) fn is_expected(&self) -> bool {
        self.expected
    }

    /// What went wrong.
    pub(crate) fn error(&self) -> &Error {
        &self.error
    }

    /// Whether it is our fault rather than the client's.
    pub(crate) fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }

    /// How long to wait before the same request is worth sending again, where it ever is.
    fn worth_waiting(&self) -> Option<Duration> {
        match self.error.kind() {
            ErrorKind::Overloaded { retry_after } | ErrorKind::RateLimited { retry_after } => {
                Some(retry_after)
            }
            ErrorKind::Unavailable => Some(WHILE_LOADING),
            _ => None,
        }
    }

    /// Some dialects' clients know a kind of failure by another status than the others' do. What did not
    /// get its status from its kind keeps it.
    fn status_in(&self, shape: Shape) -> StatusCode {
        let kind = self.error.kind();
        if self.status != of(kind) {
            return self.status;
        }
        match (shape, kind) {
            // Not in the standard; it is what this dialect's own servers answer.
            (Shape::Anthropic, ErrorKind::Overloaded { .. } | ErrorKind::Unavailable) => {
                StatusCode::from_u16(529).unwrap_or(self.status)
            }
            (Shape::Bedrock | Shape::SageMaker, ErrorKind::Denied) => StatusCode::FORBIDDEN,
            // Limits on size are a matter of validation there.
            (Shape::Bedrock | Shape::SageMaker, ErrorKind::TooLarge) => StatusCode::BAD_REQUEST,
            (Shape::Bedrock, ErrorKind::DeadlineExceeded) => StatusCode::REQUEST_TIMEOUT,
            (Shape::Bedrock | Shape::SageMaker, ErrorKind::BadUpstream) => StatusCode::FAILED_DEPENDENCY,
            (Shape::SageMaker, ErrorKind::NotFound) => StatusCode::BAD_REQUEST,
            _ => self.status,
        }
    }

    /// The answer itself, in place of the empty one that [`IntoResponse`] made; that one's headers
    /// (`allow`) are kept.
    pub(crate) fn render(&self, shape: Shape, request: &RequestId, empty: Response) -> Response {
        let problem = || problem_with(&self.error, self.status, request);
        let (body, headers) = shape.write(&self.error, problem, request);
        let (mut parts, _) = empty.into_parts();
        parts.status = self.status_in(shape);
        parts.headers.extend(headers);
        parts
            .headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        parts.headers.remove(header::CONTENT_LENGTH);
        if let Some(wait) = self.worth_waiting() {
            // Whole seconds, and never 0: that would mean at once.
            let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
            parts.headers.insert(header::RETRY_AFTER, seconds.into());
        }
        Response::from_parts(parts, body.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether an error is our fault rather than the client's. Messages about a client's own mistakes may
/// quote what it wrote, so only ours are logged.
pub(crate) fn is_ours(error: &Error) -> bool {
    of(error.kind()).is_server_error()
}

/// The status that an error has, for those who send it by another way than HTTP.
pub(crate) fn status(error: &Error) -> u16 {
    of(error.kind()).as_u16()
}

/// An error within a stream of ours.
pub(crate) fn problem(error: &Error, request: &RequestId) -> Problem {
    problem_with(error, of(error.kind()), request)
}

/// Done, and there is nothing to say about it.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// It is taken, and will be done later.
pub(crate) fn accepted(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// A part of the whole.
pub(crate) fn partial(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    response
}

/// A part that the whole, which has so many bytes, has not.
pub(crate) fn beyond(size: u64) -> Response {
    let failure = Failure {
        error: Error::invalid(
            "range",
            format!("the file has {size} bytes, and not those asked for"),
        )
        .with_code("range_not_satisfiable"),
        status: StatusCode::RANGE_NOT_SATISFIABLE,
        expected: false,
    };
    let mut response = failure.into_response();
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

/// The client has it already.
pub(crate) fn not_modified() -> Response {
    StatusCode::NOT_MODIFIED.into_response()
}

fn problem_with(error: &Error, status: StatusCode, request: &RequestId) -> Problem {
    let title = status.canonical_reason().unwrap_or("Error");
    Problem::new(error, status.as_u16(), title, request)
}

fn of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid | ErrorKind::Unsupported => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Denied => StatusCode::UNAUTHORIZED,
        ErrorKind::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::BadUpstream => StatusCode::BAD_GATEWAY,
        // Not 429: it is the server that is busy, not this client that asks too often.
        ErrorKind::Overloaded { .. } | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // Nobody waits for this answer. The status is the one that proxies log in such a case.
        ErrorKind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The failures of an endpoint of the OpenAI dialect, for the OpenAPI document.
pub(crate) struct OpenAiErrors;

/// The failures of an endpoint of ours, for the OpenAPI document.
pub(crate) struct Problems;

/// When each status comes, of those that every endpoint may answer with.
const WHEN: &[(StatusCode, &str)] = &[
    (
        StatusCode::BAD_REQUEST,
        "A field is wrong, or the body is not JSON.",
    ),
    (StatusCode::NOT_FOUND, "What the request names is not here."),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is larger than the limit.",
    ),
    (StatusCode::INTERNAL_SERVER_ERROR, "Something broke on our side."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The queue is full or the server is stopping; `Retry-After` says when to come back.",
    ),
    (StatusCode::GATEWAY_TIMEOUT, "The deadline passed."),
];

impl IntoResponses for OpenAiErrors {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        documented::<ErrorBody>("application/json")
    }
}

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        documented::<Problem>(Problem::MEDIA_TYPE)
    }
}

fn documented<T: ToSchema>(media_type: &str) -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
    let one = |(status, when): &(StatusCode, &str)| {
        let schema = utoipa::openapi::Ref::from_schema_name(T::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(*when)
            .content(media_type, content)
            .build();
        (status.as_str().to_owned(), RefOr::T(response))
    };
    WHEN.iter().map(one).collect()
}
