//! What a connection may not do for ever: read slowly, be silent, be dead, ask for too much.

use std::time::Duration;

use busbar_server::WsLimits;
use busbar_testkit::{Gate, Scripted, Step};
use serde_json::json;

use crate::scene::{Scene, said};

#[tokio::test]
async fn a_reader_that_is_too_slow_is_closed_and_its_resumable_stream_stays() {
    let gate = Gate::closed();
    let waiting = gate.clone();
    let flood = "x".repeat(32 * 1024);
    let model = Scripted::answering(move |request| match said(request).as_str() {
        // Far more than the sockets' own buffers hold.
        "flood" => (0..3000).map(|_| Step::text(&flood)).collect(),
        _ => vec![Step::text("kept"), Step::Wait(waiting.clone()), Step::text(" on")],
    });
    let limits = WsLimits {
        patience: Duration::from_millis(200),
        ..WsLimits::default()
    };
    let scene = Scene::limited(model, limits).await;
    let mut client = scene.connect().await;
    client.chat_resumable("kept", 30).await;
    let started = client.next_of("started").await;
    client.next().await;
    client.next().await;
    client.chat("flood", "flood").await;
    // Only the kept one is left: the flood was given up.
    scene
        .until(|scene| scene.model.started() == 2 && scene.model.live() == 1)
        .await;
    assert_eq!(client.closed().await, Some((1008, "slow reader".into())));
    let mut client = scene.connect().await;
    client
        .resume("again", started["stream"].as_str().unwrap(), 2)
        .await;
    client.next_of("started").await;
    gate.open(1);
    assert_eq!(client.answer().await.text, " on");
}

#[tokio::test]
async fn a_burst_is_no_slow_reader() {
    let pieces = vec![Step::text("x"); 5000];
    let limits = WsLimits {
        queue_frames: 16,
        ..WsLimits::default()
    };
    let scene = Scene::limited(Scripted::new(pieces), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    let answer = client.answer().await;
    assert_eq!(answer.text.len(), 5000);
    assert!(answer.seqs.is_sorted());
}

#[tokio::test]
async fn a_connection_that_wants_nothing_is_closed() {
    let limits = WsLimits {
        idle_timeout: Duration::from_millis(500),
        ..WsLimits::default()
    };
    let scene = Scene::limited(Scripted::saying(&["hi"]), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    assert_eq!(client.answer().await.text, "hi");
    assert_eq!(client.closed().await, Some((1001, "idle".into())));
    scene
        .until(|scene| scene.metrics.render().contains("busbar_websocket_connections 0"))
        .await;
}

#[tokio::test]
async fn a_connection_with_something_in_flight_is_not_idle() {
    let gate = Gate::closed();
    let limits = WsLimits {
        idle_timeout: Duration::from_millis(400),
        ..WsLimits::default()
    };
    let scene = Scene::limited(crate::scene::gated(&gate, 1), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("chunk").await;
    let opening = async {
        tokio::time::sleep(Duration::from_millis(1000)).await;
        gate.open(1);
    };
    let (answer, ()) = tokio::join!(client.answer(), opening);
    assert_eq!(answer.text, "0 1");
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_gone() {
    let limits = WsLimits {
        heartbeat: Duration::from_millis(500),
        ..WsLimits::default()
    };
    let scene = Scene::limited(Scripted::new(vec![Step::text("a"), Step::Stall]), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("chunk").await;
    // A client that does not read does not answer either.
    scene.freed().await;
    drop(client);
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays() {
    let gate = Gate::closed();
    let limits = WsLimits {
        heartbeat: Duration::from_millis(500),
        ..WsLimits::default()
    };
    let scene = Scene::limited(crate::scene::gated(&gate, 1), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    let opening = async {
        tokio::time::sleep(Duration::from_millis(1600)).await;
        gate.open(1);
    };
    let (answer, ()) = tokio::join!(client.answer(), opening);
    assert_eq!(answer.end["finish_reason"], "stop");
}

#[tokio::test]
async fn there_are_only_so_many_in_flight() {
    let limits = WsLimits {
        max_in_flight: 2,
        ..WsLimits::default()
    };
    let scene = Scene::limited(Scripted::new(vec![Step::text("a"), Step::Stall]), limits).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.chat("b", "x").await;
    client.chat("c", "x").await;
    let error = client.next_of("error").await;
    assert_eq!((&error["id"], &error["status"]), (&json!("c"), &json!(503)));
    assert_eq!(error["error"]["code"], "too_many_in_flight");
    client.cancel("a").await;
    client.next_of("done").await;
    client.chat("c", "x").await;
    assert_eq!(client.next_of("started").await["id"], "c");
}
