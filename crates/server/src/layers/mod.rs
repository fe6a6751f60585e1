//! What every request passes through, outermost first: its id, its span and its figures; the headers
//! of every answer; who may speak to us at all; whether we take anything new.

mod admission;
mod body;
mod headers;
mod origin;
mod request;

pub(crate) use admission::admission;
pub(crate) use body::Watching;
pub(crate) use headers::headers;
pub(crate) use origin::{may_connect, origin};
pub(crate) use request::request;
