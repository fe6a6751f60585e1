//! Answers of any content, as events, and how they are written.

use std::time::Duration;

use busbar_core::{AnswerMetrics, Done, Event, FinishReason, ThoughtDelta, Tokens, Usage};
use busbar_wire::{AnswerWriter, Chunk, Head};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::requests::{object_text, text};

/// What answers can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    /// Thoughts that may be read.
    pub thoughts: bool,
    /// Signatures, and thoughts that may not be read.
    pub sealed: bool,
    /// Calls whose pieces come mixed with those of the next.
    pub mixed_calls: bool,
    /// Tokens written into a cache.
    pub cache_write: bool,
    /// Stop texts at the end.
    pub stop_text: bool,
}

impl Answers {
    /// Everything.
    pub(crate) const ALL: Self = Self {
        thoughts: true,
        sealed: true,
        mixed_calls: true,
        cache_write: true,
        stop_text: true,
    };
}

/// An answer's own events: what is told of usage on the way stands apart.
pub(crate) fn without_usage(mut events: Vec<Event>) -> Vec<Event> {
    events.retain(|event| !matches!(event, Event::Usage(_)));
    events
}

fn texts() -> impl Strategy<Value = Vec<Event>> {
    vec(text().prop_map(Event::text), 1..4)
}

fn thought(sealed: bool) -> impl Strategy<Value = Vec<Event>> {
    let open =
        (vec(text(), 1..3), option::of("[a-zA-Z0-9+/=]{1,16}")).prop_map(move |(pieces, signature)| {
            let pieces = pieces.into_iter().map(ThoughtDelta::Text);
            let signature = signature.filter(|_| sealed).map(ThoughtDelta::Signature);
            pieces.chain(signature).map(Event::Thought).collect::<Vec<_>>()
        });
    if !sealed {
        return open.boxed();
    }
    let sealed = "[a-zA-Z0-9+/=]{1,16}".prop_map(|data| vec![Event::Thought(ThoughtDelta::Sealed(data))]);
    prop_oneof![3 => open, 1 => sealed].boxed()
}

/// The arguments of a call, in pieces that say something.
fn pieces() -> impl Strategy<Value = Vec<String>> {
    (object_text(), 1..9_usize).prop_map(|(text, size)| {
        let letters: Vec<_> = text.chars().collect();
        letters.chunks(size).map(|piece| piece.iter().collect()).collect()
    })
}

fn start(index: u32) -> Event {
    Event::ToolCallStart {
        index,
        id: format!("call_{index}").into(),
        name: format!("tool_{}", index % 2),
    }
}

fn calls(mixed: bool) -> impl Strategy<Value = Vec<Event>> {
    (vec((pieces(), any::<bool>()), 0..3)).prop_map(move |calls| {
        let mut events = Vec::new();
        let mut late = None;
        for (index, (pieces, wait)) in (0..).zip(calls) {
            events.push(start(index));
            events.extend(late.take());
            let mut pieces: Vec<_> = pieces
                .into_iter()
                .map(|arguments| Event::ToolCallDelta { index, arguments })
                .collect();
            if mixed && wait {
                late = pieces.pop();
            }
            events.extend(pieces);
        }
        events.extend(late);
        events
    })
}

fn usage(answers: Answers) -> impl Strategy<Value = Usage> {
    let count = || (0..100_000_u32).prop_map(Tokens);
    (count(), count(), count(), count(), count()).prop_map(
        move |(input, cached_input, cache_write, output, reasoning)| Usage {
            input,
            cached_input,
            cache_write: if answers.cache_write {
                cache_write
            } else {
                Tokens::ZERO
            },
            output,
            reasoning,
        },
    )
}

fn done(answers: Answers) -> impl Strategy<Value = Done> {
    let reasons = vec![
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::Filtered,
    ];
    (select(reasons), usage(answers), option::of(text())).prop_map(move |(finish, usage, stop_text)| Done {
        finish,
        usage,
        stop_text: stop_text.filter(|_| answers.stop_text && finish == FinishReason::Stop),
    })
}

/// The events of an answer, without the end, and the end.
pub(crate) fn answers(answers: Answers) -> impl Strategy<Value = (Vec<Event>, Done)> {
    let mut kinds = vec![texts().boxed()];
    if answers.thoughts {
        kinds.push(thought(answers.sealed).boxed());
    }
    let said = vec(proptest::strategy::Union::new(kinds), 0..4);
    (said, calls(answers.mixed_calls), done(answers)).prop_map(|(said, calls, done)| {
        let events = said.into_iter().flatten().chain(calls).collect();
        (events, done)
    })
}

pub(crate) fn head() -> Head {
    Head {
        id: "answer-1".into(),
        created: 1_767_225_600,
        model: "m".into(),
        include_usage: true,
    }
}

pub(crate) fn metrics(usage: Usage) -> AnswerMetrics {
    AnswerMetrics {
        model: "m".into(),
        first_chunk: Some(Duration::from_millis(80)),
        total: Duration::from_millis(280),
        usage,
        cost: None,
        cost_estimated: false,
        course: None,
    }
}

/// Everything that a writer writes of an answer.
pub(crate) fn written(writer: &mut dyn AnswerWriter, events: &[Event], done: &Done) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    writer.open(&mut chunks);
    for event in events {
        writer.event(event, &mut chunks);
    }
    writer.end(done, &metrics(done.usage), &mut chunks);
    chunks
}
