//! Everything that Converse can say survives being written and read.

use busbar_core::{
    ChatRequest, Content, Done, Event, FinishReason, MediaKind, OutputFormat, Part, Prompt, Reasoning, Role,
    Tokens, ToolChoice, Transcript, Usage,
};
use busbar_wire::{
    AnswerWriter as _,
    bedrock::{
        Family,
        converse::{Converse, ConverseBody, ConverseWriter},
        invoke::{InvokeBody, chat_format},
    },
    event_stream::{MESSAGE_LIMIT, Parser},
    upstream::{ChatFormat as _, Incoming},
};
use proptest::prelude::*;

use super::{
    answers::read_chunks,
    requests::asked,
    support::{
        events::{Answers, answers, head, metrics, written},
        requests::{Says, json_like, requests},
    },
};

const SAYS: Says = Says {
    addresses: false,
    parallel_tool_calls: false,
    ..Says::ALL
};

const NOVA: Says = Says {
    reasoning: &[
        Reasoning::Off,
        Reasoning::Effort(busbar_core::Effort::Low),
        Reasoning::Effort(busbar_core::Effort::High),
    ],
    ..SAYS
};

/// The one form of what the format says in one way only.
fn normal(mut request: ChatRequest) -> ChatRequest {
    let Prompt::Messages(messages) = &mut request.prompt else {
        return request;
    };
    let mut documents = 0;
    let mut speaks_of_tools = false;
    for message in messages {
        speaks_of_tools |= message.role == Role::Tool || !message.tool_calls.is_empty();
        let mut parts = std::mem::take(&mut message.content).into_parts();
        for part in &mut parts {
            match part {
                // The service refuses blank text, and documents of one name.
                Part::Text(text) if text.trim().is_empty() => *text = "blank".into(),
                Part::Media(media) if media.kind == MediaKind::Document => {
                    documents += 1;
                    media.name = Some(format!("document {documents}"));
                }
                _ => {}
            }
        }
        // Points stand behind results, not within.
        if message.role == Role::Tool {
            parts.sort_by_key(|part| matches!(part, Part::CachePoint(_)));
        }
        message.content = Content::from(parts);
    }
    if request.tool_choice == ToolChoice::None {
        request.tools.clear();
        if !speaks_of_tools {
            request.tool_choice = ToolChoice::Auto;
        }
    }
    request.whole = true;
    request
}

fn ended(mut done: Done, has_calls: bool) -> Done {
    if done.finish == FinishReason::ToolCalls && !has_calls {
        done.finish = FinishReason::Stop;
    }
    // The format counts thoughts as output.
    done.usage = Usage {
        output: done.usage.written(),
        reasoning: Tokens::ZERO,
        ..done.usage
    };
    done
}

fn transcript(events: &[Event]) -> Transcript {
    let mut transcript = Transcript::empty();
    for event in events {
        if let Some(done) = transcript.push(event.clone()) {
            transcript.end(done);
        }
    }
    transcript
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(request in requests(SAYS).prop_map(normal)) {
        let body = Converse.write(&request, "unheard.of-v1:0").unwrap();
        let read = ConverseBody::read(&body).unwrap().into_request(asked()).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn what_is_written_for_nova_is_read_as_it_was(request in requests(NOVA).prop_map(normal)) {
        let model = "amazon.nova-2-lite-v1:0";
        let body = Converse.write(&request, model).unwrap();
        let read = ConverseBody::read(&body).unwrap().into_request(asked()).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
        let request = ChatRequest { output: OutputFormat::Text, ..request };
        let body = chat_format(Family::Nova).unwrap().write(&request, model).unwrap();
        let read = InvokeBody::read(&body, Family::Nova).unwrap().into_request(asked()).unwrap();
        prop_assert_eq!(format!("{read:?}"), format!("{request:?}"));
    }

    #[test]
    fn a_stream_is_read_as_it_was_written((events, done) in answers(Answers { mixed_calls: false, ..Answers::ALL })) {
        let chunks = written(&mut ConverseWriter::new(&head()), &events, &done);
        let read = read_chunks(&mut *Converse.reader(), &chunks);
        let has_calls = events.iter().any(|event| matches!(event, Event::ToolCallStart { .. }));
        let expected: Vec<_> = events.into_iter().chain([Event::Done(ended(done, has_calls))]).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn mixed_calls_and_nova_s_own_form_lose_nothing((events, done) in answers(Answers { stop_text: false, ..Answers::ALL })) {
        let mut said = events.clone();
        said.push(Event::Done(done.clone()));
        let mut expected = transcript(&said);
        let end = ended(done.clone(), !expected.tool_calls.is_empty());
        expected.end(end.clone());
        let chunks = written(&mut ConverseWriter::new(&head()), &events, &done);
        prop_assert_eq!(&transcript(&read_chunks(&mut *Converse.reader(), &chunks)), &expected);
        let format = chat_format(Family::Nova).unwrap();
        let mut writer = busbar_wire::bedrock::invoke::writer(Family::Nova, head()).unwrap();
        let chunks = written(&mut writer, &events, &done);
        prop_assert_eq!(&transcript(&read_chunks(&mut *format.reader(), &chunks)), &expected);
        // …and whole.
        let body = ConverseWriter::new(&head()).whole(&expected, &metrics(end.usage));
        prop_assert_eq!(&Converse.whole(&body).unwrap(), &expected);
    }

    #[test]
    fn blocks_are_opened_and_closed_in_order((events, done) in answers(Answers::ALL)) {
        let mut open = None;
        let mut last = None;
        for chunk in written(&mut ConverseWriter::new(&head()), &events, &done) {
            let data: serde_json::Value = serde_json::from_slice(&chunk.data).unwrap();
            let index = data["contentBlockIndex"].as_u64();
            match chunk.event.unwrap() {
                "contentBlockStart" => {
                    prop_assert_eq!(open, None);
                    open = index;
                }
                "contentBlockDelta" => {
                    prop_assert!(open.is_none() || open == index);
                    open = index;
                }
                "contentBlockStop" => {
                    prop_assert_eq!(open.take(), index);
                    prop_assert_eq!(index, Some(last.map_or(0, |last: u64| last + 1)));
                    last = index;
                }
                _ => prop_assert_eq!(open, None),
            }
        }
    }

    #[test]
    fn a_stream_cut_at_any_byte_gives_the_events_before_the_cut(
        (events, done) in answers(Answers::ALL),
        cut in any::<prop::sample::Index>(),
    ) {
        let framing = busbar_wire::Framing::EventStream { content_type: "application/json" };
        let chunks = written(&mut ConverseWriter::new(&head()), &events, &done);
        let bytes: Vec<u8> = chunks.iter().flat_map(|chunk| framing.encode(None, chunk)).collect();
        let whole = read_chunks(&mut *Converse.reader(), &chunks);
        let mut parser = Parser::new(MESSAGE_LIMIT);
        parser.push(&bytes[..cut.index(bytes.len())]);
        let (mut reader, mut read) = (Converse.reader(), Vec::new());
        while let Some(message) = parser.take().unwrap() {
            reader.read(&message.incoming(), &mut read).unwrap();
        }
        prop_assert!(read.len() < whole.len());
        prop_assert_eq!(&read[..], &whole[..read.len()]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        read_all(&bytes);
    }

    #[test]
    fn any_json_is_read_or_refused(body in json_like(NAMES, TEXTS)) {
        read_all(body.to_string().as_bytes());
    }
}

const NAMES: &[&str] = &[
    "messages",
    "role",
    "content",
    "text",
    "image",
    "document",
    "format",
    "name",
    "source",
    "bytes",
    "s3Location",
    "uri",
    "toolUse",
    "toolUseId",
    "input",
    "toolResult",
    "status",
    "json",
    "reasoningContent",
    "reasoningText",
    "signature",
    "redactedContent",
    "cachePoint",
    "type",
    "ttl",
    "guardContent",
    "system",
    "inferenceConfig",
    "maxTokens",
    "stopSequences",
    "toolConfig",
    "tools",
    "toolSpec",
    "inputSchema",
    "toolChoice",
    "any",
    "tool",
    "additionalModelRequestFields",
    "top_k",
    "thinking",
    "outputConfig",
    "textFormat",
    "structure",
    "jsonSchema",
    "schema",
    "effort",
    "output",
    "message",
    "stopReason",
    "usage",
    "contentBlockIndex",
    "delta",
    "start",
];

const TEXTS: &[&str] = &[
    "user",
    "assistant",
    "system",
    "png",
    "pdf",
    "default",
    "5m",
    "AAAA",
    "s3://b/k",
    "success",
    "end_turn",
    "tool_use",
    "json_schema",
    "{}",
    "",
    "é\u{0}",
];

/// Everything that reads what strangers send.
fn read_all(bytes: &[u8]) {
    let _ = ConverseBody::read(bytes).and_then(|body| body.into_request(asked()));
    let _ = Converse.whole(bytes);
    let _ = Converse.said(bytes);
    let mut reader = Converse.reader();
    for event in [
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ] {
        let frame = Incoming {
            event,
            failure: false,
            data: bytes,
        };
        let _ = reader.read(&frame, &mut Vec::new());
    }
}
