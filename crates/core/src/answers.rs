//! Answers that are kept for longer than the process lives.

use std::fmt::Debug;

use crate::BoxFuture;

/// What an answer is found by: a strong hash of all that it depends on, and of whose it is.
pub type AnswerKey = [u8; 32];

/// A place where answers are kept as bytes. It is a cache: whatever is in it may be lost, nothing that it
/// gives was changed.
pub trait AnswerStore: Debug + Send + Sync + 'static {
    /// Keeps an answer, soon, or not at all; never waits. `write` gives the bytes when it is their turn.
    fn put(&self, key: AnswerKey, write: Box<dyn FnOnce() -> Vec<u8> + Send>);

    /// An answer that is being fetched; `None` where there is none.
    fn get(&self, key: &AnswerKey) -> Option<BoxFuture<'static, Option<Vec<u8>>>>;
}
