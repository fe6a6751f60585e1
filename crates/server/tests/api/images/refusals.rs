//! What is refused, and in which words.

use axum::http::Method;
use futures_util::FutureExt as _;
use serde_json::json;

use super::{JOBS, Scene, apple, at, scene};
use crate::support::{AT_MOST, bare, post, saying};

#[tokio::test]
async fn a_job_that_there_is_not_is_never_one_that_runs() {
    let scene = scene();
    for id in ["019b0000-0000-7000-8000-000000000001", "nonsense", "%20"] {
        let path = format!("{JOBS}/{id}");
        let asks = [
            bare(Method::GET, &path),
            bare(Method::DELETE, &path),
            bare(Method::POST, &format!("{path}/cancel")),
            bare(Method::GET, &format!("{path}/events")),
        ];
        for ask in asks {
            let what = format!("{} {}", ask.method(), ask.uri());
            let answer = scene.rig.send(ask).await;
            assert_eq!(answer.status, 404, "{what}");
            assert_eq!(answer.json()["code"], "job_not_found", "{what}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(!answer.text().contains("running"), "{what}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let scene = scene();
    let cases = [
        (json!({"prompt": "  "}), "prompt"),
        (json!({}), "prompt"),
        (json!({"prompt": "p", "width": 513}), "width"),
        (json!({"prompt": "p", "height": 100_000}), "height"),
        (json!({"prompt": "p", "steps": 0}), "steps"),
        (json!({"prompt": "p", "count": 10_000}), "count"),
        (json!({"prompt": "p", "guidance": -1}), "guidance"),
        (json!({"prompt": "p", "scheduler": "best"}), "scheduler"),
        (json!({"prompt": "p", "nsfw": "block"}), "nsfw"),
        (json!({"prompt": "p", "strength": 0.5}), "strength"),
        (json!({"prompt": "p", "image": "YWJj"}), "image"),
        (
            json!({"prompt": "p", "image_url": "https://example.com/x.png"}),
            "image_url",
        ),
        (json!({"prompt": "p", "expires_in": 0}), "expires_in"),
        (json!({"prompt": "p", "stepz": 3}), "stepz"),
        (
            json!({"prompt": "p", "webhook": {"url": "ftp://x"}}),
            "webhook.url",
        ),
    ];
    for (body, param) in cases {
        let answer = scene.rig.post(JOBS, &body).await;
        assert_eq!(
            (answer.status, &answer.json()["param"]),
            (400, &json!(param)),
            "{body}"
        );
    }
    let missing = scene
        .rig
        .post(JOBS, &json!({"prompt": "p", "model": "gone"}))
        .await;
    assert_eq!(
        (missing.status, &missing.json()["code"]),
        (404, &json!("model_not_found"))
    );
    assert_eq!(scene.rig.get(JOBS).await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_server_without_a_model_for_it_says_so_and_still_shows_what_there_is() {
    let scene = Scene::of(false, false);
    let answer = scene.rig.post(JOBS, &apple()).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (404, &json!("model_not_found"))
    );
    assert_eq!(scene.rig.get(JOBS).await.status, 200);
}

#[tokio::test]
async fn a_server_that_keeps_no_jobs_says_so_everywhere() {
    let rig = saying(&[]);
    let id = format!("{JOBS}/019b0000-0000-7000-8000-000000000001");
    for ask in [
        post(JOBS, &apple()),
        bare(Method::GET, JOBS),
        bare(Method::GET, &id),
        bare(Method::DELETE, &id),
        bare(Method::POST, &format!("{id}/cancel")),
        bare(Method::GET, &format!("{id}/events")),
        bare(Method::GET, "/v1/images/files/a/b.png"),
    ] {
        let what = format!("{} {}", ask.method(), ask.uri());
        let answer = rig.send(ask).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (503, &json!("jobs_disabled")),
            "{what}"
        );
    }
    let answer = rig.post("/v1/images/generations", &apple()).await;
    assert_eq!(
        (answer.status, &answer.json()["error"]["code"]),
        (503, &json!("jobs_disabled"))
    );
}

#[tokio::test]
async fn a_server_that_drains_takes_no_new_job() {
    let scene = scene();
    let job = scene.submit(apple()).await;
    scene.rig.drain.start();
    let answer = scene.rig.post(JOBS, &apple()).await;
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!("draining")));
    // Whoever watches is let go, to come back elsewhere.
    let place = at(&job, "/events");
    let watching = scene.rig.get(&place);
    let events = tokio::time::timeout(AT_MOST, watching).await.unwrap();
    assert_eq!(events.events().len(), 1);
    assert!(
        scene
            .rig
            .get(JOBS)
            .now_or_never()
            .is_some_and(|answer| answer.status == 200)
    );
}
