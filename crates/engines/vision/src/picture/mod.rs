//! Files to pixels: what a browser would show, as red, green and blue.
//!
//! **Invariant:** no memory for pixels is taken before the picture's size has been looked at.

mod decode;
mod limits;
mod resize;

pub use decode::decode;
pub use limits::PictureLimits;
pub use resize::{Filter, Window, resize};
