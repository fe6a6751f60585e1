//! `/predict`: every way in which a picture comes, and what is said of it.

use std::sync::Arc;

use axum::{body::Body, http::Request};
use busbar_core::{
    BoxFuture, Capabilities, Classification, Classifier, ClassifyRequest, ClassifyTimings, Context, Error,
    Fetched, Fetcher, Model, ModelCard, Models, Picture, Prediction, Result, Sight, Task,
};
use busbar_testkit::Scripted;
use serde_json::{Value, json};

use crate::support::{Rig, fetching, post, saying};

/// Sees as many classes as a picture's file has bytes.
#[derive(Debug)]
struct Counting;

impl Classifier for Counting {
    fn classify(&self, request: ClassifyRequest) -> BoxFuture<'_, Result<Classification>> {
        Box::pin(async move {
            let sight = |picture: &Picture| {
                let bytes = match picture {
                    Picture::Encoded(file) => file.len(),
                    Picture::Pixels(pixels) => pixels.rgb().len(),
                };
                let predictions = (0..request.top_k.get()).map(|index| Prediction {
                    label: format!("{bytes} bytes"),
                    index,
                    score: 0.5,
                });
                Sight {
                    predictions: predictions.collect(),
                    width: 4,
                    height: 3,
                }
            };
            Ok(Classification {
                model: request.model.clone(),
                version: Some("2".into()),
                sights: request.pictures.iter().map(sight).collect(),
                timings: ClassifyTimings::default(),
            })
        })
    }
}

#[derive(Debug)]
struct Five;

impl Fetcher for Five {
    fn fetch<'a>(&'a self, _: &'a Context, url: &'a str, param: &'a str) -> BoxFuture<'a, Result<Fetched>> {
        Box::pin(async move {
            if url.contains("inside") {
                return Err(Error::invalid(param, "the address is a private one"));
            }
            Ok(Fetched {
                bytes: (&b"fetch"[..]).into(),
                media_type: "image/png".into(),
            })
        })
    }
}

fn rig() -> Rig {
    let card = ModelCard {
        id: "eye".into(),
        title: "Eye".into(),
        host: "test".into(),
        licence: "MIT".into(),
        capabilities: Capabilities {
            tasks: vec![Task::Classify],
            ..Capabilities::default()
        },
        price: None,
    };
    let scripted = Scripted::saying(&[]);
    let eye = Model {
        classify: Some(Arc::new(Counting)),
        ..Model::new(card)
    };
    let models = Models::default().with(scripted.model("scripted")).with(eye);
    fetching(models, scripted, Arc::new(Five))
}

async fn ask(body: Value) -> (u16, Value) {
    let answer = rig().post("/predict", &body).await;
    (answer.status, answer.json())
}

fn raw(content_type: &str, path: &str, body: &'static [u8]) -> Request<Body> {
    Request::post(path)
        .header("content-type", content_type)
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn a_picture_comes_as_base64_by_address_and_as_it_is() {
    let (status, answer) = ask(json!({"image": "YWJj", "top_k": 2})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["model"], &answer["version"]),
        (&json!("eye"), &json!("2"))
    );
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 2);
    assert_eq!(
        answer["predictions"][1],
        json!({"label": "3 bytes", "score": 0.5, "index": 1})
    );
    assert!(answer["timings_ms"]["total"].is_number() && answer.get("results").is_none());

    let (_, answer) = ask(json!({"image_url": "https://example.com/cat.jpg"})).await;
    assert_eq!(answer["predictions"][0]["label"], "5 bytes");

    let answer = rig()
        .send(raw("image/jpeg", "/predict?top_k=1", b"jpeg"))
        .await
        .json();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 1);
    assert_eq!(answer["predictions"][0]["label"], "4 bytes");
}

#[tokio::test]
async fn a_form_and_a_list_have_several() {
    let form: &[u8] =
        b"--x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\nab\r\n\
        --x\r\ncontent-disposition: form-data; name=\"image\"; filename=\"b.png\"\r\n\r\nabcd\r\n--x--\r\n";
    let answer = rig()
        .send(raw("multipart/form-data; boundary=x", "/predict", form))
        .await
        .json();
    let labels = |answer: &Value| -> Vec<String> {
        let results = answer["results"].as_array().unwrap().iter();
        results
            .map(|result| result["predictions"][0]["label"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(labels(&answer), ["2 bytes", "4 bytes"]);
    let (_, answer) =
        ask(json!({"images": [{"image": "YWJj"}, {"image_url": "https://example.com/x"}]})).await;
    assert_eq!(labels(&answer), ["3 bytes", "5 bytes"]);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_our_own_shape_with_the_field() {
    let (status, problem) = ask(json!({"image_url": "http://inside/"})).await;
    assert_eq!((status, &problem["param"]), (400, &json!("image_url")));
    let (status, problem) = ask(json!({"image": "YWJj", "model": "scripted"})).await;
    assert_eq!((status, &problem["code"]), (400, &json!("unsupported_task")));
    let answer = rig().send(raw("text/html", "/predict", b"<p>")).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (415, &json!("unsupported_media_type"))
    );
    let answer = rig()
        .send(raw("multipart/form-data; boundary=x", "/predict", b"nothing"))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("malformed_form"))
    );
}

#[tokio::test]
async fn a_server_that_fetches_nothing_says_so() {
    let answer = saying(&[])
        .send(post("/predict", &json!({"image": "YWJj"})))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (400, &json!("unsupported_task"))
    );
}
