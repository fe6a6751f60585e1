//! What the stream of a summary carries.

use std::pin::Pin;

use busbar_core::{Delta, FinishReason, Progress, Result, Usage};
use futures_util::Stream;

/// The items of one summary. It ends with exactly one [`SummaryEvent::Done`] or one error;
/// dropping it cancels every call that it is made of.
pub type SummaryStream = Pin<Box<dyn Stream<Item = Result<SummaryEvent>> + Send>>;

/// An item of a summary's stream.
#[derive(Clone, Debug, PartialEq)]
pub enum SummaryEvent {
    /// How many parts are summarised (`map`), or how many groups of notes combined (`reduce`).
    Progress(Progress),
    /// The next piece of the summary itself.
    Delta(Delta),
    /// The end.
    Done(SummaryDone),
}

/// The end of a whole summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummaryDone {
    /// Why the last call ended.
    pub finish: FinishReason,
    /// What all calls used together.
    pub usage: Usage,
    /// Into how many parts the text was split; 1: it fitted.
    pub parts: u32,
    /// How many times notes were combined, the last call included; 0: it fitted.
    pub rounds: u32,
}
