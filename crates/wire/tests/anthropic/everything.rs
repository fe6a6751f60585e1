//! What was written is read as it was, whatever it says; and no bytes are too much.

use busbar_core::{ChatRequest, Event, Extra, Part, Prompt, Thought, Transcript};
use busbar_wire::{
    AnswerWriter as _, Chunk, Framing,
    anthropic::{
        BEDROCK_MESSAGES_FORMAT, FORMAT, MESSAGES_FORMAT, MessagesBody, MessagesFormat, MessagesWatch,
        MessagesWriter, Variant, read_count,
    },
    splice::splice_model,
    sse::Parser,
    upstream::{ChatFormat as _, Incoming},
    watch::Watch as _,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{
    events::{Answers, answers, head, metrics, without_usage, written},
    requests::{Says, context, json_like, requests},
};

const SAYS: Says = Says {
    model: "claude-opus-4-6",
    ..Says::ALL
};

const BEDROCK_SAYS: Says = Says {
    addresses: false,
    ..SAYS
};

/// The same with a signature on every thought: the others are not told to Claude.
fn signed(mut request: ChatRequest) -> ChatRequest {
    let Prompt::Messages(messages) = &mut request.prompt else {
        return request;
    };
    for message in messages {
        let mut parts = std::mem::take(&mut message.content).into_parts();
        for part in &mut parts {
            if let Part::Thought(Thought::Open { signature, .. }) = part {
                signature.get_or_insert_with(|| "c2ln".to_owned());
            }
        }
        message.content = parts.into();
    }
    request
}

fn incoming(chunk: &Chunk) -> Incoming<'_> {
    Incoming {
        event: chunk.event.unwrap_or_default(),
        failure: chunk.failure,
        data: &chunk.data,
    }
}

fn read(chunks: &[Chunk]) -> Vec<Event> {
    let mut reader = MESSAGES_FORMAT.reader();
    let mut events = Vec::new();
    for chunk in chunks {
        reader.read(&incoming(chunk), &mut events).unwrap();
    }
    without_usage(events)
}

fn sse(chunks: &[Chunk]) -> Vec<u8> {
    let framing = Framing::Sse { end: None };
    chunks
        .iter()
        .flat_map(|chunk| framing.encode(None, chunk))
        .collect()
}

fn with_fields(mut request: ChatRequest, extra: bool, hints: bool) -> ChatRequest {
    if extra {
        request.extra = Extra {
            format: Some(FORMAT),
            fields: json!({"context_management": {"edits": [1.5]}, "container": "c"})
                .as_object()
                .unwrap()
                .clone(),
        };
    }
    if hints {
        request.hints = Extra {
            format: Some(FORMAT),
            fields: json!({"metadata": {"user_id": "u"}, "service_tier": "auto"})
                .as_object()
                .unwrap()
                .clone(),
        };
    }
    request
}

fn comes_back(request: &ChatRequest, format: &MessagesFormat, variant: Variant) {
    let sent = format.write(request, request.model.as_str()).unwrap();
    let body = MessagesBody::read(&sent, variant).unwrap();
    let mut read = body.into_request(context()).unwrap();
    if variant == Variant::Bedrock {
        // The path says both.
        read.model = request.model.clone();
        read.whole = request.whole;
    }
    assert_eq!(
        format!("{read:#?}"),
        format!("{request:#?}"),
        "{}",
        String::from_utf8_lossy(&sent)
    );
}

/// Everything that reads what strangers send.
fn read_all(bytes: &[u8]) {
    for variant in [Variant::Direct, Variant::Bedrock] {
        let read = MessagesBody::read(bytes, variant).map(|body| body.with_betas("a, b"));
        let _request = read.and_then(|body| body.into_request(context()));
        let counted = MessagesBody::read(bytes, variant);
        let _counted = counted.and_then(|body| body.into_counted(context()));
    }
    let mut watch = MessagesWatch::default();
    let mut reader = MESSAGES_FORMAT.reader();
    let mut events = Vec::new();
    let frame = Incoming {
        event: "message",
        failure: false,
        data: bytes,
    };
    for _ in 0..2 {
        let _read = reader.read(&frame, &mut events);
        watch.see(&frame);
    }
    let _end = (watch.done(), watch.failure(), watch.usage(), watch.whole(bytes));
    let _whole = MESSAGES_FORMAT.whole(bytes);
    let _said = BEDROCK_MESSAGES_FORMAT.said(bytes);
    let _count = read_count(bytes);
    let _spliced = splice_model(bytes, "m");
}

const NAMES: &[&str] = &[
    "type",
    "model",
    "messages",
    "role",
    "content",
    "text",
    "source",
    "media_type",
    "data",
    "url",
    "id",
    "name",
    "input",
    "tool_use_id",
    "is_error",
    "thinking",
    "signature",
    "cache_control",
    "ttl",
    "tools",
    "input_schema",
    "tool_choice",
    "max_tokens",
    "system",
    "stream",
    "budget_tokens",
    "output_config",
    "effort",
    "format",
    "schema",
    "anthropic_version",
    "anthropic_beta",
    "delta",
    "index",
    "content_block",
    "message",
    "usage",
    "input_tokens",
    "output_tokens",
    "output_tokens_details",
    "thinking_tokens",
    "error",
    "stop_reason",
    "partial_json",
    "stop_sequences",
    "citations",
];

const TEXTS: &[&str] = &[
    "",
    "user",
    "assistant",
    "system",
    "text",
    "image",
    "document",
    "base64",
    "url",
    "file",
    "tool_use",
    "tool_result",
    "thinking",
    "redacted_thinking",
    "ephemeral",
    "1h",
    "auto",
    "any",
    "tool",
    "enabled",
    "adaptive",
    "disabled",
    "json_schema",
    "bedrock-2023-05-31",
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
    "text_delta",
    "input_json_delta",
    "thinking_delta",
    "signature_delta",
    "aGk=",
    "é\u{0}",
];

/// Bodies and events as they are documented.
const DOCUMENTED: &[&str] = &[
    include_str!("../golden/anthropic/request_plain.json"),
    include_str!("../golden/anthropic/request_media.json"),
    include_str!("../golden/anthropic/request_tools.json"),
    include_str!("../golden/anthropic/request_thinking.json"),
    include_str!("../golden/anthropic/request_cache.json"),
    include_str!("../golden/anthropic/request_bedrock.json"),
    include_str!("../golden/anthropic/answer_text.json"),
    include_str!("../golden/anthropic/answer_tools.json"),
];

/// Every value within a value, by its path.
fn paths(value: &Value, path: &str, out: &mut Vec<String>) {
    out.push(path.to_owned());
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                paths(item, &format!("{path}/{place}"), out);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                paths(field, &format!("{path}/{name}"), out);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn what_is_wrong_in_one_place_is_read_or_refused(
        which in 0..DOCUMENTED.len(), place: prop::sample::Index, other in json_like(NAMES, TEXTS),
    ) {
        let mut body: Value = serde_json::from_str(DOCUMENTED[which]).unwrap();
        let mut all = Vec::new();
        paths(&body, "", &mut all);
        *body.pointer_mut(&all[place.index(all.len())]).unwrap() = other;
        read_all(body.to_string().as_bytes());
    }

    #[test]
    fn a_request_is_read_as_it_was_written(request in requests(SAYS), extra: bool, hints: bool) {
        comes_back(&with_fields(signed(request), extra, hints), &MESSAGES_FORMAT, Variant::Direct);
    }

    #[test]
    fn a_request_within_invoke_model_is_read_as_it_was_written(request in requests(BEDROCK_SAYS), extra: bool, hints: bool) {
        comes_back(&with_fields(signed(request), extra, hints), &BEDROCK_MESSAGES_FORMAT, Variant::Bedrock);
    }

    #[test]
    fn events_are_read_as_they_were_written((mut events, done) in answers(Answers::ALL), bedrock: bool) {
        let variant = if bedrock { Variant::Bedrock } else { Variant::Direct };
        let chunks = written(&mut MessagesWriter::new(head(), variant), &events, &done);
        events.push(Event::Done(done));
        prop_assert_eq!(read(&chunks), events);
    }

    #[test]
    fn blocks_begin_go_on_and_end_in_order((events, done) in answers(Answers::ALL)) {
        let chunks = written(&mut MessagesWriter::new(head(), Variant::Direct), &events, &done);
        let mut open = Vec::new();
        let mut next = 0;
        for chunk in &chunks {
            let event: Value = serde_json::from_slice(&chunk.data).unwrap();
            prop_assert_eq!(event["type"].as_str(), chunk.event);
            match chunk.event {
                Some("content_block_start") => {
                    prop_assert_eq!(&event["index"], &json!(next));
                    open.push(next);
                    next += 1;
                }
                Some("content_block_delta") => prop_assert!(open.iter().any(|index| event["index"] == *index)),
                Some("content_block_stop") => {
                    let place = open.iter().position(|index| event["index"] == *index);
                    prop_assert!(place.is_some());
                    open.remove(place.unwrap());
                }
                Some("message_delta") => prop_assert!(open.is_empty()),
                _ => {}
            }
        }
    }

    #[test]
    fn a_whole_answer_is_read_as_it_was_written((events, done) in answers(Answers { mixed_calls: false, ..Answers::ALL })) {
        let mut transcript = Transcript::empty();
        for event in events {
            transcript.push(event);
        }
        transcript.end(done.clone());
        let body = MessagesWriter::new(head(), Variant::Direct).whole(&transcript, &metrics(done.usage));
        prop_assert_eq!(MESSAGES_FORMAT.whole(&body).unwrap(), transcript);
        prop_assert_eq!(MessagesWatch::default().whole(&body), Some(done));
    }

    #[test]
    fn what_goes_by_is_counted_as_what_is_read((events, done) in answers(Answers::ALL)) {
        let chunks = written(&mut MessagesWriter::new(head(), Variant::Direct), &events, &done);
        let mut watch = MessagesWatch::default();
        for chunk in &chunks {
            prop_assert_eq!(watch.done(), None);
            watch.see(&incoming(chunk));
        }
        prop_assert_eq!(watch.usage(), done.usage);
        prop_assert_eq!(watch.done(), Some(done));
        prop_assert!(watch.failure().is_none());
    }

    #[test]
    fn a_stream_that_is_cut_says_the_same_up_to_there((mut events, done) in answers(Answers::ALL), cut in 0.0..1.0) {
        let chunks = written(&mut MessagesWriter::new(head(), Variant::Direct), &events, &done);
        events.push(Event::Done(done));
        let bytes = sse(&chunks);
        let cut = (bytes.len() as f64 * cut) as usize;
        let mut reader = MESSAGES_FORMAT.reader();
        let mut read = Vec::new();
        for event in Parser::new(1 << 20).push(&bytes[..cut]).unwrap() {
            let frame = Incoming { event: &event.event, failure: false, data: event.data.as_bytes() };
            reader.read(&frame, &mut read).unwrap();
        }
        let read = without_usage(read);
        prop_assert!(events.starts_with(&read), "{read:?}");
        prop_assert!(!matches!(read.last(), Some(Event::Done(_))));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_all(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(body in json_like(NAMES, TEXTS), cut in 0.0..1.5) {
        let text = body.to_string();
        let cut = (text.len() as f64 * cut) as usize;
        read_all(&text.as_bytes()[..cut.min(text.len())]);
    }

    #[test]
    fn only_the_models_name_changes(body in json_like(NAMES, TEXTS), name in "\\PC{0,12}", old in json_like(NAMES, TEXTS), place in 0..4_usize) {
        let mut fields: Vec<(String, Value)> = body.as_object().cloned().unwrap_or_default().into_iter().collect();
        fields.retain(|(name, _)| name != "model");
        let place = place.min(fields.len());
        fields.insert(place, ("model".to_owned(), old));
        // In the order of a client's own, with spaces that nobody else would write.
        let text = |model: &str| {
            let fields: Vec<_> = fields.iter().enumerate().map(|(at, (name, value))| {
                let value = if at == place { model.to_owned() } else { value.to_string() };
                format!("{} :\t{value} ", json!(name))
            }).collect();
            format!(" {{\n{}}}\n", fields.join(","))
        };
        let spliced = splice_model(text(&fields[place].1.to_string()).as_bytes(), &name);
        prop_assert_eq!(spliced.unwrap(), text(&json!(name).to_string()));
    }
}
