//! RFC 9457 problem details: the errors of Busbar's own endpoints.

use busbar_core::{Error, RequestId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem, as RFC 9457 has it, with our extensions `param`, `code` and `request_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem: `about:blank`, which says no more than the status does.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time, for people.
    pub detail: String,
    /// The field of the request that is wrong, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// What happened, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The request's id, to be found in the logs.
    pub request_id: String,
}

impl Problem {
    /// The media type that it goes out as.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// An error as a problem. The status and its title come from whoever answers.
    pub fn new(error: &Error, status: u16, title: &str, request: &RequestId) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status,
            detail: error.message().to_owned(),
            param: error.param().map(str::to_owned),
            code: error.code().map(str::to_owned),
            request_id: request.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_its_field_and_its_code() {
        let error = Error::invalid("style", "no such style").with_code("unknown_style");
        let problem = Problem::new(&error, 400, "Bad Request", &RequestId::new("r-1"));
        let json = serde_json::to_value(&problem).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "no such style",
            "param": "style", "code": "unknown_style", "request_id": "r-1",
        });
        assert_eq!(json, expected);
    }
}
