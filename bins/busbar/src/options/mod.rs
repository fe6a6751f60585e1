//! Options that several commands share.

mod global;
mod model;
mod picture;
mod role;
mod sampling;

use busbar_config::Flag;

pub(crate) use global::Global;
pub(crate) use model::{Engine, Speaker};
pub(crate) use picture::PictureOptions;
pub(crate) use role::Part;
pub(crate) use sampling::SamplingOptions;

/// A setting from a flag that may have been given.
pub(crate) fn flag(name: &str, path: &str, value: Option<impl ToString>) -> Option<Flag> {
    Some(Flag {
        name: name.to_owned(),
        path: path.to_owned(),
        value: value?.to_string(),
    })
}
