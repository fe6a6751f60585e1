//! What happens to a job, as events.

use axum::{
    body::Body,
    http::{Method, Request},
};
use busbar_wire::sse::Parser;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{apple, at, halfway, scene};
use crate::support::{AT_MOST, bare};

#[tokio::test]
async fn events_are_told_to_the_end_and_again_from_where_a_client_was() {
    let scene = scene();
    let job = scene.made(apple()).await;
    let events = scene.rig.get(&at(&job, "/events")).await;
    assert_eq!(events.header("content-type"), Some("text/event-stream"));
    let events = events.events();
    let names: Vec<_> = events.iter().map(|event| event.event.clone()).collect();
    assert_eq!(
        names.first().map(|name| format!("{name:?}").contains("queued")),
        Some(true)
    );
    let last: Value = serde_json::from_str(&events.last().unwrap().data).unwrap();
    assert_eq!(
        (&last["event"], &last["job"]["state"]),
        (&json!("succeeded"), &json!("succeeded"))
    );
    assert!(last["job"]["pictures"][0]["url"].is_string());

    let first: Value = serde_json::from_str(&events[0].data).unwrap();
    let resume = async |seq: &Value| {
        let id = format!("{}:{seq}", job["id"].as_str().unwrap());
        let request = Request::get(at(&job, "/events")).header("last-event-id", id);
        scene
            .rig
            .send(request.body(Body::empty()).unwrap())
            .await
            .events()
    };
    assert_eq!(resume(&first["seq"]).await.len(), events.len() - 1);
    assert_eq!(resume(&last["seq"]).await.len(), 1, "the end is told once more");
    let foreign = Request::get(at(&job, "/events")).header("last-event-id", "other:1");
    assert_eq!(
        scene.rig.send(foreign.body(Body::empty()).unwrap()).await.status,
        400
    );
}

#[tokio::test]
async fn events_come_while_a_job_runs() {
    let scene = halfway();
    let job = scene.submit(apple()).await;
    let response = scene.rig.open(bare(Method::GET, &at(&job, "/events"))).await;
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    tokio::join!(scene.work(), async {
        while let Some(piece) = tokio::time::timeout(AT_MOST, body.next()).await.unwrap() {
            let halfway = text.contains("\"step\":2");
            text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
            if !halfway && text.contains("\"step\":2") {
                scene.rig.send(bare(Method::POST, &at(&job, "/cancel"))).await;
            }
        }
    });
    let told: Vec<Value> = Parser::new(1 << 20)
        .push(text.as_bytes())
        .unwrap()
        .iter()
        .map(|event| serde_json::from_str(&event.data).unwrap())
        .collect();
    assert_eq!(told[0]["event"], "queued");
    assert_eq!(told.last().unwrap()["event"], "cancelled");
    assert!(told.is_sorted_by_key(|event| event["seq"].as_u64()), "{told:?}");
}
