//! What a server that shuts down does with connections and kept streams.

use busbar_testkit::{Gate, Scripted};
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::error::Error as SocketError};

use crate::scene::{Scene, gated};

#[tokio::test]
async fn what_runs_is_finished_what_is_new_is_refused_and_then_it_closes() {
    let gate = Gate::closed();
    let mut scene = Scene::new(gated(&gate, 1)).await;
    let mut client = scene.connect().await;
    client.chat("a", "x").await;
    client.next_of("chunk").await;
    client.next_of("chunk").await;
    scene.drain.start();
    client.chat("b", "x").await;
    let error = client.next().await;
    assert_eq!((&error["id"], &error["status"]), (&json!("b"), &json!(503)));
    assert_eq!(error["error"]["code"], "draining");
    match connect_async(format!("ws://{}/v1/ws", scene.address)).await {
        Err(SocketError::Http(response)) => assert_eq!(response.status().as_u16(), 503),
        _ => panic!("not refused"),
    }
    gate.open(1);
    let done = client.next_of("done").await;
    assert_eq!(
        (&done["id"], &done["finish_reason"]),
        (&json!("a"), &json!("stop"))
    );
    assert_eq!(client.closed().await, Some((1001, "shutting down".into())));
    scene.stopped().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_once() {
    let mut scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    scene.drain.start();
    assert_eq!(client.closed().await, Some((1001, "shutting down".into())));
    scene.stopped().await;
}

#[tokio::test]
async fn a_kept_stream_is_finished_and_can_be_come_back_to_meanwhile() {
    let gate = Gate::closed();
    let mut scene = Scene::new(gated(&gate, 1)).await;
    let mut client = scene.connect().await;
    client.chat_resumable("a", 30).await;
    let started = client.next_of("started").await;
    client.next_of("chunk").await;
    drop(client);
    scene.drain.start();
    let back = crate::scene::back_to(started["stream"].as_str().unwrap(), 2);
    let events = crate::scene::Events::of(scene.http(back).await);
    gate.open(1);
    assert_eq!(events.rest().await.1, " 1");
    scene.stopped().await;
}
