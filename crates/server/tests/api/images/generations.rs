//! Pictures in the OpenAI dialect.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{body::Body, http::Request};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{JOBS, Scene, apple, scene};
use crate::support::{Answer, post};

/// Asks for pictures in the OpenAI dialect while a worker is at work.
async fn generate(scene: &Scene, body: Value) -> Answer {
    at_work(scene, post("/v1/images/generations", &body)).await
}

/// Asks while a worker is at work.
pub(super) async fn at_work(scene: &Scene, request: Request<Body>) -> Answer {
    let over = AtomicBool::new(false);
    let working = async {
        while !over.load(Ordering::Relaxed) {
            scene.work().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let asking = async {
        let answer = scene.rig.send(request).await;
        over.store(true, Ordering::Relaxed);
        answer
    };
    tokio::join!(asking, working).0
}

#[tokio::test]
async fn the_openai_dialect_waits_for_its_pictures() {
    let scene = scene();
    let answer = generate(&scene, json!({"prompt": "a red apple", "n": 2, "seed": 1})).await;
    let list = answer.json();
    assert_eq!(answer.status, 200, "{list}");
    assert_eq!(
        (&list["size"], &list["output_format"]),
        (&json!("8x16"), &json!("png"))
    );
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(answer.header("x-busbar-cost-usd"), Some("0.04"));
    let picture = &list["data"][1];
    assert!(
        picture["b64_json"].as_str().unwrap().starts_with("OHgxNiBQbmcg"),
        "{picture}"
    );
    assert_eq!((&picture["seed"], picture.get("url")), (&json!(2), None));

    let answer = generate(&scene, json!({"prompt": "p", "response_format": "url"})).await;
    let url = answer.json()["data"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(scene.rig.get(&url).await.status, 200);
    assert_eq!(
        scene.rig.get(JOBS).await.json()["data"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn the_openai_dialect_is_refused_in_its_own_shape() {
    let scene = scene();
    let answer = scene
        .rig
        .post("/v1/images/generations", &json!({"prompt": "p", "size": "5x5"}))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["param"]),
        (400, &json!("size"))
    );
    let answer = generate(&scene, json!({"prompt": "the impossible"})).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"]["message"], "this cannot be painted");
}

#[tokio::test]
async fn a_client_of_the_openai_dialect_that_goes_away_stops_its_job() {
    let scene = scene();
    let body = apple();
    // Once it waits for its pictures, it goes.
    let asking = scene.rig.post("/v1/images/generations", &body);
    assert!(asking.now_or_never().is_none());
    let job = scene.rig.get(JOBS).await.json()["data"][0].clone();
    scene.until(&job, |job| job["state"] == "cancelled").await;
}
