//! Frames that cannot be understood, requests that are refused, connections that may not be.

use axum::{body::Body, http::Request};
use busbar_core::{Error, ErrorKind};
use busbar_server::{Origins, Settings};
use busbar_testkit::{Scripted, Step};
use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest as _, error::Error as SocketError},
};

use crate::{
    client::Client,
    scene::{Scene, saying},
};

#[tokio::test]
async fn a_frame_that_cannot_be_understood_is_an_error_of_no_request_and_nothing_else_suffers() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("chunk").await;
    client.next_of("chunk").await;
    for (text, param) in [
        ("what?", None),
        ("{}", Some("type")),
        (r#"{"type":"dance"}"#, Some("type")),
        (r#"{"type":"chat","id":"b"}"#, Some("body")),
        (r#"{"type":"chat","id":7,"body":{}}"#, Some("id")),
        (r#"{"type":"resume","id":"b"}"#, Some("stream")),
        (r#"{"type":"chat","id":"","body":{}}"#, Some("id")),
    ] {
        client.text(text).await;
        let error = client.next().await;
        assert_eq!(
            (&error["type"], &error["status"]),
            (&json!("error"), &json!(400)),
            "{text}"
        );
        assert_eq!(error["error"]["param"].as_str(), param, "{text}");
        assert!(error.get("id").is_none(), "{text}");
    }
    client.socket.send(Message::binary(vec![1, 2])).await.unwrap();
    assert_eq!(client.next().await["type"], "error");
    assert_eq!(scene.model.live(), 1);
}

#[tokio::test]
async fn a_name_that_is_taken_is_refused_and_whoever_has_it_goes_on() {
    let gate = busbar_testkit::Gate::closed();
    let scene = Scene::new(crate::scene::gated(&gate, 1)).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("started").await;
    client.chat("a", "y").await;
    let error = client.next_of("error").await;
    assert_eq!(error["error"]["code"], "duplicate_id");
    assert!(error.get("id").is_none());
    gate.open(1);
    assert_eq!(client.next_of("done").await["finish_reason"], "stop");
    assert_eq!(scene.model.started(), 1);
}

#[tokio::test]
async fn what_is_wrong_in_a_body_is_named() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    let mut body = saying("x");
    body["temperature"] = json!(9);
    client
        .send(&json!({"type": "chat", "id": "a", "body": body}))
        .await;
    let error = client.next().await;
    assert_eq!((&error["id"], &error["status"]), (&json!("a"), &json!(400)));
    assert_eq!(error["error"]["param"], "temperature");
    let mut body = saying("x");
    body["model"] = json!("nobody");
    client
        .send(&json!({"type": "chat", "id": "a", "body": body}))
        .await;
    let error = client.next().await;
    assert_eq!(
        (&error["status"], &error["error"]["code"]),
        (&json!(404), &json!("model_not_found"))
    );
}

#[tokio::test]
async fn a_model_that_fails_is_told_before_and_after_the_first_event() {
    let busy = Error::new(ErrorKind::Unavailable, "loading");
    let scene = Scene::new(Scripted::failing(busy)).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    let error = client.next().await;
    assert_eq!((&error["status"], error.get("seq")), (&json!(503), None));
    let scene = Scene::new(Scripted::new(vec![
        Step::text("a"),
        Step::Fail(Error::internal("broken")),
    ]))
    .await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    let answer = client.answer().await;
    assert_eq!((answer.text.as_str(), &answer.end["status"]), ("a", &json!(500)));
    assert_eq!(answer.end["seq"], 3);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_a_message_far_over_it_closes() {
    let settings = Settings {
        body_limit: 1000,
        ..Settings::default()
    };
    let scene = Scene::with(Scripted::saying(&["hi"]), settings).await;
    let mut client = scene.connect().await;
    client.chat("a", &"x".repeat(2000)).await;
    let error = client.next().await;
    assert_eq!((&error["id"], &error["status"]), (&json!("a"), &json!(413)));
    client.chat("a", "x").await;
    assert_eq!(client.answer().await.text, "hi");
    client.text(&"x".repeat(100_000)).await;
    assert_eq!(client.closed().await, Some((1009, "too large".into())));
}

#[tokio::test]
async fn a_page_of_elsewhere_may_not_connect() {
    let settings = Settings {
        origins: Origins::These(vec!["https://friend.example".into()]),
        ..Settings::default()
    };
    let scene = Scene::with(Scripted::saying(&["hi"]), settings).await;
    let connect = async |origin: &str| {
        let mut request = format!("ws://{}/v1/ws", scene.address)
            .into_client_request()
            .unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        connect_async(request).await.map(|(socket, _)| Client { socket })
    };
    match connect("https://evil.example").await {
        Err(SocketError::Http(response)) => assert_eq!(response.status().as_u16(), 403),
        _ => panic!("not refused"),
    }
    assert!(connect("https://friend.example").await.is_ok());
    assert!(connect(&format!("http://{}", scene.address)).await.is_ok());
}

#[tokio::test]
async fn a_request_that_is_no_upgrade_is_a_problem() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let (status, problem) = scene
        .json(Request::get("/v1/ws").body(Body::empty()).unwrap())
        .await;
    assert_eq!((status, &problem["code"]), (400, &json!("not_a_websocket")));
}
