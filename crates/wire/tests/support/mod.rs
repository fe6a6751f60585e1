//! What the tests of several formats share.

pub(crate) mod events;
pub(crate) mod requests;
