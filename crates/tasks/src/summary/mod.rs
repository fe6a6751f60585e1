//! Summaries of text of any length: in one call where it fits, else parts first, then the notes
//! on the parts, until what is left fits.

mod border;
mod event;
mod plan;
mod prompt;
mod request;
mod round;
mod ruler;
mod run;
mod summarizer;

pub use event::{SummaryDone, SummaryEvent, SummaryStream};
pub use request::{Length, Style, SummaryRequest};
pub use summarizer::Summarizer;
