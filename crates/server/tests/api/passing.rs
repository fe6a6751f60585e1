//! Requests in a format that the model's host speaks itself: passed on as they are, and so are answers.

use std::sync::{Arc, Mutex};

use busbar_core::{
    BoxFuture, Done, Error, ErrorKind, FinishReason, Format, Model, Models, Money, Price, Relay, RelayItem,
    RelayRequest, RelayStream, Result, Tokens, Usage,
};
use busbar_server::Settings;
use busbar_testkit::Scripted;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use serde_json::json;

use crate::support::{Rig, of, post, post_with};

/// Gives back the same items whatever it is asked, and remembers what that was.
#[derive(Debug)]
struct Echo {
    items: Vec<Result<RelayItem>>,
    asked: Arc<Mutex<Vec<RelayRequest>>>,
}

impl Relay for Echo {
    fn speaks(&self, format: Format) -> bool {
        format == busbar_wire::anthropic::FORMAT
    }

    fn relay(&self, request: RelayRequest) -> BoxFuture<'_, Result<RelayStream>> {
        self.asked.lock().unwrap().push(request);
        let items = self.items.clone();
        Box::pin(async move {
            let stream: RelayStream = Box::pin(stream::iter(items));
            Ok(stream)
        })
    }
}

fn rig(items: Vec<Result<RelayItem>>) -> (Rig, Arc<Mutex<Vec<RelayRequest>>>) {
    let asked = Arc::default();
    let echo = Echo {
        items,
        asked: Arc::clone(&asked),
    };
    let scripted = Scripted::saying(&["read and written anew"]);
    let mut model = Model {
        relay: Some(Arc::new(echo)),
        ..scripted.model("far")
    };
    model.card.price = Some(Price {
        input: Money::picodollars(250_000),
        cached_input: Money::ZERO,
        cache_write: Money::ZERO,
        output: Money::picodollars(1_250_000),
        reasoning: Money::ZERO,
        since: "2024-03-13".into(),
    });
    let models = Models::default().with(model);
    (of(models, scripted, Settings::default()), asked)
}

fn bytes(text: &'static str) -> Result<RelayItem> {
    Ok(RelayItem::Bytes(Bytes::from_static(text.as_bytes())))
}

fn done() -> Result<RelayItem> {
    let usage = Usage {
        input: Tokens(1000),
        output: Tokens(100),
        ..Usage::default()
    };
    Ok(RelayItem::Done(Done::new(FinishReason::Stop, usage)))
}

#[tokio::test]
async fn a_body_and_its_answer_pass_as_they_are_and_are_measured() {
    let (rig, asked) = rig(vec![bytes("{\"id\": \"msg_1\","), bytes(" \"odd\": 1 }"), done()]);
    let body = json!({"model": "far", "max_tokens": 9, "messages": [], "unheard_of": true});
    let answer = rig.post("/v1/messages", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text(), "{\"id\": \"msg_1\", \"odd\": 1 }");
    assert_eq!(answer.header("x-busbar-tokens-in"), Some("1000"));
    assert_eq!(answer.header("x-busbar-cost-usd"), Some("0.000375"));
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].body, body.to_string());
    assert!(!asked[0].stream);
}

#[tokio::test]
async fn a_stream_passes_as_it_comes_and_its_failure_is_told_in_its_own_format() {
    let cut = Err(Error::new(ErrorKind::BadUpstream, "the host went away"));
    let (rig, asked) = rig(vec![bytes("event: message_start\ndata: {}\n\n"), cut]);
    let body = json!({"model": "far", "stream": true});
    let answer = rig.post("/v1/messages", &body).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let text = answer.text();
    assert!(
        text.starts_with("event: message_start\ndata: {}\n\nevent: error\n"),
        "{text}"
    );
    assert!(
        text.contains("\"api_error\"") && text.contains("the host went away"),
        "{text}"
    );
    assert!(asked.lock().unwrap()[0].stream);
}

#[tokio::test]
async fn what_a_head_says_of_its_format_is_passed_on_and_nothing_else_of_it() {
    let (rig, asked) = rig(vec![bytes("{}"), done()]);
    let body = json!({"model": "far", "max_tokens": 9, "messages": []});
    let mut request = post("/v1/messages", &body);
    for (name, value) in [
        ("anthropic-beta", "one"),
        ("anthropic-beta", "two"),
        ("x-api-key", "the-clients-own"),
        ("cookie", "a=b"),
    ] {
        request.headers_mut().append(name, value.parse().unwrap());
    }
    rig.send(request).await;
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].heads, [("anthropic-beta", "one,two".to_owned())]);
}

#[tokio::test]
async fn guardrails_that_only_the_service_knows_are_refused_elsewhere() {
    let rig = crate::support::saying(&["hi"]);
    let body = json!({"prompt": "hi"});
    let path = "/model/scripted/invoke";
    let guard = "x-amzn-bedrock-guardrailidentifier";
    let refused = rig.send(post_with(path, &body, guard, "g1")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains(guard), "{}", refused.text());
    let tier = "x-amzn-bedrock-service-tier";
    assert_eq!(rig.send(post_with(path, &body, tier, "flex")).await.status, 200);
}

#[tokio::test]
async fn an_answer_that_nobody_hears_to_its_end_is_billed_by_what_was_told_of_it() {
    let told = Usage {
        input: Tokens(1000),
        output: Tokens(1),
        ..Usage::default()
    };
    // The host counts the prompt first, and the answer never comes to its end.
    let items = || {
        vec![
            Ok(RelayItem::Usage(told)),
            bytes("event: message_start\ndata: {}\n\n"),
            bytes("data: {}\n\n"),
        ]
    };
    let cut = || Err(Error::new(ErrorKind::BadUpstream, "the host went away"));
    let (failed, _) = rig([items(), vec![cut()]].concat());
    let body = json!({"model": "far", "stream": true});
    failed.post("/v1/messages", &body).await;
    let (left, _) = rig(items());
    let mut answer = left.open(post("/v1/messages", &body)).await;
    // The client takes the first piece, and leaves.
    assert!(answer.frame().await.is_some());
    drop(answer);
    for (rig, pieces) in [(failed, 2), (left, 1)] {
        let metrics = rig.get("/metrics").await;
        let cost = 1000.0 * 0.25e-6 + f64::from(pieces) * 1.25e-6;
        let line = metrics
            .text()
            .lines()
            .find(|line| line.starts_with("busbar_cost_usd_total{"));
        let counted: f64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        assert!((counted - cost).abs() < 1e-9, "{line:?} is not {cost}");
    }
}

#[tokio::test]
async fn another_format_is_read_and_written_anew() {
    let (rig, asked) = rig(vec![done()]);
    let body = json!({"model": "far", "messages": [{"role": "user", "content": "hi"}]});
    let answer = rig.post("/v1/chat/completions", &body).await;
    assert_eq!(
        answer.json()["choices"][0]["message"]["content"],
        "read and written anew"
    );
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_model_without_a_price_is_unpriced_and_not_free() {
    let rig = crate::support::saying(&["hi"]);
    let request = post("/v1/chat/completions", &crate::support::hello());
    let answer = rig.send(request).await;
    assert_eq!(answer.header("x-busbar-cost-usd"), Some("unpriced"));
    assert!(answer.json()["busbar"]["cost_usd"].is_null());
    let metrics = rig.get("/metrics").await;
    let metrics = metrics.text();
    assert!(metrics.contains("busbar_unpriced_answers_total{"), "{metrics}");
    assert!(!metrics.contains("busbar_cost_usd_total{"), "{metrics}");
}
