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

    /// The stop text that ended the answer, where one did.
    pub fn stop_text(&self) -> Option<&str> {
        self.stops.stop_text()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        tools::{CallIds, ToolStyle},
        vocab::fixture::{END, PYTHON_TAG, TOOL_CALLS, table},
    };

    fn parser(style: &str) -> ToolParser {
        ToolParser::new(
            ToolStyle::named(style).unwrap(),
            vec!["now".into()],
            CallIds::new(1),
        )
    }

    fn logprob(token: u32) -> TokenLogprob {
        TokenLogprob {
            token: String::new(),
            bytes: table().bytes(token).to_vec(),
            logprob: -1.0,
            top: Vec::new(),
        }
    }

    /// The events of an answer of these tokens, and whether a stop text ended it.
    fn check(tokens: &[u32], stop: &[&str], tools: Option<ToolParser>) -> (Vec<Event>, bool) {
        let stop: Vec<String> = stop.iter().map(|&stop| stop.to_owned()).collect();
        let mut pipe = OutputPipe::new(table(), &stop, tools);
        let mut events = Vec::new();
        for &token in tokens {
            if pipe.push(token, Some(logprob(token)), &mut events) == Flow::Stopped {
                pipe.finish(&mut events);
                return (events, true);
            }
        }
        pipe.finish(&mut events);
        (events, false)
    }

    fn bytes(text: &str) -> Vec<u32> {
        text.bytes().map(u32::from).collect()
    }

    fn text(events: &[Event]) -> String {
        let texts = events.iter().map(|event| match event {
            Event::Delta(delta) => delta.text.clone(),
            Event::ToolCallStart { name, .. } => format!("<{name}>"),
            Event::ToolCallDelta { arguments, .. } => arguments.clone(),
            other => format!("{other:?}"),
        });
        texts.collect()
    }

    /// The bytes of the tokens whose log-probabilities came out.
    fn logprobs(events: &[Event]) -> Vec<u8> {
        let deltas = events.iter().filter_map(|event| match event {
            Event::Delta(delta) => Some(&delta.logprobs),
            _ => None,
        });
        deltas
            .flatten()
            .flat_map(|logprob| logprob.bytes.clone())
            .collect()
    }

    #[test]
    fn text_comes_as_whole_characters_with_the_tokens_that_made_it() {
        let (events, stopped) = check(&bytes("aé"), &[], None);
        assert!(!stopped);
        assert_eq!(events.len(), 2);
        let Event::Delta(last) = &events[1] else {
            panic!("{events:?}")
        };
        assert_eq!((last.text.as_str(), last.logprobs.len()), ("é", 2));
    }

    #[test]
    fn a_stop_text_ends_the_answer_and_takes_its_tokens_along() {
        let (events, stopped) = check(&bytes("so END and on"), &["END"], None);
        assert!(stopped);
        assert_eq!(text(&events), "so ");
        assert_eq!(logprobs(&events), b"so ");
    }

    #[test]
    fn control_tokens_are_text_only_where_they_mark_a_call() {
        let call = bytes("[{\"name\":\"now\",\"arguments\":{}}]");
        let tokens = [&[TOOL_CALLS], call.as_slice(), &[END]].concat();
        let (events, _) = check(&tokens, &[], Some(parser("mistral")));
        assert_eq!(text(&events), "<now>{}");
        let (events, _) = check(&tokens, &[], None);
        assert_eq!(text(&events), "[{\"name\":\"now\",\"arguments\":{}}]");
        let tokens = [
            &[PYTHON_TAG],
            bytes("{\"name\":\"now\",\"parameters\":{}}").as_slice(),
        ]
        .concat();
        assert_eq!(text(&check(&tokens, &[], Some(parser("llama3"))).0), "<now>{}");
        assert_eq!(
            text(&check(&[PYTHON_TAG, 65], &[], Some(parser("mistral"))).0),
            "A"
        );
    }

    #[test]
    fn tokens_of_a_call_have_no_place_among_those_of_the_text() {
        let answer = "Hm.<tool_call>{\"name\":\"now\",\"arguments\":{}}</tool_call>";
        let (events, _) = check(&bytes(answer), &[], Some(parser("hermes")));
        assert_eq!(text(&events), "Hm.<now>{}");
        assert_eq!(logprobs(&events), b"Hm.");
    }

    #[test]
    fn the_pipe_knows_whether_a_tool_was_called() {
        let mut pipe = OutputPipe::new(table(), &[], Some(parser("json")));
        let mut events = Vec::new();
        for token in bytes("{\"name\":\"now\"}") {
            assert_eq!(pipe.push(token, None, &mut events), Flow::Continue);
        }
        assert!(pipe.calls_tools());
        assert!(!OutputPipe::new(table(), &[], Some(parser("json"))).calls_tools());
    }

    proptest! {
        #[test]
        fn log_probabilities_are_those_of_the_text_that_came(answer in "[abé<tool_ca>{]{0,40}", stop in "[abé]{1,3}") {
            let (events, _) = check(&bytes(&answer), &[&stop], Some(parser("hermes")));
            let shown = text(&events);
            prop_assert!(answer.starts_with(&shown));
            prop_assert!(!shown.contains(&stop));
            prop_assert_eq!(logprobs(&events), shown.into_bytes());
        }
    }
}
