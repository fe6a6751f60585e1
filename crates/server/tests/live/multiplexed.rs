//! Answers on one connection: many at once, each by its name, each stopped by itself.

use axum::{body::Body, http::Request};
use busbar_core::{Event, ToolCallId};
use busbar_testkit::{Gate, Scripted, Step};
use serde_json::json;

use crate::scene::{Events, Scene, gated, said, saying, streamed};

#[tokio::test]
async fn the_first_frame_says_what_holds_on_this_connection() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = crate::client::Client::connect(scene.address).await;
    let expected = json!({
        "type": "ready", "heartbeat_ms": 20_000, "idle_timeout_ms": 600_000, "max_in_flight": 32,
    });
    assert_eq!(client.next().await, expected);
}

#[tokio::test]
async fn an_answer_is_started_sent_in_numbered_chunks_and_done() {
    let scene = Scene::new(Scripted::saying(&["Hello", " there"])).await;
    let mut client = scene.connect().await;
    client.chat("a", "say hello").await;
    let started = client.next().await;
    assert_eq!(started["type"], "started");
    assert_eq!(started["model"], "scripted");
    assert!(started["stream"].as_str().unwrap().starts_with("chatcmpl-"));
    let answer = client.answer().await;
    assert_eq!(answer.text, "Hello there");
    assert_eq!(answer.seqs, [1, 2, 3, 4]);
    assert_eq!(answer.end["finish_reason"], "stop");
    let usage = json!({"prompt_tokens": 2, "completion_tokens": 2, "total_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 0}});
    assert_eq!(answer.end["usage"], usage);
    let metrics = &answer.end["metrics"];
    assert_eq!(
        (&metrics["model"], &metrics["tokens_out"]),
        (&json!("scripted"), &json!(2))
    );
    assert!(metrics["first_chunk_ms"].as_f64().unwrap() <= metrics["total_ms"].as_f64().unwrap());
}

#[tokio::test]
async fn all_three_ways_say_the_same_with_the_same_numbers() {
    let start = Event::ToolCallStart {
        index: 0,
        id: ToolCallId::new("c"),
        name: "f".into(),
    };
    let steps = vec![Step::text("One"), Step::text(" two"), Step::Send(start)];
    let scene = Scene::new(Scripted::new(steps)).await;
    let mut client = scene.connect().await;
    client.chat("a", "hello").await;
    let by_socket = client.answer().await;
    let events = Events::of(scene.http(streamed(("x-request-id", "r"))).await);
    let (seqs, text, _) = events.rest().await;
    assert_eq!((&by_socket.seqs, &by_socket.text), (&seqs, &text));
    let plain = Request::post("/v1/chat/completions")
        .body(Body::from(saying("hello").to_string()))
        .unwrap();
    let (_, whole) = scene.json(plain).await;
    assert_eq!(whole["choices"][0]["message"]["content"], text);
    assert_eq!(
        whole["choices"][0]["finish_reason"],
        by_socket.end["finish_reason"]
    );
    assert_eq!(whole["usage"], by_socket.end["usage"]);
}

#[tokio::test]
async fn answers_run_side_by_side_and_do_not_mix() {
    let gate = Gate::closed();
    let waiting = gate.clone();
    let model = Scripted::answering(move |request| {
        let said = said(request);
        let first = Step::text(&format!("{said} first"));
        vec![
            first,
            Step::Wait(waiting.clone()),
            Step::text(&format!(", {said} last")),
        ]
    });
    let scene = Scene::new(model).await;
    let mut client = scene.connect().await;
    for id in 0..32 {
        client.chat(&format!("id-{id}"), &format!("text-{id}")).await;
    }
    // None ends before all have begun.
    scene.until(|scene| scene.model.live() == 32).await;
    gate.open(32);
    let answers = client.answers(32).await;
    assert_eq!(answers.len(), 32);
    for id in 0..32 {
        let answer = &answers[&format!("id-{id}")];
        assert_eq!(answer.text, format!("text-{id} first, text-{id} last"));
        assert_eq!(answer.seqs, [1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn a_short_answer_overtakes_a_long_one() {
    let gate = Gate::closed();
    let waiting = gate.clone();
    let model = Scripted::answering(move |request| match said(request).as_str() {
        "long" => vec![Step::text("a"), Step::Wait(waiting.clone()), Step::text("b")],
        _ => vec![Step::text("short")],
    });
    let scene = Scene::new(model).await;
    let mut client = scene.connect().await;
    client.chat("long", "long").await;
    client.next_of("chunk").await;
    client.chat("short", "short").await;
    let done = client.next_of("done").await;
    assert_eq!(done["id"], "short");
    gate.open(1);
    assert_eq!(client.next_of("done").await["id"], "long");
}

#[tokio::test]
async fn cancelling_stops_one_generation_and_no_other() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.chat("b", "x").await;
    scene.until(|scene| scene.model.live() == 2).await;
    client.cancel("a").await;
    let done = client.next_of("done").await;
    assert_eq!(
        (&done["id"], &done["finish_reason"]),
        (&json!("a"), &json!("cancelled"))
    );
    // What it sent is counted; what it read the model never said.
    assert_eq!(done["usage"]["completion_tokens"], 1);
    assert_eq!(done["seq"], 3);
    assert!(done["metrics"]["first_chunk_ms"].is_number());
    assert_eq!(scene.model.live(), 1);
    gate.open(1);
    let done = client.next_of("done").await;
    assert_eq!(
        (&done["id"], &done["finish_reason"]),
        (&json!("b"), &json!("stop"))
    );
}

#[tokio::test]
async fn a_request_can_be_cancelled_before_its_first_event() {
    let scene = Scene::new(Scripted::new(vec![Step::Stall])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    scene.until(|scene| scene.model.live() == 1).await;
    client.cancel("a").await;
    let done = client.next().await;
    assert_eq!(
        (&done["type"], &done["finish_reason"]),
        (&json!("done"), &json!("cancelled"))
    );
    assert_eq!(done["seq"], 0);
    scene.freed().await;
}

#[tokio::test]
async fn a_name_is_free_again_once_its_answer_is_done() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    for _ in 0..100 {
        client.chat("same", "x").await;
        assert_eq!(client.answer().await.end["finish_reason"], "stop");
    }
}

#[tokio::test]
async fn cancelling_what_has_ended_is_no_error() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.answer().await;
    client.cancel("a").await;
    client.cancel("never was").await;
    client.send(&json!({"type": "ping", "at": 1})).await;
    assert_eq!(client.next().await["type"], "pong");
}

#[tokio::test]
async fn a_ping_comes_back_as_it_was() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    client.send(&json!({"type": "ping", "at": {"t": 1.5}})).await;
    assert_eq!(client.next().await, json!({"type": "pong", "at": {"t": 1.5}}));
    client.send(&json!({"type": "ping"})).await;
    assert_eq!(client.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn a_client_that_vanishes_cancels_what_it_had_in_flight() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.chat("b", "x").await;
    scene.until(|scene| scene.model.live() == 2).await;
    drop(client);
    scene.freed().await;
    assert_eq!(scene.model.finished(), 0);
    scene
        .until(|scene| {
            scene
                .metrics
                .render()
                .contains("busbar_client_disconnects_total 2")
        })
        .await;
}

#[tokio::test]
async fn closing_properly_cancels_too() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("chunk").await;
    client.socket.close(None).await.unwrap();
    scene.freed().await;
    client.closed().await;
}

#[tokio::test]
async fn every_request_is_counted() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.chat("b", "x").await;
    client.answers(2).await;
    let figures = scene.metrics.render();
    assert!(figures.contains("busbar_websocket_connections 1"), "{figures}");
    let line = figures
        .lines()
        .find(|line| line.starts_with("gen_ai_server_request_duration_seconds_count{"))
        .unwrap();
    assert!(line.ends_with(" 2") && line.contains("\"scripted\""), "{line}");
}
