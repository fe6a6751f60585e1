//! Converse's answers, in both directions.

use busbar_core::{
    AnswerMetrics, Done, Error, ErrorKind, Event, FinishReason, Result, Thought, ThoughtDelta, Tokens,
    Transcript, Usage,
};
use busbar_wire::{
    AnswerWriter as _, Chunk, Framing,
    bedrock::converse::{Converse, ConverseWatch, ConverseWriter, PLACEHOLDER_TOOL},
    event_stream::{MESSAGE_LIMIT, Parser},
    upstream::{AnswerReader, ChatFormat as _, Incoming},
    watch::Watch,
};
use serde_json::{Value, json};

use super::support::events::{head, metrics, without_usage, written};

const WHOLE: &[u8] = include_bytes!("../golden/bedrock/converse_answer.json");
const STREAM: &str = include_str!("../golden/bedrock/converse_stream.jsonl");

/// The events of a fixture: name and content.
pub(crate) fn lines(text: &str) -> Vec<(String, Value)> {
    text.lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            (line["event"].as_str().unwrap().to_owned(), line["data"].take())
        })
        .collect()
}

/// What a reader makes of events.
pub(crate) fn read(reader: &mut dyn AnswerReader, events: &[(String, Value)]) -> Result<Vec<Event>> {
    let mut out = Vec::new();
    for (event, data) in events {
        let data = data.to_string();
        reader.read(
            &Incoming {
                event,
                failure: false,
                data: data.as_bytes(),
            },
            &mut out,
        )?;
    }
    Ok(without_usage(out))
}

fn usage() -> Usage {
    Usage {
        input: Tokens(30),
        cached_input: Tokens(80),
        cache_write: Tokens(20),
        output: Tokens(12),
        reasoning: Tokens::ZERO,
    }
}

fn end() -> Done {
    Done::new(FinishReason::ToolCalls, usage())
}

fn said() -> Vec<Event> {
    let piece = |arguments: &str| Event::ToolCallDelta {
        index: 0,
        arguments: arguments.into(),
    };
    vec![
        Event::Thought(ThoughtDelta::Text("A song.".into())),
        Event::Thought(ThoughtDelta::Signature("c2ln".into())),
        Event::text("Here"),
        Event::text(" it is."),
        Event::ToolCallStart {
            index: 0,
            id: "tooluse_1".into(),
            name: "top_song".into(),
        },
        piece("{\"sign\": \"WZ"),
        piece("PZ\"}"),
    ]
}

fn spent() -> AnswerMetrics {
    AnswerMetrics {
        total: std::time::Duration::from_millis(1275),
        ..metrics(usage())
    }
}

#[test]
fn a_stream_is_read() {
    let events = read(&mut *Converse.reader(), &lines(STREAM)).unwrap();
    let expected: Vec<_> = said().into_iter().chain([Event::Done(end())]).collect();
    assert_eq!(events, expected);
}

#[test]
fn a_stream_is_written_as_the_service_does() {
    let mut writer = ConverseWriter::new(&head());
    let mut chunks = Vec::new();
    writer.open(&mut chunks);
    for event in said() {
        writer.event(&event, &mut chunks);
    }
    writer.end(&end(), &spent(), &mut chunks);
    let written: Vec<_> = chunks
        .iter()
        .map(|chunk| {
            let mut data: Value = serde_json::from_slice(&chunk.data).unwrap();
            data.as_object_mut().unwrap().remove("busbar");
            (chunk.event.unwrap().to_owned(), data)
        })
        .collect();
    let mut expected = lines(STREAM);
    // What the service alone does: padding, an empty piece, and events of tomorrow.
    expected.retain(|(event, data)| event != "aNewEvent" && data["delta"]["toolUse"]["input"] != "");
    for (_, data) in &mut expected {
        data.as_object_mut().unwrap().remove("p");
    }
    assert_eq!(written, expected);
}

#[test]
fn a_whole_answer_is_read_and_written() {
    let transcript = Converse.whole(WHOLE).unwrap();
    assert_eq!(transcript.text, "Here it is.");
    let thought = Thought::Open {
        text: "A song.".into(),
        signature: Some("c2ln".into()),
    };
    assert_eq!(transcript.thoughts, [thought]);
    assert_eq!(transcript.tool_calls[0].arguments, "{\"sign\": \"WZPZ\"}");
    assert_eq!(
        (transcript.finish, transcript.usage),
        (FinishReason::ToolCalls, usage())
    );
    let body = ConverseWriter::new(&head()).whole(&transcript, &spent());
    let mut written: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(written["busbar"]["total_ms"], 1275.0);
    written.as_object_mut().unwrap().remove("busbar");
    assert_eq!(written, serde_json::from_slice::<Value>(WHOLE).unwrap());
}

#[test]
fn classes_of_tokens_are_disjoint_however_the_host_counts() {
    let count = |usage: Value| {
        let answer = json!({
            "output": {"message": {"role": "assistant", "content": []}},
            "stopReason": "end_turn",
            "usage": usage,
            "metrics": {"latencyMs": 1},
        });
        let usage = Converse.whole(answer.to_string().as_bytes()).unwrap().usage;
        (
            usage.input.0,
            usage.cached_input.0,
            usage.cache_write.0,
            usage.output.0,
        )
    };
    let apart = json!({"inputTokens": 30, "outputTokens": 12, "totalTokens": 142, "cacheReadInputTokens": 80, "cacheWriteInputTokens": 20});
    let together = json!({"inputTokens": 130, "outputTokens": 12, "totalTokens": 142, "cacheReadInputTokens": 80, "cacheWriteInputTokens": 20});
    assert_eq!(count(apart), (30, 80, 20, 12));
    assert_eq!(count(together), (30, 80, 20, 12));
    let odd = json!({"inputTokens": 5, "outputTokens": 1, "totalTokens": 6, "cacheReadInputTokens": 80});
    assert_eq!(count(odd), (5, 80, 0, 1));
}

fn reasons(reason: &str) -> Result<Transcript> {
    let answer = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "x"}]}},
        "stopReason": reason,
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
        "additionalModelResponseFields": {"stop_sequence": "END"},
    });
    Converse.whole(answer.to_string().as_bytes())
}

#[test]
fn every_stop_reason_means_something() {
    for (reason, finish) in [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::Stop),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("guardrail_intervened", FinishReason::Filtered),
        ("content_filtered", FinishReason::Filtered),
        // Without a call there is nothing to wait for.
        ("tool_use", FinishReason::Stop),
        ("something_new", FinishReason::Stop),
    ] {
        assert_eq!(reasons(reason).unwrap().finish, finish, "{reason}");
    }
    assert_eq!(
        reasons("stop_sequence").unwrap().stop_text.as_deref(),
        Some("END")
    );
    assert_eq!(reasons("end_turn").unwrap().stop_text, None);
    for spoilt in ["malformed_tool_use", "malformed_model_output"] {
        assert_eq!(reasons(spoilt).unwrap_err().kind(), ErrorKind::BadUpstream);
    }
}

fn events(list: &Value) -> Vec<(String, Value)> {
    let list = list.as_array().unwrap().iter();
    list.map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone()))
        .collect()
}

#[test]
fn calls_whose_pieces_come_mixed_keep_their_names() {
    let start = |block: u32, name: &str| json!(["contentBlockStart", {"contentBlockIndex": block, "start": {"toolUse": {"toolUseId": name, "name": name}}}]);
    let piece = |block: u32, input: &str| json!(["contentBlockDelta", {"contentBlockIndex": block, "delta": {"toolUse": {"input": input}}}]);
    let stop = |block: u32| json!(["contentBlockStop", {"contentBlockIndex": block}]);
    let mixed = json!([
        start(1, "a"),
        start(4, "b"),
        piece(4, "{\"x\""),
        piece(1, "{}"),
        piece(4, ":1}"),
        stop(4),
        stop(1),
        start(5, "c"),
        stop(5),
    ]);
    let read = read(&mut *Converse.reader(), &events(&mixed)).unwrap();
    let mut transcript = Transcript::empty();
    for event in read {
        transcript.push(event);
    }
    let calls: Vec<_> = transcript
        .tool_calls
        .iter()
        .map(|call| (call.name.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(calls, [("a", "{}"), ("b", "{\"x\":1}"), ("c", "{}")]);
}

#[test]
fn what_breaks_the_rules_of_calls_is_an_error_and_no_answer() {
    for wrong in [
        json!([["contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": ""}}}]]),
        json!([["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}]]),
        json!([["contentBlockDelta", {"contentBlockIndex": 0}]]),
        json!([["messageStop", {"stopReason": "malformed_tool_use"}]]),
        json!([["metadata", {"usage": {}}]]),
        json!([["messageStop", 7]]),
    ] {
        let error = read(&mut *Converse.reader(), &events(&wrong)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUpstream, "{wrong}");
    }
}

#[test]
fn a_stream_without_its_end_is_not_done() {
    let all = lines(STREAM);
    for cut in 0..all.len() {
        let events = read(&mut *Converse.reader(), &all[..cut]).unwrap();
        assert!(
            !events.iter().any(|event| matches!(event, Event::Done(_))),
            "{cut}"
        );
    }
}

#[test]
fn a_call_that_nobody_offered_is_not_for_the_client() {
    let stream = json!([
        ["contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": PLACEHOLDER_TOOL}}}],
        ["contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}],
        ["contentBlockStop", {"contentBlockIndex": 0}],
        ["messageStop", {"stopReason": "tool_use"}],
        ["metadata", {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1}}],
    ]);
    let read = read(&mut *Converse.reader(), &events(&stream)).unwrap();
    assert!(
        matches!(
            &*read,
            [Event::Done(Done {
                finish: FinishReason::Stop,
                ..
            })]
        ),
        "{read:?}"
    );
}

#[test]
fn text_within_a_call_waits_until_the_call_is_whole() {
    let call = |index: u32| Event::ToolCallStart {
        index,
        id: format!("t{index}").into(),
        name: "f".into(),
    };
    let piece = |index: u32, arguments: &str| Event::ToolCallDelta {
        index,
        arguments: arguments.into(),
    };
    let mixed = [
        call(0),
        piece(0, "{"),
        Event::text("aside"),
        call(1),
        piece(1, "{}"),
        piece(0, "}"),
    ];
    let done = Done::new(FinishReason::ToolCalls, Usage::default());
    let chunks = written(&mut ConverseWriter::new(&head()), &mixed, &done);
    let mut reader = Converse.reader();
    let mut transcript = Transcript::empty();
    for event in read_chunks(&mut *reader, &chunks) {
        transcript.push(event);
    }
    assert_eq!(transcript.text, "aside");
    assert!(
        transcript.tool_calls.iter().all(|call| call.arguments == "{}"),
        "{transcript:?}"
    );
    assert_eq!(transcript.tool_calls.len(), 2);
}

/// What a reader makes of what a writer wrote, by way of the binary framing.
pub(crate) fn read_chunks(reader: &mut dyn AnswerReader, chunks: &[Chunk]) -> Vec<Event> {
    let framing = Framing::EventStream {
        content_type: "application/json",
    };
    let mut parser = Parser::new(MESSAGE_LIMIT);
    let mut events = Vec::new();
    for chunk in chunks {
        parser.push(&framing.encode(None, chunk));
        while let Some(message) = parser.take().unwrap() {
            reader.read(&message.incoming(), &mut events).unwrap();
        }
    }
    without_usage(events)
}

#[test]
fn arguments_that_are_no_json_are_shown_and_called_what_they_are() {
    let mut transcript = Converse.whole(WHOLE).unwrap();
    transcript.tool_calls[0].arguments = "{\"sign\": ".into();
    let body = ConverseWriter::new(&head()).whole(&transcript, &spent());
    let written: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(written["stopReason"], "malformed_tool_use");
    assert_eq!(
        written["output"]["message"]["content"][2]["toolUse"]["input"],
        "{\"sign\": "
    );
    assert_eq!(Converse.whole(&body).unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[test]
fn what_goes_by_is_counted() {
    let mut watch = ConverseWatch::default();
    for (event, data) in lines(STREAM) {
        assert_eq!(watch.done(), None);
        let data = data.to_string();
        watch.see(&Incoming {
            event: &event,
            failure: false,
            data: data.as_bytes(),
        });
    }
    assert_eq!(watch.done(), Some(end()));
    assert_eq!(watch.usage(), usage());
    assert!(watch.failure().is_none());
    assert_eq!(watch.whole(WHOLE), Some(end()));
    assert_eq!(watch.whole(b"<html>"), None);
}

#[test]
fn a_failure_that_goes_by_is_seen() {
    let mut watch = ConverseWatch::default();
    let mut writer = ConverseWriter::new(&head());
    let retry_after = std::time::Duration::from_secs(1);
    let chunk = writer.fail(&Error::new(ErrorKind::RateLimited { retry_after }, "slow down"));
    watch.see(&Incoming {
        event: chunk.event.unwrap(),
        failure: chunk.failure,
        data: &chunk.data,
    });
    let failure = watch.failure().unwrap();
    assert_eq!(
        (failure.kind(), failure.message()),
        (ErrorKind::RateLimited { retry_after }, "slow down")
    );
    assert_eq!(watch.done(), None);
}
