//! Passing requests through: byte for byte, whole frames, and the end read in passing.

use std::{sync::Arc, time::Duration};

use super::scene::{ask, host, models};
use busbar_core::{
    ChatModelExt as _, Context, ErrorKind, Relay, RelayItem, RelayRequest, RequestId, Result, Usage,
};
use busbar_testkit::{FakeUpstream, Say};
use busbar_wire::openai::chat::FORMAT;
use bytes::Bytes;
use futures_util::StreamExt as _;

const SSE: &str = "text/event-stream";

const HELLO: &str = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]}

"#;
const STOP: &str = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

"#;
const USAGE: &str = r#"data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}

"#;
const END: &str = "data: [DONE]\n\n";

fn relay_at(upstream: &FakeUpstream) -> Arc<dyn Relay> {
    let text = format!(
        "endpoint = '{}/v1'\n[[models]]\nid = 'near'\nupstream = 'far-model'\n",
        upstream.url()
    );
    models("openai-compatible", Some("sk-secret"), &text)
        .remove(0)
        .relay
        .unwrap()
}

fn request(body: &str, stream: bool) -> RelayRequest {
    RelayRequest {
        context: Context::new(RequestId::new("r")),
        format: FORMAT,
        body: Bytes::copy_from_slice(body.as_bytes()),
        heads: Vec::new(),
        stream,
    }
}

/// What was passed on, and how it ended.
async fn pass(relay: &Arc<dyn Relay>, request: RelayRequest) -> (String, Result<Usage>) {
    let mut text = Vec::new();
    let mut items = match relay.relay(request).await {
        Ok(items) => items,
        Err(error) => return (String::new(), Err(error)),
    };
    let end = loop {
        match items.next().await.unwrap() {
            Ok(RelayItem::Bytes(bytes)) => text.extend_from_slice(&bytes),
            Ok(RelayItem::Usage(_)) => {}
            Ok(RelayItem::Done(done)) => break Ok(done.usage),
            Err(error) => break Err(error),
        }
    };
    assert!(items.next().await.is_none(), "nothing follows the end");
    (String::from_utf8(text).unwrap(), end)
}

#[tokio::test]
async fn what_the_head_says_of_the_format_goes_with_the_body() {
    let upstream = host(|_| Say::stream(SSE, &[HELLO, STOP, END])).await;
    let mut request = request(r#"{"model":"near","stream":true}"#, true);
    request.heads = vec![("x-new-feature", "a,b".into())];
    let (_, end) = pass(&relay_at(&upstream), request.clone()).await;
    end.unwrap();
    assert_eq!(upstream.received()[0].header("x-new-feature"), Some("a,b"));
    request.heads = vec![("x-new-feature", "a\r\nhost: x".into())];
    let (_, end) = pass(&relay_at(&upstream), request).await;
    assert_eq!(end.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_stream_passes_byte_for_byte_wherever_it_is_cut() {
    let all = [HELLO, STOP, USAGE, END].concat();
    for size in [1, 7, 64, all.len()] {
        let sent = all.clone();
        let upstream = host(move |_| {
            let pieces: Vec<_> = sent.as_bytes().chunks(size).collect();
            Say::stream(SSE, &pieces)
        })
        .await;
        let body =
            r#"{ "model":"near", "stream_options":{"include_usage":true},"stream":true,"odd":[1.50] }"#;
        let (text, end) = pass(&relay_at(&upstream), request(body, true)).await;
        assert_eq!(text, all, "in pieces of {size}");
        let usage = end.unwrap();
        assert_eq!((usage.input.0, usage.output.0), (5, 2));
        let received = upstream.received();
        assert_eq!(received[0].text(), body.replace("near", "far-model"));
        assert_eq!(received[0].path, "/v1/chat/completions");
        assert_eq!(received[0].header("authorization"), Some("Bearer sk-secret"));
    }
}

#[tokio::test]
async fn usage_that_only_we_asked_for_is_counted_and_kept_from_the_client() {
    let upstream = host(|request| {
        assert!(request.text().contains("include_usage"), "{}", request.text());
        Say::stream(SSE, &[HELLO, STOP, USAGE, END])
    })
    .await;
    let body = r#"{"model":"near","stream":true}"#;
    let (text, end) = pass(&relay_at(&upstream), request(body, true)).await;
    assert_eq!(text, [HELLO, STOP, END].concat());
    assert_eq!(end.unwrap().output.0, 2);
}

#[tokio::test]
async fn a_whole_answer_passes_as_it_is() {
    let answer = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7},"odd": 1.50}"#;
    let upstream = host(move |_| Say::whole("200 OK", "application/json", answer)).await;
    let (text, end) = pass(&relay_at(&upstream), request(r#"{"model":"near"}"#, false)).await;
    assert_eq!(text, answer);
    assert_eq!(end.unwrap().input.0, 5);
}

#[tokio::test]
async fn a_stream_that_is_cut_passes_whole_frames_and_fails() {
    let upstream = host(|_| {
        let mut steps = Say::begun(SSE, &[HELLO, &STOP[..20]]);
        steps.push(Say::Close);
        steps
    })
    .await;
    let (text, end) = pass(&relay_at(&upstream), request(r#"{"model":"near"}"#, true)).await;
    assert_eq!(text, HELLO);
    assert_eq!(end.unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[tokio::test]
async fn a_stream_that_leaves_the_last_word_out_is_whole_if_it_said_why_it_ends() {
    for (pieces, whole) in [([HELLO, STOP], true), ([HELLO, HELLO], false)] {
        let upstream = host(move |_| Say::stream(SSE, &pieces)).await;
        let (text, end) = pass(&relay_at(&upstream), request(r#"{"model":"near"}"#, true)).await;
        assert_eq!(text, pieces.concat());
        assert_eq!(end.is_ok(), whole, "{end:?}");
        // And by the long way.
        let text = format!("endpoint = '{}'\n[[models]]\nid = 'near'\n", upstream.url());
        let model = models("vllm", None, &text).remove(0).chat.unwrap();
        assert_eq!(model.complete(ask("x")).await.is_ok(), whole);
    }
}

#[tokio::test]
async fn a_failure_within_a_success_is_not_passed_on_as_an_answer() {
    let failure = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n";
    let upstream = host(move |_| Say::stream(SSE, &[failure])).await;
    let first = relay_at(&upstream)
        .relay(request(r#"{"model":"near"}"#, true))
        .await;
    assert!(
        first.is_err(),
        "it is a `Result`, so that another model may be tried"
    );
    let upstream = host(move |_| Say::stream(SSE, &[[HELLO, failure].concat()])).await;
    let (text, end) = pass(&relay_at(&upstream), request(r#"{"model":"near"}"#, true)).await;
    assert_eq!(text, HELLO);
    assert!(end.unwrap_err().is_retryable());
    let whole = r#"{"error":{"message":"no","type":"server_error"}}"#;
    let upstream = host(move |_| Say::whole("200 OK", "application/json", whole)).await;
    let (_, end) = pass(&relay_at(&upstream), request(r#"{"model":"near"}"#, false)).await;
    assert!(end.is_err());
}

#[tokio::test]
async fn a_body_whose_model_cannot_be_replaced_is_not_sent() {
    let upstream = host(|_| Vec::new()).await;
    for body in [
        r#"{"messages":[]}"#,
        r#"{"model":"near","model":"other"}"#,
        "not json",
    ] {
        let (_, end) = pass(&relay_at(&upstream), request(body, false)).await;
        assert_eq!(end.unwrap_err().kind(), ErrorKind::Invalid, "{body}");
    }
    assert_eq!(upstream.received().len(), 0);
}

#[tokio::test]
async fn dropping_what_is_passed_closes_the_connection() {
    let upstream = host(|_| {
        let mut steps = Say::begun(SSE, &[HELLO]);
        steps.push(Say::Hold);
        steps
    })
    .await;
    let relay = relay_at(&upstream);
    let mut items = relay.relay(request(r#"{"model":"near"}"#, true)).await.unwrap();
    items.next().await.unwrap().unwrap();
    assert_eq!(upstream.live(), 1);
    drop(items);
    let idle = async {
        while upstream.live() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), idle).await.unwrap();
}

#[tokio::test]
async fn a_host_that_has_said_all_and_keeps_the_stream_open_does_not_keep_the_client() {
    let upstream = host(|_| {
        let mut steps = Say::begun(SSE, &[HELLO, STOP, USAGE, END]);
        steps.push(Say::Hold);
        steps
    })
    .await;
    // The usual patience is two minutes, and this test has less.
    let passing = relay_at(&upstream);
    let body = request(r#"{"model":"near"}"#, true);
    let (_, end) = tokio::time::timeout(Duration::from_secs(30), pass(&passing, body))
        .await
        .unwrap();
    assert_eq!(end.unwrap().output.0, 2);
}
