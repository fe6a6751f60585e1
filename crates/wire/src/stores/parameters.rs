//! Systems Manager's Parameter Store: one parameter, or all beneath a path, a page at a time.

use busbar_core::{Result, Secret};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::nonsense;
use crate::answer::json;

/// The header that names the operation.
pub const TARGET: &str = "x-amz-target";
/// What bodies are.
pub const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
/// One parameter.
pub const GET: &str = "AmazonSSM.GetParameter";
/// Those beneath a path.
pub const GET_BY_PATH: &str = "AmazonSSM.GetParametersByPath";

/// As many as a page may have.
const PAGE: u32 = 10;

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, with its path.
    pub name: String,
    /// What it says; it may be a secret.
    pub value: Secret<String>,
    /// How often it was written.
    pub version: u64,
}

/// Some parameters of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// These.
    pub parameters: Vec<Parameter>,
    /// Names the next page, where there is one.
    pub next: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct One<'a> {
    name: &'a str,
    with_decryption: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Beneath<'a> {
    path: &'a str,
    recursive: bool,
    with_decryption: bool,
    max_results: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    name: String,
    value: String,
    #[serde(default)]
    version: u64,
}

#[derive(Deserialize)]
struct WrittenOne {
    #[serde(rename = "Parameter")]
    parameter: Written,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenPage {
    #[serde(default)]
    parameters: Vec<Written>,
    next_token: Option<String>,
}

/// Asks for one parameter: by its name, `name:3` for a version of it, `name:label` for a labelled one.
pub fn one(name: &str) -> Bytes {
    json(&One {
        name,
        with_decryption: true,
    })
}

/// Asks for those beneath a path, however deep.
pub fn beneath(path: &str, next: Option<&str>) -> Bytes {
    json(&Beneath {
        path,
        recursive: true,
        with_decryption: true,
        max_results: PAGE,
        next_token: next,
    })
}

/// The parameter that was asked for.
///
/// # Errors
/// Where it is none.
pub fn read_one(body: &[u8]) -> Result<Parameter> {
    let written: Result<WrittenOne, _> = serde_json::from_slice(body);
    written
        .map(|written| written.parameter.into())
        .map_err(|_| nonsense("parameter"))
}

/// A page of those that were asked for.
///
/// # Errors
/// Where it is none.
pub fn read_page(body: &[u8]) -> Result<Page> {
    let written: Result<WrittenPage, _> = serde_json::from_slice(body);
    let written = written.map_err(|_| nonsense("page of parameters"))?;
    Ok(Page {
        parameters: written.parameters.into_iter().map(Parameter::from).collect(),
        next: written.next_token.filter(|token| !token.is_empty()),
    })
}

impl From<Written> for Parameter {
    fn from(written: Written) -> Self {
        Self {
            name: written.name,
            value: Secret::new(written.value),
            version: written.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(body: &Bytes) -> serde_json::Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn both_questions_ask_for_secrets_in_clear() {
        let expected = serde_json::json!({"Name": "/busbar/prod:3", "WithDecryption": true});
        assert_eq!(value(&one("/busbar/prod:3")), expected);
        let asked = value(&beneath("/busbar", Some("next")));
        let expected = serde_json::json!({
            "Path": "/busbar", "Recursive": true, "WithDecryption": true, "MaxResults": 10, "NextToken": "next",
        });
        assert_eq!(asked, expected);
    }

    #[test]
    fn what_is_answered_is_read_and_shown_by_no_debug() {
        let body =
            br#"{"Parameter":{"Name":"/a","Type":"SecureString","Value":"s3cret","Version":4,"ARN":"x"}}"#;
        let parameter = read_one(body).unwrap();
        assert_eq!((&*parameter.name, parameter.version), ("/a", 4));
        assert_eq!(parameter.value.expose(), "s3cret");
        assert!(!format!("{parameter:?}").contains("s3cret"));
        let page = read_page(br#"{"Parameters":[{"Name":"/a","Value":"b"}],"NextToken":"t"}"#).unwrap();
        assert_eq!((page.parameters.len(), page.next.as_deref()), (1, Some("t")));
        assert_eq!(read_page(b"{}").unwrap(), Page::default());
        assert!(read_one(b"{}").is_err() && read_page(b"[]").is_err());
    }
}
