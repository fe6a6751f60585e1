//! What has become of an answer's items so far, and the events that tell of it.

use std::collections::BTreeMap;

use busbar_core::{Delta, ThoughtDelta, ToolCallId};
use serde::Serialize;

use super::items::{Item, OutputPart};
use crate::{
    Chunk,
    answer::json,
    openai::logprobs::{ChatLogprob, ChatLogprobs},
};

/// What has become of an answer's items.
#[derive(Debug)]
pub(super) struct Progress {
    /// What is this answer's own in the ids of its items.
    own: String,
    /// Whether thoughts are told as a summary.
    summarises: bool,
    /// The number of the next event.
    number: u64,
    items: Vec<Item>,
    /// The message or thought that is being written.
    open: Option<usize>,
    /// Where the calls are, by their numbers. They may be written side by side, so all end last.
    calls: BTreeMap<u32, usize>,
}

/// What the events about a part are called.
struct Names {
    added: &'static str,
    delta: &'static str,
    text: &'static str,
    done: &'static str,
    /// Whether its place is that of a summary.
    summary: bool,
}

const SAID: Names = Names {
    added: "response.content_part.added",
    delta: "response.output_text.delta",
    text: "response.output_text.done",
    done: "response.content_part.done",
    summary: false,
};
const THOUGHT: Names = Names {
    delta: "response.reasoning_text.delta",
    text: "response.reasoning_text.done",
    ..SAID
};
const SUMMARISED: Names = Names {
    added: "response.reasoning_summary_part.added",
    delta: "response.reasoning_summary_text.delta",
    text: "response.reasoning_summary_text.done",
    done: "response.reasoning_summary_part.done",
    summary: true,
};

/// Which part of which item an event is about.
#[derive(Clone, Copy, Serialize)]
struct Place<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
}

#[derive(Serialize)]
struct Piece<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    delta: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a [ChatLogprob]>,
}

#[derive(Serialize)]
struct Text<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a [ChatLogprob]>,
}

#[derive(Serialize)]
struct Part<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    part: &'a OutputPart,
}

#[derive(Serialize)]
struct Whole<'a> {
    output_index: usize,
    item: &'a Item,
}

#[derive(Serialize)]
struct Arguments<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    name: &'a str,
    arguments: &'a str,
}

/// A numbered event.
pub(super) fn event<T: Serialize>(kind: &'static str, sequence_number: u64, fields: &T) -> Chunk {
    #[derive(Serialize)]
    struct Event<'a, T> {
        #[serde(rename = "type")]
        kind: &'static str,
        sequence_number: u64,
        #[serde(flatten)]
        fields: &'a T,
    }
    let event = Event {
        kind,
        sequence_number,
        fields,
    };
    Chunk::named(kind, json(&event))
}

impl Progress {
    pub(super) fn new(own: &str, summarises: bool) -> Self {
        Self {
            own: own.to_owned(),
            summarises,
            number: 0,
            items: Vec::new(),
            open: None,
            calls: BTreeMap::new(),
        }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn next_number(&mut self) -> u64 {
        let number = self.number;
        self.number += 1;
        number
    }

    /// More is said.
    pub(super) fn say(&mut self, delta: &Delta, out: &mut Vec<Chunk>) {
        if delta.text.is_empty() && delta.logprobs.is_empty() {
            return;
        }
        if !matches!(self.current(), Some(Item::Message { .. })) {
            let message = Item::Message {
                id: self.id("msg"),
                status: "in_progress",
                role: "assistant",
                content: Vec::new(),
            };
            self.begin(message, out);
        }
        let told = ChatLogprobs::of(&delta.logprobs).map_or_else(Vec::new, |told| told.content);
        self.go_on(&delta.text, &told, out);
    }

    /// More is thought.
    pub(super) fn think(&mut self, thought: &ThoughtDelta, out: &mut Vec<Chunk>) {
        if let ThoughtDelta::Sealed(data) = thought {
            return self.seal(data, out);
        }
        if !matches!(self.current(), Some(Item::Reasoning { .. })) {
            let reasoning = self.reasoning(None);
            self.begin(reasoning, out);
        }
        match thought {
            ThoughtDelta::Text(text) => self.go_on(text, &[], out),
            ThoughtDelta::Signature(proof) => {
                if let Some(Item::Reasoning {
                    encrypted_content, ..
                }) = self.open.and_then(|at| self.items.get_mut(at))
                {
                    *encrypted_content = Some(proof.clone());
                }
                // What comes after a proof is another thought.
                self.close_open("completed", out);
            }
            ThoughtDelta::Sealed(_) => {}
        }
    }

    /// A call begins.
    pub(super) fn call(&mut self, index: u32, call: &ToolCallId, name: &str, out: &mut Vec<Chunk>) {
        self.close_open("completed", out);
        let item = Item::FunctionCall {
            id: self.id("fc"),
            call_id: call.as_str().to_owned(),
            name: name.to_owned(),
            arguments: String::new(),
            status: "in_progress",
        };
        self.calls.insert(index, self.items.len());
        self.add(item, out);
    }

    /// A call gets more arguments.
    pub(super) fn give(&mut self, index: u32, arguments: &str, out: &mut Vec<Chunk>) {
        let Some(&at) = self.calls.get(&index) else { return };
        let number = self.next_number();
        let Some(item) = self.items.get_mut(at) else {
            return;
        };
        item.text().into_iter().for_each(|text| text.push_str(arguments));
        let piece = Piece {
            place: place(at, item, None),
            delta: arguments,
            logprobs: None,
        };
        out.push(event("response.function_call_arguments.delta", number, &piece));
    }

    /// Everything ends.
    pub(super) fn close(&mut self, status: &'static str, out: &mut Vec<Chunk>) {
        self.close_open(status, out);
        for (_, at) in std::mem::take(&mut self.calls) {
            let number = self.next_number();
            if let Some(item @ Item::FunctionCall { name, arguments, .. }) = self.items.get(at) {
                let fields = Arguments {
                    place: place(at, item, None),
                    name,
                    arguments,
                };
                out.push(event("response.function_call_arguments.done", number, &fields));
            }
            self.finish(at, status, out);
        }
    }

    /// A thought that only the model can read is an item by itself.
    fn seal(&mut self, data: &str, out: &mut Vec<Chunk>) {
        self.close_open("completed", out);
        let reasoning = self.reasoning(Some(data.to_owned()));
        let at = self.items.len();
        self.add(reasoning, out);
        self.finish(at, "completed", out);
    }

    fn reasoning(&self, sealed: Option<String>) -> Item {
        Item::Reasoning {
            id: self.id("rs"),
            summary: Vec::new(),
            content: None,
            encrypted_content: sealed,
            status: "in_progress",
        }
    }

    fn current(&self) -> Option<&Item> {
        self.items.get(self.open?)
    }

    fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{}_{}", self.own, self.items.len())
    }

    fn add(&mut self, item: Item, out: &mut Vec<Chunk>) {
        let number = self.next_number();
        let added = Whole {
            output_index: self.items.len(),
            item: &item,
        };
        out.push(event("response.output_item.added", number, &added));
        self.items.push(item);
    }

    /// An item begins, with a part in which text grows.
    fn begin(&mut self, item: Item, out: &mut Vec<Chunk>) {
        self.close_open("completed", out);
        let at = self.items.len();
        self.add(item, out);
        self.open = Some(at);
        let text = String::new();
        let summarises = self.summarises;
        match self.items.get_mut(at) {
            Some(Item::Message { content, .. }) => content.push(OutputPart::OutputText {
                text,
                annotations: [],
                logprobs: Vec::new(),
            }),
            Some(Item::Reasoning { summary, .. }) if summarises => {
                summary.push(OutputPart::SummaryText { text });
            }
            Some(Item::Reasoning { content, .. }) => {
                *content = Some(vec![OutputPart::ReasoningText { text }]);
            }
            Some(Item::FunctionCall { .. }) | None => {}
        }
        let number = self.next_number();
        if let Some((item, part)) = self.items.get(at).and_then(|item| Some((item, item.part()?))) {
            let names = names(part);
            let place = place(at, item, Some(&names));
            out.push(event(names.added, number, &Part { place, part }));
        }
    }

    /// The open item's text grows.
    fn go_on(&mut self, more: &str, told: &[ChatLogprob], out: &mut Vec<Chunk>) {
        let number = self.next_number();
        let Some((at, item)) = self.open.and_then(|at| Some((at, self.items.get_mut(at)?))) else {
            return;
        };
        item.text().into_iter().for_each(|text| text.push_str(more));
        if let Item::Message { content, .. } = item
            && let Some(OutputPart::OutputText { logprobs, .. }) = content.last_mut()
        {
            logprobs.extend_from_slice(told);
        }
        let Some(names) = item.part().map(names) else {
            return;
        };
        let piece = Piece {
            place: place(at, item, Some(&names)),
            delta: more,
            logprobs: matches!(item, Item::Message { .. }).then_some(told),
        };
        out.push(event(names.delta, number, &piece));
    }

    fn close_open(&mut self, status: &'static str, out: &mut Vec<Chunk>) {
        let Some(at) = self.open.take() else { return };
        let (first, second) = (self.next_number(), self.next_number());
        if let Some((item, part)) = self.items.get(at).and_then(|item| Some((item, item.part()?))) {
            let names = names(part);
            let place = place(at, item, Some(&names));
            let (text, logprobs) = match part {
                OutputPart::OutputText { text, logprobs, .. } => (text, Some(logprobs.as_slice())),
                OutputPart::SummaryText { text } | OutputPart::ReasoningText { text } => (text, None),
            };
            out.push(event(
                names.text,
                first,
                &Text {
                    place,
                    text,
                    logprobs,
                },
            ));
            out.push(event(names.done, second, &Part { place, part }));
        }
        self.finish(at, status, out);
    }

    fn finish(&mut self, at: usize, status: &'static str, out: &mut Vec<Chunk>) {
        let number = self.next_number();
        let Some(item) = self.items.get_mut(at) else {
            return;
        };
        item.set_status(status);
        let done = Whole {
            output_index: at,
            item,
        };
        out.push(event("response.output_item.done", number, &done));
    }
}

fn names(part: &OutputPart) -> Names {
    match part {
        OutputPart::OutputText { .. } => SAID,
        OutputPart::ReasoningText { .. } => THOUGHT,
        OutputPart::SummaryText { .. } => SUMMARISED,
    }
}

/// Where something is; without names, it is no part.
fn place<'a>(output_index: usize, item: &'a Item, names: Option<&Names>) -> Place<'a> {
    let first = |summary| names.filter(|names| names.summary == summary).map(|_| 0);
    Place {
        item_id: item.id(),
        output_index,
        content_index: first(false),
        summary_index: first(true),
    }
}
