//! Hosts that make pictures, and hosts that look at them.

use busbar_core::{
    ClassifyRequest, Context, ErrorKind, ImageEvent, ImageRequest, Model, Picture, RequestId, Result,
};
use busbar_testkit::{FakeUpstream, Say};
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::scene::{host, models};

/// `a` and `b` in base64: a picture of one pixel, and one of four.
const A: &str = "YQ==";
const B: &str = "Yg==";

fn model_at(upstream: &FakeUpstream, kind: &str, model: &str) -> Model {
    let aws = matches!(kind, "bedrock" | "sagemaker");
    let region = if aws { "region = 'us-east-1'\n" } else { "" };
    let url = upstream.url();
    let text = format!("{region}endpoint = '{url}'\n[[models]]\nid = 'near'\n{model}\n");
    models(kind, Some("key"), &text).remove(0)
}

fn ask(count: u32, seed: Option<u32>) -> ImageRequest {
    ImageRequest {
        count,
        seed,
        ..ImageRequest::new(Context::new(RequestId::new("r")), "near".into(), "a red apple")
    }
}

/// The pictures that came: their sides and seeds; and what was said about them.
async fn made(model: &Model, request: ImageRequest) -> Result<(Vec<(u32, Option<u32>)>, Vec<String>)> {
    let mut events = model.image.clone().unwrap().generate(request).await?;
    let (mut pictures, mut steps) = (Vec::new(), 0);
    while let Some(event) = events.next().await {
        match event? {
            ImageEvent::Step { done, .. } => {
                steps += 1;
                assert_eq!(done, steps);
            }
            ImageEvent::Picture(picture) => {
                assert_eq!(picture.index as usize, pictures.len());
                pictures.push((picture.pixels.width(), picture.recipe.seed));
            }
            ImageEvent::Done(done) => {
                assert_eq!(done.pictures as usize, pictures.len());
                assert!(events.next().await.is_none(), "nothing follows the end");
                return Ok((pictures, done.notices));
            }
            ImageEvent::Preview { .. } => panic!("no host shows previews"),
        }
    }
    panic!("the stream ended without an end")
}

fn bodies(upstream: &FakeUpstream) -> Vec<Value> {
    let received = upstream.received();
    received
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect()
}

#[tokio::test]
async fn a_host_of_the_usual_format_is_asked_for_files() {
    let upstream = host(|_| {
        let body = json!({"created": 1, "data": [{"b64_json": A}, {"b64_json": B}]});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let model = model_at(
        &upstream,
        "openai-compatible",
        "task = 'image'\nupstream = 'flux'",
    );
    let (pictures, notices) = made(&model, ask(2, None)).await.unwrap();
    assert_eq!(pictures, [(1, None), (2, None)]);
    assert!(notices.is_empty());
    assert_eq!(upstream.received()[0].path, "/images/generations");
    let body = &bodies(&upstream)[0];
    assert_eq!(
        (&body["model"], &body["n"], &body["response_format"]),
        (&json!("flux"), &json!(2), &json!("b64_json"))
    );
    // It has no word for seeds, and is not asked.
    let refused = made(&model, ask(1, Some(7))).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.param()),
        (ErrorKind::Unsupported, Some("seed"))
    );
    assert_eq!(upstream.received().len(), 1);
}

#[tokio::test]
async fn another_server_of_ours_takes_everything_that_we_do() {
    let upstream = host(|_| {
        let body = json!({"created": 1, "data": [{"b64_json": A, "seed": 7}]});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let model = model_at(&upstream, "busbar", "task = 'image'");
    let request = ImageRequest {
        negative_prompt: "blue".into(),
        steps: Some(4),
        ..ask(1, Some(7))
    };
    assert_eq!(made(&model, request).await.unwrap().0, [(1, Some(7))]);
    let body = &bodies(&upstream)[0];
    assert_eq!(
        (&body["negative_prompt"], &body["steps"], &body["seed"]),
        (&json!("blue"), &json!(4), &json!(7))
    );
}

#[tokio::test]
async fn pictures_with_seeds_are_asked_for_one_by_one() {
    let upstream = host(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let seed = body["imageGenerationConfig"]["seed"].as_u64().unwrap();
        let even = seed.is_multiple_of(2);
        let body = json!({"images": [if even { A } else { B }]});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let model = model_at(
        &upstream,
        "bedrock",
        "task = 'image'\nupstream = 'amazon.nova-canvas-v1:0'",
    );
    let (pictures, _) = made(&model, ask(3, Some(8))).await.unwrap();
    assert_eq!(pictures, [(1, Some(8)), (2, Some(9)), (1, Some(10))]);
    assert_eq!(
        upstream.received()[0].path,
        "/model/amazon.nova-canvas-v1%3A0/invoke"
    );
    for body in bodies(&upstream) {
        assert_eq!(body["taskType"], "TEXT_IMAGE");
        assert_eq!(body["textToImageParams"]["text"], "a red apple");
        assert_eq!(body["imageGenerationConfig"]["numberOfImages"], 1);
    }
}

/// What pictures cost: `None`: they have no price.
async fn cost(model: &Model, count: u32) -> Option<String> {
    let mut events = model
        .image
        .clone()
        .unwrap()
        .generate(ask(count, None))
        .await
        .unwrap();
    while let Some(event) = events.next().await {
        if let ImageEvent::Done(done) = event.unwrap() {
            return done.cost.map(|cost| cost.to_string());
        }
    }
    panic!("the stream ended without an end")
}

#[tokio::test]
async fn pictures_say_what_they_cost_and_are_never_free_by_mistake() {
    let upstream = host(|_| {
        let body = json!({"images": [A, B]});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let at = |model: &str| model_at(&upstream, "bedrock", &format!("task = 'image'\n{model}"));
    let nova = at("upstream = 'amazon.nova-canvas-v1:0'");
    assert_eq!(cost(&nova, 2).await.as_deref(), Some("0.08"));
    // The host sent two, and one was asked for.
    assert_eq!(cost(&nova, 1).await.as_deref(), Some("0.04"));
    let own = at("upstream = 'amazon.nova-canvas-v9:0'\nprice_per_picture = 0.5");
    assert_eq!(cost(&own, 2).await.as_deref(), Some("1"));
    let elsewhere = model_at(
        &upstream,
        "bedrock",
        "task = 'image'\nupstream = 'amazon.titan-image-generator-v1'",
    );
    assert_eq!(cost(&elsewhere, 1).await.as_deref(), Some("0.008"));
    let unpriced = at("upstream = 'stability.sd3-5-large-v1:0'");
    assert_eq!(cost(&unpriced, 1).await, None, "another region may cost more");
}

#[tokio::test]
async fn a_model_that_makes_one_picture_is_asked_several_times() {
    let upstream = host(|_| {
        let body = json!({"seeds": [1], "finish_reasons": [null], "images": [A]});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let model = model_at(
        &upstream,
        "bedrock",
        "task = 'image'\nupstream = 'stability.sd3-5-large-v1:0'",
    );
    let (pictures, _) = made(&model, ask(2, None)).await.unwrap();
    assert_eq!(pictures, [(1, None), (1, None)]);
    assert_eq!(upstream.received().len(), 2);
}

#[tokio::test]
async fn pictures_that_a_host_keeps_are_told_and_a_refusal_is_one() {
    let upstream = host(|_| {
        let body = json!({"images": [A], "error": "one was blocked by our filters"});
        Say::whole("200 OK", "application/json", body.to_string())
    })
    .await;
    let titan = "task = 'image'\nupstream = 'amazon.titan-image-generator-v2:0'";
    let model = model_at(&upstream, "bedrock", titan);
    let (pictures, notices) = made(&model, ask(2, None)).await.unwrap();
    assert_eq!(pictures.len(), 1);
    assert!(notices[0].contains("1 of 2"), "{notices:?}");

    let upstream = host(|_| Say::whole("200 OK", "application/json", r#"{"error":"blocked"}"#)).await;
    let refused = made(&model_at(&upstream, "bedrock", titan), ask(1, None)).await;
    assert_eq!(refused.unwrap_err().code(), Some("content_policy_violation"));

    let upstream = host(|_| Say::whole("200 OK", "application/json", r#"{"images":["enp6"]}"#)).await;
    let nonsense = made(&model_at(&upstream, "bedrock", titan), ask(1, None)).await;
    assert_eq!(nonsense.unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[tokio::test]
async fn an_endpoint_makes_pictures_as_files_or_as_rows_of_pixels() {
    for (answer, sides) in [
        (json!({"generated_images": [A, B], "prompt": "x"}), vec![1, 2]),
        (
            json!({"generated_image": [[[1, 2, 3], [4, 5, 6]], [[0, 0, 0], [9, 9, 9]]], "prompt": "x"}),
            vec![2],
        ),
    ] {
        let body = answer.to_string();
        let upstream = host(move |_| Say::whole("200 OK", "application/json", &body)).await;
        let model = model_at(&upstream, "sagemaker", "task = 'image'\nupstream = 'my-sd'");
        let (pictures, _) = made(&model, ask(2, None)).await.unwrap();
        assert_eq!(pictures.iter().map(|(side, _)| *side).collect::<Vec<_>>(), sides);
        let received = upstream.received();
        assert_eq!(received[0].path, "/endpoints/my-sd/invocations");
        assert_eq!(received[0].header("accept"), Some("application/json;png"));
        assert_eq!(bodies(&upstream)[0]["num_images_per_prompt"], 2);
    }
}

#[tokio::test]
async fn an_endpoint_looks_at_pictures_in_any_of_its_containers_words() {
    for answer in [
        json!({"probabilities": [0.2, 0.7, 0.1], "labels": ["cat", "dog", "fox"], "predicted_label": "dog"}),
        json!([{"label": "dog", "score": 0.7}, {"label": "cat", "score": 0.2}, {"label": "fox", "score": 0.1}]),
        json!({"model": "m", "predictions": [
            {"label": "dog", "score": 0.7, "index": 5}, {"label": "cat", "score": 0.2, "index": 1},
            {"label": "fox", "score": 0.1, "index": 2}
        ]}),
    ] {
        let body = answer.to_string();
        let upstream = host(move |_| Say::whole("200 OK", "application/json", &body)).await;
        let model = model_at(&upstream, "sagemaker", "task = 'classify'\nupstream = 'my-eyes'");
        let picture = |file: &'static [u8]| Picture::Encoded(Bytes::from_static(file));
        let mut request = ClassifyRequest::new(
            Context::new(RequestId::new("r")),
            "near".into(),
            vec![picture(b"a"), picture(b"b")],
        );
        request.threshold = 0.15;
        let model = model.classify.unwrap();
        let seen = model.classify(request.clone()).await.unwrap();
        assert_eq!(seen.sights.len(), 2);
        for (sight, side) in std::iter::zip(&seen.sights, [1, 2]) {
            let labels: Vec<_> = sight.predictions.iter().map(|one| &*one.label).collect();
            assert_eq!((labels, sight.width), (vec!["dog", "cat"], side));
        }
        let received = upstream.received();
        assert_eq!(received[0].header("content-type"), Some("application/x-image"));
        assert_eq!((&*received[0].body, &*received[1].body), (&b"a"[..], &b"b"[..]));
        // What is no picture is not sent.
        request.pictures[1] = picture(b"zzz");
        let refused = model.classify(request).await.unwrap_err();
        assert_eq!(refused.param(), Some("images[1]"));
        assert_eq!(upstream.received().len(), 2);
    }
}
