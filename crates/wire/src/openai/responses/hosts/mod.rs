//! The other side of the dialect: requests to hosts that speak it, and what they answer.
//!
//! Nothing is stored there on our account: a conversation is sent whole, and thoughts go back sealed.

mod answer;
mod reader;
mod request;
mod turns;

use busbar_core::{ChatRequest, Format, Result, Transcript};
use bytes::Bytes;

pub use reader::ResponsesReader;

use super::FORMAT;
use crate::{
    openai::hosts::OPENAI,
    reading::ReadingWatch,
    upstream::{AnswerReader, ChatFormat, Said},
    watch::Watch,
};

/// Responses of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses;

/// The format, for hosts elsewhere.
pub static RESPONSES: Responses = Responses;

impl ChatFormat for Responses {
    fn name(&self) -> Format {
        FORMAT
    }

    fn write(&self, request: &ChatRequest, model: &str) -> Result<Bytes> {
        request::body(request, model)
    }

    fn reader(&self) -> Box<dyn AnswerReader> {
        Box::<ResponsesReader>::default()
    }

    fn whole(&self, body: &[u8]) -> Result<Transcript> {
        reader::whole(body)
    }

    fn said(&self, body: &[u8]) -> Said {
        // Refusals are the same for every path of such a host.
        OPENAI.said(body)
    }
}

/// A watch for one answer.
pub fn watch() -> Box<dyn Watch> {
    Box::new(ReadingWatch::new(&RESPONSES))
}
