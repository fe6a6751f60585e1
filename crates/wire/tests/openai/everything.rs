//! Whatever can be said is read as it was written; whatever else comes is read or refused.

use busbar_core::{ChatRequest, Event, FinishReason, Transcript};
use busbar_wire::AnswerWriter as _;
use busbar_wire::{
    Framing,
    openai::{
        STREAM_END,
        chat::{ChatBody, ChatWriter},
        hosts::{BUSBAR, COMPATIBLE, ChatWatch, ENGINE, OPENAI, is_only_usage, with_usage},
    },
    sse::Parser,
    upstream::{ChatFormat as _, Incoming},
    watch::Watch as _,
};
use proptest::{collection::vec, prelude::*};

use crate::support::{
    events::{Answers, answers, head, metrics, without_usage, written},
    requests::{Says, context, json_like, requests},
};

const SAYS: Says = Says {
    hottest: 200,
    ..Says::ALL
};
const ANSWERS: Answers = Answers {
    stop_text: false,
    ..Answers::ALL
};
const NAMES: &[&str] = &[
    "id",
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "finish_reason",
    "usage",
    "prompt_tokens",
    "error",
    "code",
    "type",
    "reasoning_content",
    "thinking_blocks",
    "logprobs",
    "token",
    "logprob",
    "x_groq",
    "text",
    "retry_after",
];
const TEXTS: &[&str] = &[
    "stop",
    "tool_calls",
    "thinking",
    "f",
    "{}",
    "{",
    "error",
    "",
    "é\u{0}",
];

fn bytes_of(chunks: &[busbar_wire::Chunk]) -> Vec<u8> {
    let framing = Framing::Sse {
        end: Some(STREAM_END),
    };
    let mut bytes: Vec<u8> = chunks
        .iter()
        .flat_map(|chunk| framing.encode(None, chunk))
        .collect();
    bytes.extend(framing.end().into_iter().flatten());
    bytes
}

/// The events in a stream that arrives in these pieces.
fn heard<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut parser = Parser::new(1 << 20);
    let mut reader = BUSBAR.reader();
    let mut events = Vec::new();
    for piece in pieces {
        for event in parser.push(piece).unwrap() {
            let frame = Incoming {
                event: &event.event,
                failure: false,
                data: event.data.as_bytes(),
            };
            reader.read(&frame, &mut events).unwrap();
        }
    }
    without_usage(events)
}

/// An answer with calls waits for them, whatever its host says.
fn finish(events: &[Event], finish: FinishReason) -> FinishReason {
    let calls = events
        .iter()
        .any(|event| matches!(event, Event::ToolCallStart { .. }));
    match finish {
        FinishReason::Stop if calls => FinishReason::ToolCalls,
        other => other,
    }
}

fn read_back(request: &ChatRequest) -> ChatRequest {
    let body = BUSBAR.write(request, request.model.as_str()).unwrap();
    ChatBody::read(&body).unwrap().into_request(context()).unwrap()
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(request in requests(SAYS)) {
        prop_assert_eq!(format!("{:?}", read_back(&request)), format!("{:?}", request));
        // The others refuse or write, and lose nothing that they could say.
        for host in [&OPENAI, &COMPATIBLE, &ENGINE] {
            if let Ok(body) = host.write(&request, "m") {
                prop_assert!(ChatBody::read(&body).unwrap().into_request(context()).is_ok());
            }
        }
    }

    #[test]
    fn a_stream_is_read_as_it_was_written((events, done) in answers(ANSWERS), cut in 1..64_usize) {
        let chunks = written(&mut ChatWriter::new(head()), &events, &done);
        let stream = bytes_of(&chunks);
        let mut expected = events.clone();
        let done = busbar_core::Done { finish: finish(&events, done.finish), ..done };
        expected.push(Event::Done(done.clone()));
        prop_assert_eq!(heard(stream.chunks(cut)), expected);

        let mut watch = ChatWatch::default();
        for chunk in &chunks {
            prop_assert_eq!(watch.done(), None);
            watch.see(&Incoming { event: "", failure: false, data: &chunk.data });
        }
        watch.see(&Incoming { event: "", failure: false, data: STREAM_END });
        prop_assert_eq!(watch.done().map(|seen| seen.usage), Some(done.usage));
        prop_assert_eq!(chunks.iter().filter(|chunk| is_only_usage(&chunk.data)).count(), 1);
    }

    #[test]
    fn a_stream_that_is_cut_gives_what_came_before((events, done) in answers(ANSWERS), at in 0.0..1.0) {
        let stream = bytes_of(&written(&mut ChatWriter::new(head()), &events, &done));
        let cut = (stream.len() as f64 * at) as usize;
        let heard = heard(std::iter::once(&stream[..cut]));
        prop_assert!(!heard.iter().any(|event| matches!(event, Event::Done(_))));
        prop_assert_eq!(&events[..heard.len()], &heard[..]);
    }

    #[test]
    fn a_whole_answer_is_read_as_it_was_written((events, done) in answers(ANSWERS)) {
        let mut transcript = Transcript::empty();
        for event in events.clone() {
            transcript.push(event);
        }
        transcript.end(busbar_core::Done { finish: finish(&events, done.finish), ..done });
        let body = ChatWriter::new(head()).whole(&transcript, &metrics(transcript.usage));
        prop_assert_eq!(ChatWatch::default().whole(&body).map(|seen| seen.usage), Some(transcript.usage));
        prop_assert_eq!(BUSBAR.whole(&body).unwrap(), transcript);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..256)) {
        swallow(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(json in json_like(NAMES, TEXTS)) {
        swallow(json.to_string().as_bytes());
    }
}

fn swallow(bytes: &[u8]) {
    let mut reader = OPENAI.reader();
    let mut watch = ChatWatch::default();
    let mut out = Vec::new();
    for event in ["message", "error", "ping"] {
        let frame = Incoming {
            event,
            failure: false,
            data: bytes,
        };
        let _read = reader.read(&frame, &mut out);
        watch.see(&frame);
    }
    let _whole = OPENAI.whole(bytes);
    let _said = OPENAI.said(bytes);
    let _seen = watch.whole(bytes);
    let _asked = with_usage(bytes);
    let _only = is_only_usage(bytes);
}
