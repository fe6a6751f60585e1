//! The way of one answer from tokens to events.

use std::{collections::VecDeque, sync::Arc};

use busbar_core::{Delta, Event, TokenLogprob};

use super::{stop::StopScanner, utf8::Utf8Joiner};
use crate::{
    tools::{Piece, ToolParser},
    vocab::{TokenKind, TokenTable},
};

/// Whether the answer goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    /// It does.
    Continue,
    /// A stop text has come; all events are out.
    Stopped,
}

/// Turns the tokens of one answer into events: bytes → characters → up to the stop text → text
/// and tool calls.
#[derive(Debug)]
pub struct OutputPipe {
    table: Arc<TokenTable>,
    characters: Utf8Joiner,
    stops: StopScanner,
    tools: Option<ToolParser>,
    /// How much text the tokens have made, in bytes.
    decoded: usize,
    /// How much of it has passed the stop texts.
    passed: usize,
    /// Log-probabilities of tokens whose text is not out yet, with the place where it begins.
    waiting: VecDeque<(usize, TokenLogprob)>,
}

impl OutputPipe {
    /// For one answer: which texts end it, and how calls of tools are read where there are tools.
    pub fn new(table: Arc<TokenTable>, stop: &[String], tools: Option<ToolParser>) -> Self {
        Self {
            table,
            characters: Utf8Joiner::default(),
            stops: StopScanner::new(stop),
            tools,
            decoded: 0,
            passed: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Adds a token, with its log-probability where it was asked for, and appends what it settles.
    /// A token that ends the answer need not be given.
    pub fn push(&mut self, token: u32, logprob: Option<TokenLogprob>, events: &mut Vec<Event>) -> Flow {
        if self.stops.stopped() {
            return Flow::Stopped;
        }
        if let Some(logprob) = logprob {
            self.waiting.push_back((self.decoded, logprob));
        }
        let mut text = String::new();
        let table = Arc::clone(&self.table);
        self.characters.push(self.visible(&table, token), &mut text);
        self.decoded += text.len();
        let passed = self.stops.push(&text).into_owned();
        self.pass(passed, events);
        if self.stops.stopped() {
            self.end(events);
            return Flow::Stopped;
        }
        Flow::Continue
    }

    /// Says that no token follows; appends what was held back.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        if self.stops.stopped() {
            return;
        }
        let mut text = String::new();
        self.characters.finish(&mut text);
        self.decoded += text.len();
        let mut passed = self.stops.push(&text).into_owned();
        passed.push_str(&self.stops.finish());
        self.pass(passed, events);
        self.end(events);
    }

    /// Whether the answer calls a tool.
    pub fn calls_tools(&self) -> bool {
        self.tools.as_ref().is_some_and(|tools| tools.calls() > 0)
    }

    /// The bytes of a token that are text: those of a control token only where they are a part of
    /// the way in which this model writes calls.
    fn visible<'a>(&self, table: &'a TokenTable, token: u32) -> &'a [u8] {
        let bytes = table.bytes(token);
        let marker = || {
            self.tools
                .as_ref()
                .is_some_and(|tools| tools.style().is_marker(bytes))
        };
        match table.kind(token) {
            TokenKind::Text => bytes,
            TokenKind::Control if marker() => bytes,
            TokenKind::Control | TokenKind::Unused => &[],
        }
    }

    fn pass(&mut self, text: String, events: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        let at = self.passed;
        self.passed += text.len();
        let Some(tools) = &mut self.tools else {
            self.emit(Piece::Text { at, text }, events);
            return;
        };
        let mut pieces = Vec::new();
        tools.push(&text, &mut pieces);
        pieces.into_iter().for_each(|piece| self.emit(piece, events));
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        let mut pieces = Vec::new();
        if let Some(tools) = &mut self.tools {
            tools.finish(&mut pieces);
        }
        pieces.into_iter().for_each(|piece| self.emit(piece, events));
        self.waiting.clear();
    }

    fn emit(&mut self, piece: Piece, events: &mut Vec<Event>) {
        events.push(match piece {
            Piece::Text { at, text } => {
                let logprobs = self.logprobs(at, at + text.len());
                Event::Delta(Delta { text, logprobs })
            }
            Piece::Start { index, id, name } => Event::ToolCallStart { index, id, name },
            Piece::Arguments { index, arguments } => Event::ToolCallDelta { index, arguments },
        });
    }

    /// The log-probabilities of the tokens whose text begins within these bounds. Those before
    /// belong to calls of tools and are dropped.
    fn logprobs(&mut self, from: usize, to: usize) -> Vec<TokenLogprob> {
        let mut logprobs = Vec::new();
        while let Some((at, logprob)) = self.waiting.pop_front_if(|(at, _)| *at < to) {
            if at >= from {
                logprobs.push(logprob);
            }
        }
        logprobs
    }
}
