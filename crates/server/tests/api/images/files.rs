//! Files of jobs: at signed addresses, whole or in part; gone with their job.

use axum::{
    body::Body,
    http::{Method, Request},
};
use serde_json::json;

use super::{HOUR, apple, at, scene};
use crate::support::bare;

#[tokio::test]
async fn a_picture_that_was_made_comes_with_its_recipe() {
    let scene = scene();
    let job = scene
        .made(json!({"prompt": "a red apple", "seed": 7, "count": 2, "format": "webp"}))
        .await;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["notices"], json!(["the prompt was long"]));
    let pictures = job["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 2);
    let (picture, recipe) = (&pictures[1], &pictures[1]["recipe"]);
    assert_eq!((&recipe["seed"], &recipe["width"]), (&json!(8), &json!(8)));
    assert_eq!(picture["content_type"], "image/webp");
    let file = scene.rig.get(picture["url"].as_str().unwrap()).await;
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("image/webp"))
    );
    assert_eq!(file.body.len() as u64, picture["bytes"].as_u64().unwrap());
    assert!(file.text().contains("a red apple"), "the recipe is in the file");
}

#[tokio::test]
async fn a_file_is_kept_by_browsers_and_comes_in_parts() {
    let scene = scene();
    let job = scene.made(apple()).await;
    let url = &job["pictures"][0]["url"];
    let whole = scene.rig.get(url.as_str().unwrap()).await;
    let cached = whole.header("cache-control").unwrap();
    assert!(
        cached.starts_with("private, max-age=35") && cached.ends_with("immutable"),
        "{cached}"
    );
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let etag = whole.header("etag").unwrap();
    let known = scene.fetch(url, "if-none-match", etag).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), Some(etag));

    let part = scene.fetch(url, "range", "bytes=1-3").await;
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[1..4]));
    let of = format!("bytes 1-3/{}", whole.body.len());
    assert_eq!(part.header("content-range"), Some(&*of));
    let beyond = scene.fetch(url, "range", "bytes=99999-").await;
    assert_eq!(beyond.status, 416);
    let of = format!("bytes */{}", whole.body.len());
    assert_eq!(beyond.header("content-range"), Some(&*of));
    assert_eq!(beyond.json()["code"], "range_not_satisfiable");
}

#[tokio::test]
async fn an_address_opens_its_own_file_until_it_ends() {
    let scene = scene();
    let job = scene.made(apple()).await;
    let url = job["pictures"][0]["url"].as_str().unwrap();
    let refused = async |url: &str, code: &str| {
        let answer = scene.rig.get(url).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (403, &json!(code)),
            "{url}"
        );
    };
    let (path, _) = url.split_once('?').unwrap();
    refused(path, "signature_invalid").await;
    refused(&url.replace("signature=", "signature=A"), "signature_invalid").await;
    scene.clock.advance(HOUR);
    refused(url, "signature_expired").await;
    let again = scene.look(&job).await;
    let url = again["pictures"][0]["url"].as_str().unwrap();
    assert_eq!(scene.rig.get(url).await.status, 200);
    let nothing = scene.rig.get("/v1/images/files/../secret").await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn addresses_have_the_host_that_the_client_asked() {
    let scene = scene();
    let job = scene.made(apple()).await;
    let request = Request::get(at(&job, "")).header("host", "pictures.example:8080");
    let seen = scene.rig.send(request.body(Body::empty()).unwrap()).await.json();
    let url = seen["pictures"][0]["url"].as_str().unwrap();
    assert!(
        url.starts_with("http://pictures.example:8080/v1/images/files/"),
        "{url}"
    );
}

#[tokio::test]
async fn a_job_that_is_removed_takes_its_pictures_along() {
    let scene = scene();
    let job = scene.made(apple()).await;
    let url = job["pictures"][0]["url"].as_str().unwrap();
    let removed = scene.rig.send(bare(Method::DELETE, &at(&job, ""))).await;
    assert_eq!(removed.status, 204);
    assert_eq!(scene.rig.get(&at(&job, "")).await.status, 404);
    assert_eq!(scene.rig.get(url).await.status, 404);
}

#[tokio::test]
async fn a_picture_may_be_made_from_another() {
    let scene = scene();
    // What PNG files begin with.
    let job = scene
        .made(json!({"prompt": "p", "image": "iVBORw0KGgo=", "strength": 0.25}))
        .await;
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["pictures"][0]["recipe"]["strength"], json!(0.25));
}
