//! What every request passes through, outermost first: its id, its span and its figures; who may
//! speak to us at all; whether we take anything new.

mod admission;
mod body;
mod request;

pub(crate) use admission::admission;
pub(crate) use body::Watching;
pub(crate) use request::request;
