//! Jobs taken, under keys of their clients, and listed.

use serde_json::{Value, json};

use super::{JOBS, apple, at, scene};
use crate::support::post_with;

#[tokio::test]
async fn a_job_is_taken_at_once_and_shown_with_its_place() {
    let scene = scene();
    scene.submit(apple()).await;
    let answer = scene.rig.post(JOBS, &apple()).await;
    let job = answer.json();
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("location"), Some(&*at(&job, "")));
    assert_eq!((&job["state"], &job["position"]), (&json!("queued"), &json!(2)));
    assert_eq!(
        (&job["object"], &job["recipe"]["model"]),
        (&json!("image.job"), &json!("painter"))
    );
    assert_eq!(job["created_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(scene.look(&job).await, job);
}

#[tokio::test]
async fn one_key_makes_one_job_and_means_one_request() {
    let scene = scene();
    let send = async |body: &Value| {
        let request = post_with(JOBS, body, "idempotency-key", "k-1");
        scene.rig.send(request).await
    };
    let first = send(&apple()).await;
    assert_eq!(first.header("idempotent-replayed"), None);
    let second = send(&apple()).await;
    assert_eq!(
        (second.status, second.header("idempotent-replayed")),
        (202, Some("true"))
    );
    assert_eq!(second.json()["id"], first.json()["id"]);
    let other = send(&json!({"prompt": "a pear"})).await;
    assert_eq!(
        (other.status, &other.json()["code"]),
        (409, &json!("idempotency_key_reused"))
    );
    let all = scene.rig.get(JOBS).await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let empty = scene
        .rig
        .send(post_with(JOBS, &apple(), "idempotency-key", ""))
        .await;
    assert_eq!(empty.status, 400);
}

#[tokio::test]
async fn jobs_are_listed_in_pages_and_by_state() {
    let scene = scene();
    let first = scene.made(apple()).await;
    for _ in 0..4 {
        scene.submit(apple()).await;
    }
    let list = async |query: &str| scene.rig.get(&format!("{JOBS}?{query}")).await.json();
    let done = list("state=succeeded").await;
    assert_eq!(done["data"].as_array().unwrap().len(), 1);
    assert_eq!(done["data"][0]["id"], first["id"]);
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=2{after}")).await;
        let jobs = page["data"].as_array().unwrap();
        ids.extend(jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(ids.len(), 5);
    assert!(
        ids.is_sorted_by(|a, b| a > b),
        "newest first, none twice: {ids:?}"
    );
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("state=odd", "state"),
        ("after=x", "after"),
    ] {
        let answer = scene.rig.get(&format!("{JOBS}?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["param"]),
            (400, &json!(param)),
            "{query}"
        );
    }
}
