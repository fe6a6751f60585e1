//! Requests as API Gateway and function URLs hand them over, as a client has sent them.

use lambda_http::{
    Request, RequestExt as _,
    http::{Uri, uri::PathAndQuery},
    request::RequestContext,
};

/// The stage of which a path says nothing.
const UNNAMED: &str = "$default";

/// The request with the path that is meant: without the stage that API Gateway puts before it.
pub(crate) fn request(mut event: Request) -> Request {
    let stage = match event.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.stage.clone(),
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.clone(),
        _ => None,
    };
    let stage = stage.filter(|stage| stage != UNNAMED);
    if let Some(uri) = without(stage.as_deref(), event.uri()) {
        *event.uri_mut() = uri;
    }
    event
}

/// The path and the query, as on a connection of its own. None where that would be no address.
fn without(stage: Option<&str>, uri: &Uri) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let inner = stage
        .and_then(|stage| whole.strip_prefix('/')?.strip_prefix(stage))
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let inner = match inner.unwrap_or(whole) {
        rest if rest.starts_with('/') => rest.to_owned(),
        rest => format!("/{rest}"),
    };
    PathAndQuery::try_from(inner).ok().map(Uri::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stage: Option<&str>, given: &str, wanted: &str) {
        let uri: Uri = given.parse().unwrap();
        assert_eq!(without(stage, &uri).unwrap().to_string(), wanted);
    }

    #[test]
    fn a_stage_is_taken_off_the_path_once() {
        check(
            Some("live"),
            "https://a.example/live/v1/models?a=b",
            "/v1/models?a=b",
        );
        check(Some("live"), "https://a.example/live/live/x", "/live/x");
        check(Some("live"), "https://a.example/live", "/");
        check(Some("live"), "https://a.example/live?a=b", "/?a=b");
    }

    #[test]
    fn what_only_looks_like_a_stage_stays() {
        check(Some("v1"), "https://a.example/v1beta/models", "/v1beta/models");
        check(None, "https://a.example/v1/models", "/v1/models");
        check(None, "/model/a%3Ab/converse", "/model/a%3Ab/converse");
    }
}
