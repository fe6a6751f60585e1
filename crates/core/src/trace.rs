//! The trace that a request is a part of: whoever looks at many programs at once joins by it what each of
//! them has to tell.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
};

/// Which trace, and whose call within it this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace.
    pub id: NonZeroU128,
    /// The call that made this one; `None` where whoever began the trace makes no difference between them.
    pub parent: Option<NonZeroU64>,
    /// Whether it is kept by whoever called; `None`: nobody has decided yet.
    pub sampled: Option<bool>,
    /// What systems on the way noted for each other. It goes on as it came.
    pub state: Option<Box<str>>,
}

/// The trace's own name: 32 hexadecimal digits.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.id)
    }
}
