//! Every status that `docs/protocol.md` promises, in the shape of its endpoint.

use std::time::Duration;

use crate::support::{Answer, Rig, bare, hello, hello_streamed, of, post, post_with, saying, serving, with};
use axum::{
    body::Body,
    http::{Method, Request},
};
use busbar_core::{Error, ErrorKind, Models};
use busbar_server::Settings;
use busbar_testkit::{Scripted, Step};
use busbar_wire::sse::SseEvent;
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

/// An error in OpenAI's shape.
#[track_caller]
fn dialect(answer: &Answer, status: u16, param: Option<&str>, code: Option<&str>) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let error = answer.json()["error"].clone();
    assert_eq!(error["param"].as_str(), param, "{error}");
    assert_eq!(error["code"].as_str(), code, "{error}");
    assert!(error["type"].is_string());
    error["message"].as_str().unwrap().to_owned()
}

/// An error as RFC 9457 has it.
#[track_caller]
fn problem(answer: &Answer, status: u16, code: Option<&str>) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"].as_str(), code, "{problem}");
    assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    problem
}

fn failing(error: Error) -> Rig {
    serving(Scripted::failing(error))
}

async fn raw(rig: &Rig, path: &str, body: &str) -> Answer {
    rig.send(Request::post(path).body(Body::from(body.to_owned())).unwrap())
        .await
}

#[tokio::test]
async fn a_wrong_field_is_400_and_is_named() {
    let rig = saying(&["x"]);
    let mut body = hello();
    body["temperature"] = json!(3);
    let answer = rig.post(CHAT, &body).await;
    assert!(dialect(&answer, 400, Some("temperature"), None).contains("0 to 2"));
    let body = json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}]}]});
    let answer = rig.post(CHAT, &body).await;
    dialect(
        &answer,
        400,
        Some("messages[0].content[0]"),
        Some("unsupported_content"),
    );
    let answer = rig
        .post("/v1/summaries", &json!({"text": "a", "style": "haiku"}))
        .await;
    assert_eq!(problem(&answer, 400, None)["param"], "style");
    assert_eq!(rig.model.started(), 0);
}

#[tokio::test]
async fn malformed_json_is_400_with_line_and_column() {
    let rig = saying(&["x"]);
    let answer = raw(&rig, CHAT, "{\n  \"messages\": [}").await;
    assert!(dialect(&answer, 400, None, Some("malformed_json")).contains("line 2 column 16"));
    let answer = raw(&rig, "/v1/summaries", "{").await;
    let detail = problem(&answer, 400, Some("malformed_json"))["detail"].to_string();
    assert!(detail.contains("line 1 column 1"), "{detail}");
}

#[tokio::test]
async fn a_prompt_beyond_the_window_is_400_with_both_counts() {
    let error = Error::invalid("messages", "the prompt has 3000 tokens, the window 2048");
    let rig = failing(error.with_code("context_length_exceeded"));
    let answer = rig.post(CHAT, &hello()).await;
    let message = dialect(&answer, 400, Some("messages"), Some("context_length_exceeded"));
    assert!(message.contains("3000") && message.contains("2048"));
}

#[tokio::test]
async fn what_a_model_cannot_do_is_400() {
    let model = Scripted::saying(&["x"]);
    let mut plain = model.model("base");
    plain.card.capabilities.chat = false;
    plain.card.capabilities.tools = false;
    plain.card.capabilities.structured_output = false;
    plain.embed = None;
    plain.tokens = None;
    let mut chatty = model.model("chatty");
    chatty.card.capabilities.tools = false;
    chatty.card.capabilities.structured_output = false;
    let rig = of(
        Models::default().with(plain).with(chatty),
        model,
        Settings::default(),
    );

    let unsupported = Some("unsupported_parameter");
    dialect(
        &rig.post(CHAT, &hello()).await,
        400,
        Some("messages"),
        unsupported,
    );
    let mut body = hello();
    body["model"] = json!("chatty");
    body["response_format"] = json!({"type": "json_object"});
    dialect(
        &rig.post(CHAT, &body).await,
        400,
        Some("response_format"),
        unsupported,
    );
    body["response_format"] = json!({"type": "text"});
    body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    dialect(&rig.post(CHAT, &body).await, 400, Some("tools"), unsupported);
    body["tool_choice"] = json!("none");
    assert_eq!(
        rig.post(CHAT, &body).await.status,
        200,
        "tools that may not be called hurt nobody"
    );
    let answer = rig.post("/v1/embeddings", &json!({"input": "a"})).await;
    dialect(&answer, 400, Some("model"), Some("unsupported_task"));
    let answer = rig.post("/v1/summaries", &json!({"text": "a"})).await;
    problem(&answer, 400, Some("unsupported_task"));
}

#[tokio::test]
async fn an_unknown_model_is_404_and_the_known_ones_are_listed() {
    let rig = saying(&["x"]);
    let mut body = hello();
    body["model"] = json!("gpt-99");
    let message = dialect(
        &rig.post(CHAT, &body).await,
        404,
        Some("model"),
        Some("model_not_found"),
    );
    assert!(
        message.contains("gpt-99") && message.contains("scripted"),
        "{message}"
    );
    let answer = rig.get("/v1/models/gpt-99").await;
    dialect(&answer, 404, Some("model"), Some("model_not_found"));
    let answer = rig
        .post("/v1/summaries", &json!({"text": "a", "model": "gpt-99"}))
        .await;
    problem(&answer, 404, Some("model_not_found"));
    let answer = rig
        .post("/v1/embeddings", &json!({"input": "a", "model": "gpt-99"}))
        .await;
    dialect(&answer, 404, Some("model"), Some("model_not_found"));
}

#[tokio::test]
async fn an_unknown_path_is_404_in_the_shape_of_its_place() {
    let rig = saying(&["x"]);
    let message = dialect(
        &rig.get("/v1/images/edits").await,
        404,
        None,
        Some("path_not_found"),
    );
    assert!(message.contains("/v1/images/edits"));
    problem(&rig.get("/nothing/here").await, 404, Some("path_not_found"));
    problem(&rig.post("/", &hello()).await, 404, Some("path_not_found"));
    problem(&rig.get("/v1/summaries/x").await, 404, Some("path_not_found"));
}

#[tokio::test]
async fn a_wrong_method_is_405_and_the_right_ones_are_listed() {
    let rig = saying(&["x"]);
    let answer = rig.get(CHAT).await;
    dialect(&answer, 405, None, Some("method_not_allowed"));
    assert_eq!(answer.header("allow"), Some("POST"));
    let answer = rig.send(bare(Method::DELETE, "/v1/summaries")).await;
    problem(&answer, 405, Some("method_not_allowed"));
    let answer = rig.send(bare(Method::POST, "/healthz")).await;
    problem(&answer, 405, Some("method_not_allowed"));
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn a_compressed_body_is_415_and_says_what_is_wrong_with_it() {
    let rig = saying(&["x"]);
    for wrong in ["gzip", "br, gzip", "zstd"] {
        let answer = rig
            .send(post_with(CHAT, &hello(), "content-encoding", wrong))
            .await;
        dialect(
            &answer,
            415,
            Some("content-encoding"),
            Some("unsupported_encoding"),
        );
    }
    let plain = post_with(CHAT, &hello(), "content-encoding", "identity");
    assert_eq!(rig.send(plain).await.status, 200);
}

#[tokio::test]
async fn a_body_that_says_it_is_no_json_is_415() {
    let rig = saying(&["x"]);
    let form = post_with(
        CHAT,
        &hello(),
        "content-type",
        "application/x-www-form-urlencoded",
    );
    dialect(
        &rig.send(form).await,
        415,
        Some("content-type"),
        Some("unsupported_media_type"),
    );
    for fine in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.x+json",
        "application/octet-stream",
    ] {
        let request = post_with(CHAT, &hello(), "content-type", fine);
        assert_eq!(rig.send(request).await.status, 200, "{fine}");
    }
    assert_eq!(
        raw(&rig, CHAT, &hello().to_string()).await.status,
        200,
        "no type at all"
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413() {
    let settings = Settings {
        body_limit: 100,
        ..Settings::default()
    };
    let rig = with(Scripted::saying(&["x"]), settings);
    let mut body = hello();
    body["user"] = json!("u".repeat(200));
    let mut announced = post(CHAT, &body);
    announced
        .headers_mut()
        .insert("content-length", body.to_string().len().into());
    let message = dialect(&rig.send(announced).await, 413, None, Some("request_too_large"));
    assert!(message.contains("100 bytes"), "{message}");
    dialect(&rig.post(CHAT, &body).await, 413, None, Some("request_too_large"));
    body["text"] = json!("a");
    problem(
        &rig.post("/v1/summaries", &body).await,
        413,
        Some("request_too_large"),
    );
    assert_eq!(rig.post(CHAT, &hello()).await.status, 200);
}

#[tokio::test]
async fn a_body_as_large_as_the_default_limit_is_taken() {
    let rig = saying(&["x"]);
    let limit = Settings::default().body_limit;
    let mut body = json!({"messages": [{"role": "user", "content": ""}]});
    let rest = limit - body.to_string().len();
    body["messages"][0]["content"] = json!("x".repeat(rest));
    assert_eq!(rig.post(CHAT, &body).await.status, 200);
    body["messages"][0]["content"] = json!("x".repeat(rest + 1));
    dialect(&rig.post(CHAT, &body).await, 413, None, Some("request_too_large"));
}

#[tokio::test]
async fn a_full_queue_is_503_and_says_when_to_come_back() {
    let kind = ErrorKind::Overloaded {
        retry_after: Duration::from_millis(1500),
    };
    let rig = failing(Error::new(kind, "64 requests are waiting already"));
    for body in [hello(), hello_streamed()] {
        let answer = rig.post(CHAT, &body).await;
        dialect(&answer, 503, None, Some("overloaded"));
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    let answer = rig.post("/v1/summaries", &json!({"text": "a"})).await;
    problem(&answer, 503, None);
    assert_eq!(answer.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn a_server_that_drains_is_503_and_closes_the_connection() {
    let rig = saying(&["x"]);
    assert_eq!(rig.get("/readyz").await.status, 200);
    rig.drain.start();
    let answer = rig.post(CHAT, &hello()).await;
    dialect(&answer, 503, None, Some("draining"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(answer.header("retry-after").is_some());
    let answer = rig.post("/v1/summaries", &json!({"text": "a"})).await;
    problem(&answer, 503, Some("draining"));
    problem(&rig.get("/readyz").await, 503, Some("draining"));
    assert_eq!(rig.get("/healthz").await.status, 200, "it is alive nevertheless");
    assert_eq!(rig.get("/v1/models").await.status, 200, "looking costs nothing");
    assert_eq!(rig.model.started(), 0);
}

#[tokio::test]
async fn a_server_without_models_is_not_ready() {
    let rig = of(Models::default(), Scripted::saying(&[]), Settings::default());
    problem(&rig.get("/readyz").await, 503, Some("no_model"));
    assert_eq!(rig.get("/healthz").await.status, 200);
    dialect(
        &rig.post(CHAT, &hello()).await,
        404,
        Some("model"),
        Some("model_not_found"),
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_before_the_first_event_is_504() {
    let rig = serving(Scripted::new(vec![Step::Stall]));
    for body in [hello(), hello_streamed()] {
        dialect(&rig.post(CHAT, &body).await, 504, None, Some("deadline_exceeded"));
    }
    let answer = rig.post("/v1/summaries", &json!({"text": "a"})).await;
    problem(&answer, 504, None);
    assert_eq!(rig.model.live(), 0, "what nobody waits for is stopped");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_midstream_is_an_item_of_it() {
    let rig = serving(Scripted::new(vec![Step::text("Hel"), Step::Stall]));
    let answer = rig.post(CHAT, &hello_streamed()).await;
    assert_eq!(answer.status, 200);
    let events: Vec<SseEvent> = answer.events();
    let last: Value = serde_json::from_str(&events.last().unwrap().data).unwrap();
    assert_eq!(last["error"]["code"], "deadline_exceeded");
    assert!(!answer.text().contains("[DONE]"));
    assert_eq!(rig.model.live(), 0);
    dialect(
        &rig.post(CHAT, &hello()).await,
        504,
        None,
        Some("deadline_exceeded"),
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_may_ask_for_less_time_but_not_for_more() {
    let settings = Settings {
        request_timeout: Duration::from_secs(60),
        ..Settings::default()
    };
    let rig = with(Scripted::new(vec![Step::Stall]), settings);
    for (wish, seconds) in [("1500", 1), ("600000", 60)] {
        let began = tokio::time::Instant::now();
        let answer = rig
            .send(post_with(CHAT, &hello(), "x-busbar-timeout-ms", wish))
            .await;
        dialect(&answer, 504, None, Some("deadline_exceeded"));
        assert_eq!(began.elapsed().as_secs(), seconds, "{wish}");
    }
    for wrong in ["0", "-5", "soon", "1.5"] {
        let answer = rig
            .send(post_with(CHAT, &hello(), "x-busbar-timeout-ms", wrong))
            .await;
        dialect(&answer, 400, Some("x-busbar-timeout-ms"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_504() {
    let rig = saying(&["x"]);
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = rig.send(Request::post(CHAT).body(endless).unwrap()).await;
    dialect(&answer, 504, None, Some("deadline_exceeded"));
}

#[tokio::test]
async fn a_fault_of_ours_is_500() {
    let rig = failing(Error::internal("the machine broke"));
    dialect(&rig.post(CHAT, &hello()).await, 500, None, None);
    problem(&rig.post("/v1/summaries", &json!({"text": "a"})).await, 500, None);
}
