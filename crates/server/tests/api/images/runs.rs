//! Jobs at work: how far they are, how they are stopped, why they end.

use axum::http::Method;
use serde_json::{Value, json};

use super::{HOUR, apple, at, halfway, scene};
use crate::support::bare;

#[tokio::test]
async fn a_job_that_runs_says_how_far_it_is_and_can_be_stopped() {
    let scene = halfway();
    let job = scene.submit(apple()).await;
    tokio::join!(scene.work(), async {
        let running = scene
            .until(&job, |job| job["progress"]["preview_url"].is_string())
            .await;
        let progress = &running["progress"];
        assert_eq!(running["state"], "running");
        assert_eq!((&progress["step"], &progress["of"]), (&json!(2), &json!(4)));
        assert_eq!(
            (&progress["percent"], &progress["stopping"]),
            (&json!(50), &json!(false))
        );
        assert_eq!(progress["seconds_per_step"], json!(2.0));
        assert_eq!(progress["eta_seconds"], json!(4.0));
        let preview = scene.rig.get(progress["preview_url"].as_str().unwrap()).await;
        assert_eq!(
            (preview.status, preview.header("content-type")),
            (200, Some("image/jpeg"))
        );

        let busy = scene.rig.send(bare(Method::DELETE, &at(&job, ""))).await;
        assert_eq!((busy.status, &busy.json()["code"]), (409, &json!("job_running")));
    });
    assert_eq!(scene.look(&job).await["state"], "cancelled");
}

#[tokio::test]
async fn a_job_is_stopped_at_any_time() {
    let scene = halfway();
    let (waiting, running) = (scene.submit(apple()).await, scene.submit(apple()).await);
    let cancel = async |job: &Value| scene.rig.send(bare(Method::POST, &at(job, "/cancel"))).await;
    let stopped = cancel(&waiting).await;
    assert_eq!(
        (stopped.status, &stopped.json()["state"]),
        (200, &json!("cancelled"))
    );
    tokio::join!(scene.work(), async {
        scene.until(&running, |job| job["state"] == "running").await;
        let soon = cancel(&running).await;
        assert_eq!(
            (soon.status, &soon.json()["progress"]["stopping"]),
            (202, &json!(true))
        );
    });
    let late = cancel(&running).await;
    assert_eq!((late.status, &late.json()["state"]), (200, &json!("cancelled")));
}

#[tokio::test]
async fn a_job_that_failed_says_why() {
    let scene = scene();
    let job = scene.made(json!({"prompt": "the impossible"})).await;
    assert_eq!((&job["state"], &job["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(job["error"]["message"], "this cannot be painted");
    assert_eq!(
        (&job["faults"][0]["attempt"], &job["pictures"]),
        (&json!(1), &json!([]))
    );
}

#[tokio::test]
async fn a_job_that_nobody_took_up_in_time_expires() {
    let scene = scene();
    let job = scene.submit(json!({"prompt": "p", "expires_in": 60})).await;
    scene.clock.advance(HOUR);
    scene.work().await;
    assert_eq!(scene.look(&job).await["state"], "expired");
}
