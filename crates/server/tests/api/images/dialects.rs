//! Pictures in the dialects of other services, from the model that is here.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Scene, generations::at_work, scene};
use crate::support::{Answer, post, post_with};

async fn ask(scene: &Scene, path: &str, body: &Value) -> Answer {
    at_work(scene, post(path, body)).await
}

/// The beginning of a file: its size and its kind.
fn file(base64: &Value) -> String {
    let bytes = BASE64_STANDARD.decode(base64.as_str().unwrap()).unwrap();
    String::from_utf8_lossy(&bytes).chars().take(9).collect()
}

#[tokio::test]
async fn a_body_for_titan_is_answered_in_its_form() {
    let scene = scene();
    let body = json!({
        "taskType": "TEXT_IMAGE",
        "textToImageParams": {"text": "a red apple", "negativeText": "blue"},
        "imageGenerationConfig": {"numberOfImages": 2, "width": 512, "height": 512, "seed": 3}
    });
    for id in [
        "amazon.titan-image-generator-v2:0",
        "amazon.nova-canvas-v1:0",
        "painter",
    ] {
        let answer = ask(&scene, &format!("/model/{id}/invoke"), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let images = answer.json()["images"].as_array().unwrap().clone();
        assert_eq!(images.iter().map(file).collect::<Vec<_>>(), ["8x16 Png "; 2]);
        assert_eq!(answer.header("x-busbar-model"), Some("painter"));
    }
}

#[tokio::test]
async fn bodies_for_stability_old_and_new_are_answered_in_theirs() {
    let scene = scene();
    let new = json!({"prompt": "a red apple", "seed": 3, "aspect_ratio": "1:1"});
    let answer = ask(&scene, "/model/stability.sd3-5-large-v1:0/invoke", &new)
        .await
        .json();
    assert_eq!(
        (&answer["seeds"], &answer["finish_reasons"]),
        (&json!([3]), &json!([null]))
    );
    assert_eq!(file(&answer["images"][0]), "8x16 Png ");
    let old = json!({"text_prompts": [{"text": "a red apple"}], "seed": 3, "steps": 4});
    let path = "/model/stability.stable-diffusion-xl-v1/invoke";
    let answer = ask(&scene, path, &old).await.json();
    assert_eq!(answer["result"], "success");
    assert_eq!(file(&answer["artifacts"][0]["base64"]), "8x16 Png ");
}

#[tokio::test]
async fn a_container_of_one_painter_needs_no_name() {
    let scene = scene();
    let body = json!({"prompt": "a red apple"});
    let request = post_with("/invocations", &body, "accept", "application/json;png");
    let answer = at_work(&scene, request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(file(&answer.json()["generated_images"][0]), "8x16 Png ");
}

#[tokio::test]
async fn what_is_wrong_is_refused_as_the_service_refuses_it() {
    let scene = scene();
    let path = "/model/amazon.titan-image-generator-v2:0";
    let body = json!({"taskType": "OUTPAINTING"});
    let answer = scene.rig.post(&format!("{path}/invoke"), &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("x-amzn-errortype"), Some("ValidationException"));
    assert!(answer.text().contains("taskType"), "{}", answer.text());
    let stream = format!("{path}/invoke-with-response-stream");
    assert_eq!(scene.rig.post(&stream, &body).await.status, 400);
    assert_eq!(
        scene
            .rig
            .post("/model/stability.x/invoke", &json!({"prompt": " "}))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn an_endpoint_gives_pixels_or_files_as_the_client_accepts_them() {
    let scene = scene();
    let body = json!({"prompt": "a red apple", "num_images_per_prompt": 2});
    let path = "/endpoints/painter/invocations";
    let answer = ask(&scene, path, &body).await.json();
    let rows = answer["generated_image"].as_array().unwrap();
    assert_eq!((rows.len(), rows[0].as_array().unwrap().len()), (16, 8));
    assert_eq!(
        (&rows[0][0], &answer["prompt"]),
        (&json!([7, 7, 7]), &json!("a red apple"))
    );
    for (accept, kind) in [
        ("application/json;jpeg", "8x16 Jpeg"),
        ("application/json;png", "8x16 Png "),
    ] {
        let request = post_with(path, &body, "accept", accept);
        let answer = at_work(&scene, request).await.json();
        let files = answer["generated_images"].as_array().unwrap();
        assert_eq!(files.iter().map(file).collect::<Vec<_>>(), [kind; 2]);
    }
}
