//! Amazon Bedrock's runtime: the Converse format, the bodies that models take by themselves
//! (`InvokeModel`), its model ids and its failures.
//!
//! Source: the service's API model (`bedrock-runtime`, 2023-09-30) and the Bedrock user guide.

pub mod converse;
pub mod count;
pub mod error;
pub mod invoke;
pub mod model_id;

pub use model_id::{BedrockModelId, Family, Operation};

use busbar_core::{Error, ErrorKind};

use crate::Framing;

/// How streams are framed.
pub const FRAMING: Framing = Framing::EventStream {
    content_type: "application/json",
};

/// What the service has no word for, said of the field that asks for it.
fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_param(param)
        .with_code("unsupported_parameter")
}

/// What came is not of the format.
fn nonsense(what: &str, source: serde_json::Error) -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        format!("the host sent something that is no {what}"),
    )
    .with_source(source)
}
