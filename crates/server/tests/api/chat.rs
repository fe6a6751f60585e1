//! Chat completions, whole and streamed.

use crate::support::{hello, hello_streamed, saying, serving};
use busbar_core::{Delta, Error, Event, TokenLogprob, ToolCallId};
use busbar_testkit::{Scripted, Step};
use serde_json::{Value, json};

#[tokio::test]
async fn a_whole_answer_has_its_text_its_usage_and_its_metrics() {
    let rig = saying(&["Hel", "lo"]);
    let answer = rig.post("/v1/chat/completions", &hello()).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], "scripted");
    assert_eq!(
        body["choices"][0]["message"],
        json!({"role": "assistant", "content": "Hello", "refusal": null})
    );
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["prompt_tokens"], 2);
    assert_eq!(body["usage"]["completion_tokens"], 2);
    assert_eq!(body["created"], 1_767_225_600);
    assert_eq!(body["busbar"]["model"], "scripted");
    assert_eq!(
        (&body["busbar"]["tokens_in"], &body["busbar"]["tokens_out"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(answer.header("x-busbar-model"), Some("scripted"));
    assert_eq!(answer.header("x-busbar-tokens-in"), Some("2"));
    assert_eq!(answer.header("x-busbar-tokens-out"), Some("2"));
    assert_eq!(answer.header("x-busbar-total-ms"), Some("0"));
    assert_eq!(answer.header("x-busbar-first-chunk-ms"), Some("0"));
    assert_eq!(
        answer.header("x-busbar-tokens-per-second"),
        None,
        "no time passed"
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_stream_has_numbered_chunks_and_ends_with_its_metrics() {
    let rig = saying(&["Hel", "lo"]);
    let answer = rig.post("/v1/chat/completions", &hello_streamed()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-busbar-model"), Some("scripted"));

    let chunks = answer.chunks();
    let stream = chunks[0]["id"].as_str().unwrap();
    assert!(
        stream.starts_with("chatcmpl-") && stream.len() == "chatcmpl-".len() + 32,
        "{stream}"
    );
    let ids: Vec<_> = answer
        .events()
        .into_iter()
        .map(|event| event.id.unwrap())
        .collect();
    let expected: Vec<_> = [1, 2, 3, 4, 4]
        .iter()
        .map(|seq| format!("{stream}:{seq}"))
        .collect();
    assert_eq!(ids, expected, "the end has no number of its own");

    let deltas: Vec<_> = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["delta"].clone())
        .collect();
    let role = json!({"role": "assistant", "content": ""});
    assert_eq!(
        deltas,
        [
            role,
            json!({"content": "Hel"}),
            json!({"content": "lo"}),
            json!({})
        ]
    );
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[3]["busbar"]["tokens_out"], 2);
    assert!(chunks[..3].iter().all(|chunk| chunk.get("busbar").is_none()));
}

#[tokio::test]
async fn usage_comes_last_where_it_is_wanted() {
    let rig = saying(&["Hello"]);
    let mut body = hello_streamed();
    body["stream_options"] = json!({"include_usage": true});
    let answer = rig.post("/v1/chat/completions", &body).await;
    let chunks = answer.chunks();
    let (last, before) = chunks.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 3);
    assert!(
        before
            .iter()
            .all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
    );
    let ids: Vec<_> = answer.events().into_iter().filter_map(|event| event.id).collect();
    assert!(ids[3].ends_with(":4"), "{ids:?}");
}

#[tokio::test]
async fn the_same_request_says_the_same_whole_and_streamed() {
    let rig = saying(&["one ", "two ", "thrée"]);
    let whole = rig.post("/v1/chat/completions", &hello()).await.json();
    let streamed = rig.post("/v1/chat/completions", &hello_streamed()).await.chunks();
    let said: String = streamed
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(whole["choices"][0]["message"]["content"], said);
}

#[tokio::test]
async fn tool_calls_come_whole_and_in_pieces() {
    let call = Event::ToolCallStart {
        index: 0,
        id: ToolCallId::new("call_1"),
        name: "now".into(),
    };
    let piece = |text: &str| {
        Step::Send(Event::ToolCallDelta {
            index: 0,
            arguments: text.into(),
        })
    };
    let rig = serving(Scripted::new(vec![Step::Send(call), piece("{"), piece("}")]));
    let mut body = hello();
    body["tools"] = json!([{"type": "function", "function": {"name": "now"}}]);

    let whole = rig.post("/v1/chat/completions", &body).await.json();
    let choice = &whole["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"],
        json!({"name": "now", "arguments": "{}"})
    );

    body["stream"] = json!(true);
    let chunks = rig.post("/v1/chat/completions", &body).await.chunks();
    let arguments: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(arguments, "{}");
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

#[tokio::test]
async fn log_probabilities_are_passed_on() {
    let token = TokenLogprob {
        token: "a".into(),
        bytes: b"a".into(),
        logprob: -0.5,
        top: Vec::new(),
    };
    let delta = Event::Delta(Delta {
        text: "a".into(),
        logprobs: vec![token],
    });
    let rig = serving(Scripted::new(vec![Step::Send(delta)]));
    let mut body = hello();
    body["logprobs"] = json!(true);
    let answer = rig.post("/v1/chat/completions", &body).await.json();
    assert_eq!(answer["choices"][0]["logprobs"]["content"][0]["logprob"], -0.5);
}

#[tokio::test]
async fn what_the_client_asked_for_reaches_the_model() {
    let model = Scripted::answering(|request| {
        let seen = format!(
            "{} {:?} {:?}",
            request.model, request.sampling.seed, request.max_tokens
        );
        vec![Step::text(&seen)]
    });
    let rig = serving(model);
    let mut body = hello();
    body["seed"] = json!(7);
    body["max_tokens"] = json!(9);
    body["model"] = json!("default");
    let answer = rig.post("/v1/chat/completions", &body).await.json();
    assert_eq!(
        answer["choices"][0]["message"]["content"],
        "scripted Some(7) Some(Tokens(9))"
    );
}

#[tokio::test]
async fn an_error_in_midstream_is_the_last_item() {
    let fail = Step::Fail(Error::internal("the machine broke"));
    let rig = serving(Scripted::new(vec![Step::text("Hel"), fail]));
    let answer = rig.post("/v1/chat/completions", &hello_streamed()).await;
    assert_eq!(answer.status, 200);
    let events = answer.events();
    let last: Value = serde_json::from_str(&events.last().unwrap().data).unwrap();
    assert_eq!(last["error"]["message"], "the machine broke");
    assert_eq!(last["error"]["type"], "server_error");
    assert!(!answer.text().contains("[DONE]"));
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_whole_answer_is_the_answer() {
    let fail = Step::Fail(Error::internal("the machine broke"));
    let rig = serving(Scripted::new(vec![Step::text("Hel"), fail]));
    let answer = rig.post("/v1/chat/completions", &hello()).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.json()["error"]["message"], "the machine broke");
}

#[tokio::test]
async fn answers_of_one_stream_are_not_mistaken_for_those_of_another() {
    let rig = saying(&["x"]);
    let a = rig.post("/v1/chat/completions", &hello()).await.json();
    let b = rig.post("/v1/chat/completions", &hello()).await.json();
    assert_ne!(a["id"], b["id"]);
}
