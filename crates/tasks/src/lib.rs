//! Tasks made of model calls: summarising text of any length.
//!
//! **Invariant:** this crate performs no I/O, owns no runtime, reads no clock and knows no wire
//! format. It is given models and gives streams; dropping a stream drops every call beneath it.

mod summary;

pub use summary::{Length, Style, Summarizer, SummaryDone, SummaryEvent, SummaryRequest, SummaryStream};
