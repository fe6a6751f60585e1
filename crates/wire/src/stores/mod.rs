//! Stores of configurations, of parameters and of objects, as AWS speaks to them.
//!
//! Source: the services' API models (`appconfigdata`, 2021-11-11; `ssm`, 2014-11-06; `s3`, 2006-03-01;
//! `secretsmanager`, 2017-10-17).

pub mod appconfig;
pub mod objects;
pub mod parameters;
pub mod secrets;

use busbar_core::{Error, ErrorKind};

use crate::upstream::Said;

/// What a refusal says of itself.
pub fn said(body: &[u8]) -> Said {
    crate::bedrock::error::said(body)
}

/// What came is not of the format. It is not repeated: there may be a secret in it.
fn nonsense(what: &str) -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        format!("the store sent something that is no {what}"),
    )
}
