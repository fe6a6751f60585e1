//! A host that does what hosts do: is cut, stalls, lies about its status, floods. Each must end as one
//! of our failures, and never as half an answer that looks whole.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::scene::{ask, host, models};
use busbar_core::{ChatModel, ChatModelExt as _, ErrorKind, Event, Model, Result, Transcript};
use busbar_testkit::{
    FakeUpstream, Received, Say,
    conformance::chat::{Subject, all},
};
use futures_util::StreamExt as _;

const SSE: &str = "text/event-stream";

/// The pieces of an answer that says "one two three".
fn pieces() -> Vec<String> {
    let event = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n");
    let delta = |text: &str| {
        let data = format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
        );
        event("content_block_delta", &data)
    };
    vec![
        event(
            "message_start",
            r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":1}}}"#,
        ),
        event(
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        delta("one "),
        delta("two "),
        delta("three"),
        event("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        event(
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"#,
        ),
        event("message_stop", r#"{"type":"message_stop"}"#),
    ]
}

fn model_at(upstream: &FakeUpstream, settings: &str) -> Arc<dyn ChatModel> {
    whole_model_at(upstream, settings).chat.unwrap()
}

fn whole_model_at(upstream: &FakeUpstream, settings: &str) -> Model {
    let text = format!(
        "endpoint = '{}'\n{settings}\n[[models]]\nid = 'near'\nupstream = 'claude-3-haiku-20240307'\n",
        upstream.url()
    );
    models("anthropic", Some("sk-secret"), &text).remove(0)
}

/// Reads an answer to its end: its text, and how it ended.
async fn read(model: &Arc<dyn ChatModel>, prompt: &str) -> (String, Result<()>) {
    let mut text = String::new();
    let mut events = match model.chat(ask(prompt)).await {
        Ok(events) => events,
        Err(error) => return (text, Err(error)),
    };
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Delta(delta)) => text.push_str(&delta.text),
            Ok(Event::Done(_)) => return (text, Ok(())),
            Ok(_) => {}
            Err(error) => {
                assert!(events.next().await.is_none(), "nothing follows a failure");
                return (text, Err(error));
            }
        }
    }
    panic!("the stream ended without an end")
}

#[tokio::test]
async fn a_hosted_model_keeps_the_contract() {
    let upstream = host(|request| match request.text() {
        text if text.contains("refuse") => Say::whole("400 Bad Request", "application/json", "{}"),
        text if text.contains("break") => {
            let mut steps = Say::begun(SSE, &pieces()[..4]);
            steps.push(Say::Close);
            steps
        }
        _ => Say::stream(SSE, &pieces()),
    })
    .await;
    let subject = Subject {
        model: model_at(&upstream, ""),
        answered: Box::new(|| ask("answer")),
        refused: Box::new(|| ask("refuse")),
        broken: Some(Box::new(|| ask("break"))),
        live: upstream.counter(),
    };
    all(&subject).await;
}

#[tokio::test]
async fn an_answer_is_the_same_wherever_its_bytes_are_cut() {
    let upstream = host(|_| {
        let bytes = pieces().concat().into_bytes();
        let single: Vec<_> = bytes.chunks(1).collect();
        Say::stream(SSE, &single)
    })
    .await;
    let (text, end) = read(&model_at(&upstream, ""), "x").await;
    assert_eq!(text, "one two three");
    end.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_cut_anywhere_fails_and_has_no_end() {
    let whole = pieces().concat();
    let last = whole.len() - pieces().pop().unwrap().len();
    for at in [1, whole.len() / 3, whole.len() / 2, last] {
        for closes in [true, false] {
            let part = whole[..at].to_owned();
            let upstream = host(move |_| {
                let mut steps = Say::begun(SSE, &[&part]);
                // Either the connection breaks, or the body ends as if all were well.
                steps.push(if closes {
                    Say::Close
                } else {
                    Say::Bytes(b"0\r\n\r\n".to_vec())
                });
                steps
            })
            .await;
            let (_, end) = read(&model_at(&upstream, ""), "x").await;
            let error = end.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadUpstream, "cut at {at}");
            assert!(error.is_retryable());
        }
    }
}

#[tokio::test]
async fn a_stream_that_stalls_fails_when_patience_ends() {
    let upstream = host(|_| {
        let mut steps = Say::begun(SSE, &pieces()[..4]);
        steps.push(Say::Hold);
        steps
    })
    .await;
    let (text, end) = read(&model_at(&upstream, "stall_timeout_s = 1"), "x").await;
    assert_eq!(text, "one two ");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::BadUpstream);
    becomes_idle(&upstream).await;
}

#[tokio::test]
async fn a_host_that_never_answers_fails_when_patience_ends() {
    let upstream = host(|_| vec![Say::Hold]).await;
    let (_, end) = read(&model_at(&upstream, "answer_timeout_s = 1"), "x").await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::BadUpstream);
    becomes_idle(&upstream).await;
}

#[tokio::test]
async fn the_requests_deadline_ends_it_before_and_within_the_answer() {
    let soon = || Instant::now() + Duration::from_millis(200);
    for held_after in [0, 4] {
        let upstream = host(move |_| {
            let mut steps = match held_after {
                0 => Vec::new(),
                pieces_sent => Say::begun(SSE, &pieces()[..pieces_sent]),
            };
            steps.push(Say::Hold);
            steps
        })
        .await;
        let mut request = ask("x");
        request.context = request.context.due(soon());
        let error = model_at(&upstream, "").complete(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
        becomes_idle(&upstream).await;
    }
}

#[tokio::test]
async fn a_request_that_is_late_already_is_not_sent() {
    let upstream = host(|_| Say::stream(SSE, &pieces())).await;
    let mut request = ask("x");
    request.context = request.context.due(Instant::now());
    let error = model_at(&upstream, "").complete(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(upstream.received().len(), 0);
}

#[tokio::test]
async fn dropping_an_answer_closes_its_connection() {
    let upstream = host(|_| {
        let mut steps = Say::begun(SSE, &pieces()[..4]);
        steps.push(Say::Hold);
        steps
    })
    .await;
    let model = model_at(&upstream, "");
    let mut events = model.chat(ask("x")).await.unwrap();
    events.next().await.unwrap().unwrap();
    assert_eq!(upstream.live(), 1);
    drop(events);
    becomes_idle(&upstream).await;
}

#[tokio::test]
async fn dropping_the_call_while_the_host_thinks_closes_its_connection() {
    let upstream = Arc::new(host(|_| vec![Say::Hold]).await);
    let model = model_at(&upstream, "");
    let call = tokio::spawn(async move { model.chat(ask("x")).await.map(|_| ()) });
    while upstream.live() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    call.abort();
    becomes_idle(&upstream).await;
}

#[tokio::test]
async fn a_success_that_carries_a_failure_is_a_failure() {
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    // At once: a `Result`, so that another model may be tried.
    let upstream = host(move |_| Say::stream(SSE, &[overloaded])).await;
    let error = model_at(&upstream, "")
        .chat(ask("x"))
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }), "{error:?}");
    // Later: an item.
    let upstream = host(move |_| {
        let mut all = pieces();
        all.truncate(4);
        all.push(overloaded.into());
        Say::stream(SSE, &all)
    })
    .await;
    let (text, end) = read(&model_at(&upstream, ""), "x").await;
    assert_eq!(text, "one two ");
    assert!(matches!(end.unwrap_err().kind(), ErrorKind::Overloaded { .. }));
}

#[tokio::test]
async fn a_malformed_chunk_fails_after_what_came_before_it() {
    let upstream = host(|_| {
        let mut all = pieces();
        all[4] = "event: content_block_delta\ndata: {not json\n\n".into();
        Say::stream(SSE, &[all.concat()])
    })
    .await;
    let (text, end) = read(&model_at(&upstream, ""), "x").await;
    assert_eq!(text, "one two ");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_answer_whatever_its_status() {
    let page = "<html><body>Bad gateway</body></html>";
    for status in ["200 OK", "502 Bad Gateway"] {
        let upstream = host(move |_| Say::whole(status, "text/html", page)).await;
        let (_, end) = read(&model_at(&upstream, ""), "x").await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadUpstream, "{status}");
        assert!(!error.message().contains("<html>"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = host(|_| Say::stream(SSE, &pieces())).await;
    let location = other.url();
    let upstream = host(move |_| Say::with("307 Temporary Redirect", &[("location", &location)], "")).await;
    let (_, end) = read(&model_at(&upstream, ""), "x").await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::BadUpstream);
    assert_eq!(other.received().len(), 0, "the key went to another host");
}

#[tokio::test]
async fn how_long_to_wait_is_told() {
    let body = r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}"#;
    let upstream = host(move |_| {
        let headers = [("content-type", "application/json"), ("retry-after", "9")];
        Say::with("429 Too Many Requests", &headers, body)
    })
    .await;
    let (_, end) = read(&model_at(&upstream, ""), "x").await;
    let retry_after = Duration::from_secs(9);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::RateLimited { retry_after });
}

#[tokio::test]
async fn a_host_that_is_not_there_is_unavailable() {
    let gone = host(|_| Vec::new()).await;
    let model = model_at(&gone, "");
    drop(gone);
    // The listener is closed once its task has ended.
    let error = loop {
        let (_, end) = read(&model, "x").await;
        let error = end.unwrap_err();
        if error.kind() == ErrorKind::Unavailable {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert!(error.message().contains("`far`"), "{error}");
}

#[tokio::test]
async fn a_prompt_of_a_megabyte_arrives_whole() {
    let upstream = host(|_| Say::stream(SSE, &pieces())).await;
    let prompt = "word ".repeat(220_000);
    let (text, end) = read(&model_at(&upstream, ""), &prompt).await;
    assert_eq!(text, "one two three");
    end.unwrap();
    assert!(upstream.received()[0].text().contains(&prompt));
}

#[tokio::test]
async fn answers_one_after_the_other_share_a_connection() {
    let upstream = host(|request| match request.text().contains("\"stream\":true") {
        true => Say::stream(SSE, &pieces()),
        false => Say::whole("200 OK", "application/json", whole_answer()),
    })
    .await;
    let model = model_at(&upstream, "");
    for _ in 0..3 {
        // To the end and no further: that is where callers stop reading.
        read(&model, "x").await.1.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut request = ask("x");
        request.whole = true;
        model.complete(request).await.unwrap();
    }
    assert_eq!(upstream.received().len(), 6);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_the_host_closed_while_it_was_idle_costs_no_request() {
    let upstream = host(|_| {
        let mut steps = Say::stream(SSE, &pieces());
        steps.push(Say::Close);
        steps
    })
    .await;
    let model = model_at(&upstream, "");
    for _ in 0..3 {
        read(&model, "x").await.1.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(upstream.received().len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_wanted_whole_comes_in_one_piece() {
    let upstream = host(|_| Say::whole("200 OK", "application/json", whole_answer())).await;
    let mut request = ask("x");
    request.whole = true;
    let answer = model_at(&upstream, "").complete(request).await.unwrap();
    check_whole(&answer);
    assert!(!upstream.received()[0].text().contains("\"stream\":true"));
}

#[tokio::test]
async fn a_host_that_does_not_stream_although_asked_to_is_understood() {
    let upstream = host(|_| Say::whole("200 OK", "application/json", whole_answer())).await;
    let answer = model_at(&upstream, "").complete(ask("x")).await.unwrap();
    check_whole(&answer);
}

#[tokio::test]
async fn who_we_are_is_said_to_the_host_and_to_nobody_else() {
    let upstream = host(|_| Say::stream(SSE, &pieces())).await;
    let model = whole_model_at(&upstream, "");
    let shown = format!("{model:?}");
    assert!(!shown.contains("sk-secret"), "{shown}");
    read(&model.chat.unwrap(), "x").await.1.unwrap();
    let received: Vec<Received> = upstream.received();
    assert_eq!(received[0].header("x-api-key"), Some("sk-secret"));
    assert_eq!(received[0].header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(received[0].path, "/v1/messages");
    assert!(received[0].header("user-agent").unwrap().starts_with("busbar/"));
    assert_eq!(model.card.price.unwrap().since.as_ref(), "2024-08-14");
}

fn whole_answer() -> &'static str {
    r#"{"id":"m","type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"one two three"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"output_tokens":3}}"#
}

fn check_whole(answer: &Transcript) {
    assert_eq!(answer.text, "one two three");
    assert_eq!((answer.usage.input.0, answer.usage.output.0), (7, 3));
}

async fn becomes_idle(upstream: &FakeUpstream) {
    let idle = async {
        while upstream.live() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), idle).await;
    assert!(waited.is_ok(), "the connection is still open");
}
