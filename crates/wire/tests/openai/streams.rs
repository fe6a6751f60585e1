//! Streams in the shapes that hosts send them in.

use busbar_core::{Done, ErrorKind, Event, FinishReason, ThoughtDelta, Tokens, Usage};

use crate::read;

/// A chunk with this delta.
fn delta(delta: &str) -> String {
    format!(
        r#"{{"id":"chatcmpl-A.1","object":"chat.completion.chunk","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#
    )
}

/// A chunk that ends the answer.
fn finish(reason: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
}

fn calls(pieces: &[&str]) -> Vec<String> {
    pieces
        .iter()
        .map(|piece| delta(&format!(r#"{{"tool_calls":[{piece}]}}"#)))
        .collect()
}

/// What these chunks say when they are followed by a good end: calls as (id, name, arguments).
#[track_caller]
fn called(pieces: &[&str]) -> Vec<(String, String, String)> {
    let mut chunks = calls(pieces);
    chunks.push(finish("tool_calls"));
    chunks.push("[DONE]".into());
    let (events, result) = read(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
    result.unwrap();
    let mut transcript = busbar_core::Transcript::empty();
    let mut begun = 0;
    for event in events {
        if let Event::ToolCallStart { index, .. } = &event {
            assert_eq!(*index, begun, "calls are numbered from 0");
            begun += 1;
        }
        if let Event::ToolCallDelta { index, .. } = &event {
            assert!(*index < begun, "no piece comes before its call");
        }
        if let Some(done) = transcript.push(event) {
            assert_eq!(done.finish, FinishReason::ToolCalls);
        }
    }
    let calls = transcript.tool_calls.into_iter();
    calls
        .map(|call| (call.id.as_str().to_owned(), call.name, call.arguments))
        .collect()
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.into(), name.into(), arguments.into())
}

#[test]
fn the_documented_stream_of_two_calls() {
    let seen = called(&[
        r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
        r#"{"index":0,"function":{"arguments":"{\"x\":"}}"#,
        r#"{"index":0,"function":{"arguments":"1}"}}"#,
        r#"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}"#,
        r#"{"index":1,"function":{"arguments":"{}"}}"#,
    ]);
    assert_eq!(seen, [call("a", "f", "{\"x\":1}"), call("b", "g", "{}")]);
}

#[test]
fn calls_whose_pieces_are_mixed_keep_their_names() {
    let seen = called(&[
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":1,"id":"b","function":{"name":"g","arguments":"["}}"#,
        r#"{"index":1,"function":{"arguments":"]"}},{"index":0,"function":{"arguments":"}"}}"#,
    ]);
    assert_eq!(seen, [call("a", "f", "{}"), call("b", "g", "[]")]);
}

#[test]
fn whole_calls_without_an_index_are_several() {
    let seen = called(&[
        r#"{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"f","arguments":"{}"}}"#,
    ]);
    assert_eq!(seen, [call("a", "f", "{}"), call("b", "f", "{}")]);
    let same_number = called(&[
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
        r#"{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}"#,
    ]);
    assert_eq!(same_number, [call("a", "f", "{}"), call("b", "g", "{}")]);
}

#[test]
fn calls_without_ids_get_some_that_no_other_answer_has() {
    let seen = called(&[
        r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
        r#"{"index":0,"function":{"name":"g","arguments":{"x":1}}}"#,
    ]);
    assert_eq!(
        seen,
        [
            call("call_0_chatcmpl-A1", "f", "{}"),
            call("call_1_chatcmpl-A1", "g", "{\"x\":1}")
        ]
    );
}

#[test]
fn names_that_are_empty_repeated_or_cut_in_two_come_out_whole() {
    let empty = called(&[
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
        r#"{"index":0,"id":"","function":{"name":"","arguments":"{"}}"#,
        r#"{"index":0,"id":"","function":{"name":"","arguments":"}"}}"#,
    ]);
    assert_eq!(empty, [call("a", "f", "{}")]);
    let repeated = called(&[
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}"#,
        r#"{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}"#,
    ]);
    assert_eq!(repeated, [call("a", "f", "{}")]);
    let cut = called(&[
        r#"{"index":0,"id":"a","function":{"name":"get_","arguments":""}}"#,
        r#"{"index":0,"function":{"name":"weather","arguments":""}}"#,
        r#"{"index":0,"function":{"arguments":"{}"}}"#,
    ]);
    assert_eq!(cut, [call("a", "get_weather", "{}")]);
    let late = called(&[
        r#"{"index":0,"function":{"name":"f","arguments":""}}"#,
        r#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#,
    ]);
    assert_eq!(late, [call("a", "f", "{}")]);
}

#[test]
fn the_older_way_to_call_is_read_too() {
    let chunks = [
        delta(r#"{"function_call":{"name":"f","arguments":""}}"#),
        delta(r#"{"function_call":{"arguments":"{}"}}"#),
        finish("function_call"),
        "[DONE]".into(),
    ];
    let (events, result) = read(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
    result.unwrap();
    assert!(matches!(&events[0], Event::ToolCallStart { name, .. } if name == "f"));
    assert!(matches!(&events[2], Event::Done(done) if done.finish == FinishReason::ToolCalls));
}

#[test]
fn a_call_without_a_name_or_cut_in_the_middle_is_a_failure() {
    let nameless = calls(&[r#"{"index":0,"id":"a","function":{"arguments":"{}"}}"#]);
    let (_, result) = read(&[&nameless[0]]);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::BadUpstream);
    let cut = calls(&[r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}}"#]);
    let (_, result) = read(&[&cut[0], "[DONE]"]);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::BadUpstream);
    // Cut by its limit it is what the host says it is.
    let (events, result) = read(&[&cut[0], &finish("length"), "[DONE]"]);
    result.unwrap();
    assert!(matches!(events.last(), Some(Event::Done(done)) if done.finish == FinishReason::Length));
}

#[test]
fn thoughts_are_read_in_every_hosts_words() {
    let thought = |piece: &str| {
        let (events, result) = read(&[&delta(piece)]);
        result.unwrap();
        events
    };
    let text = |text: &str| Event::Thought(ThoughtDelta::Text(text.into()));
    assert_eq!(
        thought(r#"{"content":null,"reasoning_content":"hm"}"#),
        [text("hm")]
    );
    assert_eq!(thought(r#"{"content":"","reasoning":"hm"}"#), [text("hm")]);
    assert_eq!(
        thought(
            r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"so"}]}"#
        ),
        [text("hm"), Event::text("so")]
    );
    // Gateways say it twice.
    assert_eq!(
        thought(
            r#"{"reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":""}]}"#
        ),
        [text("hm")]
    );
    let signed =
        r#"{"reasoning_content":"","thinking_blocks":[{"type":"thinking","thinking":"","signature":"s"}]}"#;
    assert_eq!(
        thought(signed),
        [Event::Thought(ThoughtDelta::Signature("s".into()))]
    );
}

#[test]
fn the_end_has_the_usage_wherever_it_came() {
    let done = |chunks: &[&str]| {
        let (events, result) = read(chunks);
        result.unwrap();
        match events.last() {
            Some(Event::Done(done)) => done.clone(),
            other => panic!("{other:?}"),
        }
    };
    let usage = Usage {
        input: Tokens(4),
        cached_input: Tokens(5),
        output: Tokens(3),
        reasoning: Tokens(1),
        ..Usage::default()
    };
    let counts = r#"{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,
        "prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":1}}"#;
    let last = format!(r#"{{"choices":[],"usage":{counts}}}"#);
    let stop = finish("stop");
    assert_eq!(
        done(&[&stop, &last, "[DONE]"]),
        Done::new(FinishReason::Stop, usage)
    );
    let groq = format!(r#"{{"choices":[],"x_groq":{{"id":"r","usage":{counts}}}}}"#);
    assert_eq!(done(&[&stop, &groq, "[DONE]"]).usage, usage);
    let filtered = finish("content_filter");
    assert_eq!(done(&[&filtered, "[DONE]"]).finish, FinishReason::Filtered);
    let counted = done(&[
        &delta(r#"{"content":"a"}"#),
        &delta(r#"{"content":"b"}"#),
        &stop,
        "[DONE]",
    ]);
    assert_eq!(
        counted.usage.output,
        Tokens(2),
        "pieces count where tokens are not told"
    );
}

#[test]
fn azures_empty_first_chunk_and_unknown_events_say_nothing() {
    let (events, result) = read(&[
        r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#,
        r#"{"object":"something.new"}"#,
    ]);
    result.unwrap();
    assert_eq!(events, []);
}

#[test]
fn log_probabilities_come_with_their_text() {
    let chunk = r#"{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[
        {"token":"a","logprob":-0.5,"bytes":null,"top_logprobs":[{"token":"b","logprob":-9999.0,"bytes":[98]}]}]}}]}"#;
    let (events, result) = read(&[chunk]);
    result.unwrap();
    let [Event::Delta(delta)] = &*events else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&*delta.logprobs[0].bytes, delta.logprobs[0].logprob),
        (&b"a"[..], -0.5)
    );
    assert_eq!(delta.logprobs[0].top[0].logprob, f32::NEG_INFINITY);
}
