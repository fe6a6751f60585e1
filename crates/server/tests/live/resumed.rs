//! Streams that outlive their connections, whichever way they are read.

use std::time::Duration;

use axum::{body::Body, http::Request};
use busbar_server::{ReplayLimits, Settings};
use busbar_testkit::{Gate, Scripted, Step};
use serde_json::json;

use crate::scene::{Events, Scene, back_to, gated, stopping, streamed};

/// Starts a resumable stream over a WebSocket, reads its first text, and goes away.
async fn begun_by_socket(scene: &Scene) -> String {
    let mut client = scene.connect().await;
    client.chat_resumable("a", 30).await;
    let started = client.next_of("started").await;
    assert_eq!(client.next().await["seq"], 1);
    assert_eq!(client.next().await["seq"], 2);
    started["stream"].as_str().unwrap().to_owned()
}

/// The same over server-sent events.
async fn begun_by_events(scene: &Scene, header: (&'static str, &str)) -> (Events, String) {
    let mut events = Events::of(scene.http(streamed(header)).await);
    events.next().await.unwrap();
    let id = events.next().await.unwrap().id.unwrap();
    let (stream, seq) = id.split_once(':').unwrap();
    assert_eq!(seq, "2");
    (events, stream.to_owned())
}

const RESUME: (&str, &str) = ("x-busbar-resume", "30");

#[tokio::test]
async fn a_stream_goes_on_without_its_client_and_is_read_to_its_end_by_another_connection() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 3)).await;
    let stream = begun_by_socket(&scene).await;
    gate.open(1);
    // The generation ends while nobody reads.
    scene.until(|scene| scene.model.finished() == 1).await;
    let mut client = scene.connect().await;
    client.resume("later", &stream, 2).await;
    let answer = client.answer().await;
    assert_eq!((answer.stream, answer.text), (stream, " 1 2 3".to_owned()));
    assert_eq!(answer.seqs, [3, 4, 5, 6]);
    assert_eq!(answer.end["finish_reason"], "stop");
    assert_eq!(answer.end["metrics"]["tokens_out"], 4);
}

#[tokio::test]
async fn whoever_comes_back_early_gets_what_was_missed_and_then_what_comes() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 2)).await;
    let stream = begun_by_socket(&scene).await;
    let mut client = scene.connect().await;
    client.resume("later", &stream, 0).await;
    assert_eq!(client.next_of("started").await["stream"], json!(stream));
    assert_eq!(client.next().await["seq"], 1);
    assert_eq!(client.next().await["seq"], 2);
    gate.open(1);
    let answer = client.answer().await;
    assert_eq!((answer.text.as_str(), answer.seqs), (" 1 2", vec![3, 4, 5]));
    assert!(scene.metrics.render().contains("busbar_streams_resumed_total 1"));
}

#[tokio::test]
async fn a_stream_begun_by_socket_is_resumed_by_events() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 2)).await;
    let stream = begun_by_socket(&scene).await;
    let events = Events::of(scene.http(back_to(&stream, 2)).await);
    gate.open(1);
    let (seqs, text, last) = events.rest().await;
    assert_eq!(
        (seqs, text.as_str(), last.as_str()),
        (vec![3, 4, 5], " 1 2", "[DONE]")
    );
}

#[tokio::test]
async fn a_stream_begun_by_events_is_resumed_by_socket() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 2)).await;
    let (events, stream) = begun_by_events(&scene, RESUME).await;
    drop(events);
    let mut client = scene.connect().await;
    client.resume("b", &stream, 2).await;
    client.next_of("started").await;
    gate.open(1);
    let answer = client.answer().await;
    assert_eq!((answer.text.as_str(), answer.seqs), (" 1 2", vec![3, 4, 5]));
}

#[tokio::test]
async fn the_post_repeated_with_the_last_event_goes_on() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let (events, stream) = begun_by_events(&scene, RESUME).await;
    drop(events);
    let again = streamed(("last-event-id", &format!("{stream}:2")));
    let events = Events::of(scene.http(again).await);
    gate.open(1);
    let (seqs, text, last) = events.rest().await;
    assert_eq!((seqs, text.as_str(), last.as_str()), (vec![3, 4], " 1", "[DONE]"));
    assert_eq!(scene.model.started(), 1);
}

#[tokio::test]
async fn two_may_read_one_stream() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let (first, stream) = begun_by_events(&scene, RESUME).await;
    let second = Events::of(scene.http(back_to(&stream, 0)).await);
    gate.open(1);
    let (first, second) = tokio::join!(first.rest(), second.rest());
    assert_eq!((first.0, first.1.as_str()), (vec![3, 4], " 1"));
    assert_eq!((second.0, second.1.as_str()), (vec![1, 2, 3, 4], "0 1"));
}

#[tokio::test]
async fn without_the_wish_a_client_that_goes_away_ends_its_stream() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let (events, stream) = begun_by_events(&scene, ("x-request-id", "r")).await;
    drop(events);
    scene.freed().await;
    let (status, problem) = scene.json(back_to(&stream, 2)).await;
    assert_eq!((status, &problem["code"]), (404, &json!("stream_not_found")));
}

#[tokio::test]
async fn nobody_comes_back_and_the_generation_is_cancelled() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let (events, stream) = begun_by_events(&scene, ("x-busbar-resume", "1")).await;
    assert_eq!(scene.model.live(), 1);
    drop(events);
    scene.freed().await;
    let (status, problem) = scene.json(back_to(&stream, 2)).await;
    assert_eq!((status, &problem["code"]), (404, &json!("stream_not_found")));
    let mut client = scene.connect().await;
    client.resume("a", &stream, 2).await;
    let error = client.next().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("a")));
    assert_eq!(
        (&error["status"], &error["error"]["code"]),
        (&json!(404), &json!("stream_not_found"))
    );
}

#[tokio::test]
async fn a_reader_keeps_a_stream_beyond_its_window() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let (events, _) = begun_by_events(&scene, ("x-busbar-resume", "1")).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    gate.open(1);
    assert_eq!(events.rest().await.1, " 1");
}

#[tokio::test]
async fn what_the_buffer_no_longer_has_is_said_to_be_gone() {
    let settings = Settings {
        replay: ReplayLimits {
            stream: 4096,
            ..ReplayLimits::default()
        },
        ..Settings::default()
    };
    let gate = Gate::closed();
    let scene = Scene::with(gated(&gate, 100), settings).await;
    let stream = begun_by_socket(&scene).await;
    gate.open(1);
    scene.until(|scene| scene.model.finished() == 1).await;
    let (status, problem) = scene.json(back_to(&stream, 2)).await;
    assert_eq!((status, &problem["code"]), (404, &json!("stream_truncated")));
    // The end is still there.
    let (seqs, text, last) = Events::of(scene.http(back_to(&stream, 100)).await).rest().await;
    assert_eq!(
        (seqs, text.as_str(), last.as_str()),
        (vec![101, 102, 103], " 99 100", "[DONE]")
    );
}

#[tokio::test]
async fn a_cancelled_stream_ends_for_its_readers_and_is_gone_after_them() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let (events, stream) = begun_by_events(&scene, RESUME).await;
    let mut client = scene.connect().await;
    client.resume("b", &stream, 2).await;
    client.next_of("started").await;
    assert_eq!(scene.http(stopping(&stream)).await.status().as_u16(), 204);
    let done = client.next_of("done").await;
    assert_eq!(
        (&done["finish_reason"], &done["seq"]),
        (&json!("cancelled"), &json!(3))
    );
    let (_, _, last) = events.rest().await;
    assert!(last.contains("\"cancelled\""), "{last}");
    scene.freed().await;
    assert_eq!(scene.json(stopping(&stream)).await.0, 404);
    assert_eq!(scene.json(back_to(&stream, 0)).await.0, 404);
}

#[tokio::test]
async fn cancelling_by_socket_stops_a_resumable_stream_too() {
    let scene = Scene::new(Scripted::new(vec![Step::text("a"), Step::Stall])).await;
    let mut client = scene.connect().await;
    client.chat_resumable("a", 30).await;
    let started = client.next_of("started").await;
    client.next_of("chunk").await;
    client.cancel("a").await;
    assert_eq!(client.next_of("done").await["finish_reason"], "cancelled");
    scene.freed().await;
    client.resume("b", started["stream"].as_str().unwrap(), 0).await;
    assert_eq!(client.next().await["error"]["code"], "stream_not_found");
}

#[tokio::test]
async fn whoever_missed_only_the_usage_gets_only_the_usage() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let mut client = scene.connect().await;
    let mut body = crate::scene::saying("hello");
    body["stream_options"] = json!({"include_usage": true});
    client
        .send(&json!({"type": "chat", "id": "a", "resume": 30, "body": body}))
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.seqs, [1, 2, 3]);
    let after = async |seq| {
        Events::of(scene.http(back_to(&answer.stream, seq)).await)
            .rest()
            .await
    };
    assert_eq!(after(2).await.0, [3, 4]);
    assert_eq!(after(3).await.0, [4]);
    let (seqs, _, last) = after(4).await;
    assert_eq!((seqs, last.as_str()), (vec![], "[DONE]"));
}

#[tokio::test]
async fn a_number_that_was_never_sent_is_refused() {
    let gate = Gate::closed();
    let scene = Scene::new(gated(&gate, 1)).await;
    let stream = begun_by_socket(&scene).await;
    let (status, problem) = scene.json(back_to(&stream, 77)).await;
    assert_eq!((status, &problem["param"]), (400, &json!("after")));
}

#[tokio::test]
async fn wishes_that_cannot_be_are_refused_by_name() {
    let scene = Scene::new(Scripted::saying(&["hi"])).await;
    let (status, body) = scene.json(streamed(("x-busbar-resume", "301"))).await;
    assert_eq!(
        (status, &body["error"]["param"]),
        (400, &json!("x-busbar-resume"))
    );
    let (status, body) = scene.json(streamed(("last-event-id", "what"))).await;
    assert_eq!((status, &body["error"]["param"]), (400, &json!("last-event-id")));
    let elsewhere = Request::get("/v1/streams/a").header("last-event-id", "b:1");
    let (status, problem) = scene.json(elsewhere.body(Body::empty()).unwrap()).await;
    assert_eq!((status, &problem["param"]), (400, &json!("last-event-id")));
    let mut client = scene.connect().await;
    client.chat_resumable("a", 301).await;
    let error = client.next().await;
    assert_eq!(
        (&error["status"], &error["error"]["param"]),
        (&json!(400), &json!("resume"))
    );
}

#[tokio::test]
async fn there_are_only_so_many_resumable_streams() {
    let settings = Settings {
        replay: ReplayLimits {
            streams: 1,
            ..ReplayLimits::default()
        },
        ..Settings::default()
    };
    let scene = Scene::with(Scripted::new(vec![Step::text("a"), Step::Stall]), settings).await;
    let (_events, _) = begun_by_events(&scene, RESUME).await;
    let (status, body) = scene.json(streamed(RESUME)).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (503, &json!("too_many_streams"))
    );
    scene.until(|scene| scene.model.live() == 1).await;
}
