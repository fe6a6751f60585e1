//! Calls of tools, one after the other.
//!
//! Many clients take pieces of arguments to be of the call that began last, whatever number stands
//! beside them. So a call is written on the fly only once the one before it is whole; pieces of others
//! wait meanwhile.

use std::collections::BTreeMap;

use busbar_core::ToolCallId;
use serde::de::IgnoredAny;

/// What may be written now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bedrock) enum Step {
    /// A call begins.
    Start(ToolCallId, String),
    /// More of its arguments.
    Piece(String),
    /// It is whole.
    Stop,
}

/// The calls of an answer.
#[derive(Debug, Default)]
pub(in crate::bedrock) struct Calls {
    /// The call that is being written, and its arguments so far.
    open: Option<(u32, String)>,
    /// Those that wait.
    waiting: BTreeMap<u32, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: ToolCallId,
    name: String,
    arguments: String,
}

impl Calls {
    /// A call begins.
    pub(in crate::bedrock) fn start(
        &mut self,
        index: u32,
        id: ToolCallId,
        name: String,
        out: &mut Vec<Step>,
    ) {
        let arguments = String::new();
        self.waiting.insert(index, Waiting { id, name, arguments });
        self.go_on(false, out);
    }

    /// More of a call's arguments.
    pub(in crate::bedrock) fn piece(&mut self, index: u32, piece: &str, out: &mut Vec<Step>) {
        match &mut self.open {
            Some((open, arguments)) if *open == index => {
                arguments.push_str(piece);
                out.push(Step::Piece(piece.to_owned()));
                if !self.waiting.is_empty() {
                    self.go_on(false, out);
                }
            }
            _ => {
                if let Some(waiting) = self.waiting.get_mut(&index) {
                    waiting.arguments.push_str(piece);
                }
            }
        }
    }

    /// Whether more of a call must come.
    pub(in crate::bedrock) fn is_within(&self) -> bool {
        !self.waiting.is_empty()
            || self
                .open
                .as_ref()
                .is_some_and(|(_, arguments)| !is_whole(arguments))
    }

    /// Nothing more comes, or something else begins.
    pub(in crate::bedrock) fn end(&mut self, out: &mut Vec<Step>) {
        self.go_on(true, out);
    }

    /// Writes what waits, as long as what is open is whole.
    fn go_on(&mut self, over: bool, out: &mut Vec<Step>) {
        loop {
            if let Some((_, arguments)) = &self.open {
                if !over && !is_whole(arguments) {
                    return;
                }
                self.open = None;
                out.push(Step::Stop);
            }
            let Some((index, next)) = self.waiting.pop_first() else {
                return;
            };
            out.push(Step::Start(next.id, next.name));
            if !next.arguments.is_empty() {
                out.push(Step::Piece(next.arguments.clone()));
            }
            self.open = Some((index, next.arguments));
            if !over && self.waiting.is_empty() {
                return;
            }
        }
    }
}

fn is_whole(arguments: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(arguments).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(id: &str) -> Step {
        Step::Start(id.into(), "f".into())
    }

    fn piece(text: &str) -> Step {
        Step::Piece(text.into())
    }

    #[test]
    fn calls_one_after_the_other_are_written_as_they_come() {
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        calls.start(0, "a".into(), "f".into(), &mut out);
        calls.piece(0, "{", &mut out);
        calls.piece(0, "}", &mut out);
        calls.start(1, "b".into(), "f".into(), &mut out);
        calls.piece(1, "{}", &mut out);
        let live = [
            start("a"),
            piece("{"),
            piece("}"),
            Step::Stop,
            start("b"),
            piece("{}"),
        ];
        assert_eq!(out, live);
        calls.end(&mut out);
        assert_eq!(out.last(), Some(&Step::Stop));
        assert_eq!(out.len(), 7);
    }

    #[test]
    fn interleaved_calls_are_put_in_order() {
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        calls.start(0, "a".into(), "f".into(), &mut out);
        calls.start(1, "b".into(), "f".into(), &mut out);
        calls.piece(1, "[", &mut out);
        calls.piece(0, "{", &mut out);
        calls.piece(1, "]", &mut out);
        calls.piece(0, "}", &mut out);
        calls.end(&mut out);
        let ordered = [
            start("a"),
            piece("{"),
            piece("}"),
            Step::Stop,
            start("b"),
            piece("[]"),
            Step::Stop,
        ];
        assert_eq!(out, ordered);
    }

    #[test]
    fn a_call_without_arguments_is_ended_by_the_end() {
        let (mut calls, mut out) = (Calls::default(), Vec::new());
        calls.start(0, "a".into(), "f".into(), &mut out);
        calls.start(1, "b".into(), "f".into(), &mut out);
        calls.piece(1, "{}", &mut out);
        calls.end(&mut out);
        assert_eq!(out, [start("a"), Step::Stop, start("b"), piece("{}"), Step::Stop]);
    }
}
