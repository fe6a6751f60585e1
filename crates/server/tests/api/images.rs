//! Pictures as jobs: asked for, watched, stopped, fetched; with a model that follows a script.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Method, Request},
};
use busbar_core::{
    BoxFuture, Capabilities, Error, ErrorKind, GeneratedImage, ImageDone, ImageEvent, ImageModel,
    ImageRequest, ImageScheduler, ImageStream, Model, ModelCard, ModelId, Models, Pixels, Result, Secret,
    Task,
};
use busbar_jobs::{
    Jobs, MediaType, Policy, Runner, RunnerPolicy, UrlKey, UrlKeys,
    image::{ImageJobs, PictureFiles},
};
use busbar_server::Pictures;
use busbar_storage::{
    Files,
    memory::{MemoryQueue, MemoryStore},
};
use busbar_testkit::TestClock;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};

use crate::support::{AT_MOST, Answer, Rig, bare, painting, post, post_with, saying};

const JOBS: &str = "/v1/images/jobs";
const HOUR: Duration = Duration::from_secs(3600);

/// Makes every picture in four steps of two seconds, and stops in the middle where it is told to.
#[derive(Debug)]
struct Painter {
    clock: Arc<TestClock>,
    stops_halfway: bool,
}

fn pixels() -> Pixels {
    Pixels::new(8, 16, Bytes::from(vec![7; 8 * 16 * 3])).unwrap()
}

impl ImageModel for Painter {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        let step = |done| ImageEvent::Step { done, total: 4 };
        let preview = ImageEvent::Preview {
            index: 0,
            pixels: pixels(),
        };
        let mut events = vec![step(1), step(2), preview, step(3), step(4)];
        events.extend((0..request.count).map(|index| {
            ImageEvent::Picture(GeneratedImage {
                index,
                pixels: pixels(),
                recipe: busbar_core::ImageRecipe {
                    seed: request.seed.unwrap_or(40) + index,
                    steps: 4,
                    guidance: 7.5,
                    scheduler: ImageScheduler::Euler,
                    strength: request.init.as_ref().map(|init| init.strength),
                },
            })
        }));
        events.push(ImageEvent::Done(ImageDone {
            pictures: request.count,
            notices: vec!["the prompt was long".into()],
        }));
        let clock = self.clock.clone();
        let told = futures_util::stream::iter(events).map(move |event| {
            if matches!(event, ImageEvent::Step { .. }) {
                clock.advance(Duration::from_secs(2));
            }
            Ok(event)
        });
        let refused = request.prompt.contains("impossible");
        let stops = self.stops_halfway;
        Box::pin(async move {
            if refused {
                return Err(Error::new(ErrorKind::Unsupported, "this cannot be painted"));
            }
            let stream: ImageStream = match stops {
                true => Box::pin(told.take(3).chain(futures_util::stream::pending())),
                false => Box::pin(told),
            };
            Ok(stream)
        })
    }
}

/// A file is its size and its recipe, as text.
#[derive(Debug)]
struct Text;

impl PictureFiles for Text {
    fn write(
        &self,
        pixels: Pixels,
        media: MediaType,
        recipe: Option<String>,
    ) -> BoxFuture<'_, Result<Bytes>> {
        let size = format!("{}x{}", pixels.width(), pixels.height());
        let file = format!("{size} {media:?} {}", recipe.unwrap_or_default());
        Box::pin(async move { Ok(Bytes::from(file)) })
    }

    fn read(&self, _: Bytes) -> BoxFuture<'_, Result<Pixels>> {
        Box::pin(async { Ok(pixels()) })
    }
}

struct Scene {
    rig: Rig,
    clock: Arc<TestClock>,
    runner: Runner,
}

fn scene() -> Scene {
    Scene::of(false, true)
}

fn halfway() -> Scene {
    Scene::of(true, true)
}

impl Scene {
    fn of(stops_halfway: bool, has_model: bool) -> Self {
        let clock = Arc::new(TestClock::new());
        let painter: Arc<dyn ImageModel> = Arc::new(Painter {
            clock: clock.clone(),
            stops_halfway,
        });
        let jobs = Jobs::new(
            Arc::new(MemoryStore::new()),
            Arc::new(MemoryQueue::new(clock.clone(), 100)),
            Arc::new(Files::in_memory()),
            clock.clone(),
            Policy::default(),
        );
        let model = painter.clone();
        let find = move |name: &ModelId| (name.as_str() == "painter").then(|| model.clone());
        let runner = Runner::new(
            jobs.clone(),
            Arc::new(ImageJobs::new(Box::new(find), Arc::new(Text))),
            RunnerPolicy {
                look_every: Duration::from_millis(1),
                wait: Duration::from_millis(1),
                finish_within: Duration::from_millis(1),
                ..RunnerPolicy::default()
            },
        );
        let key = UrlKey {
            id: "a".into(),
            secret: Secret::new(vec![7; 32]),
        };
        let pictures = Pictures {
            jobs,
            keys: UrlKeys::new(vec![key]).unwrap(),
            valid_for: HOUR,
        };
        let models = match has_model {
            true => Models::default().with(model_of(painter)),
            false => Models::default(),
        };
        Self {
            rig: painting(models, pictures, clock.clone()),
            clock,
            runner,
        }
    }

    async fn submit(&self, body: Value) -> Value {
        let answer = self.rig.post(JOBS, &body).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()
    }

    async fn work(&self) {
        self.runner.run_ready().await.unwrap();
    }

    async fn made(&self, body: Value) -> Value {
        let job = self.submit(body).await;
        self.work().await;
        self.look(&job).await
    }

    async fn look(&self, job: &Value) -> Value {
        let answer = self.rig.get(&at(job, "")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Looks until it is so.
    async fn until(&self, job: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
        let looking = async {
            loop {
                let seen = self.look(job).await;
                if is_so(&seen) {
                    return seen;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(AT_MOST, looking).await.unwrap()
    }

    async fn fetch(&self, url: &Value, name: &'static str, value: &str) -> Answer {
        let request = Request::get(url.as_str().unwrap()).header(name, value);
        self.rig.send(request.body(Body::empty()).unwrap()).await
    }
}

fn model_of(painter: Arc<dyn ImageModel>) -> Model {
    let card = ModelCard {
        id: "painter".into(),
        title: "painter".into(),
        host: "test".into(),
        licence: "MIT".into(),
        capabilities: Capabilities {
            tasks: vec![Task::Image],
            ..Capabilities::default()
        },
        price: None,
    };
    Model {
        image: Some(painter),
        ..Model::new(card)
    }
}

fn at(job: &Value, rest: &str) -> String {
    format!("{JOBS}/{}{rest}", job["id"].as_str().unwrap())
}

fn apple() -> Value {
    json!({"prompt": "a red apple"})
}

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
    let place = at(&job, "/events");
    let watching = scene.rig.get(&place);
    let (events, (), ()) = tokio::join!(watching, scene.work(), async {
        scene.until(&job, |job| job["progress"]["step"] == 2).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        scene.rig.send(bare(Method::POST, &at(&job, "/cancel"))).await;
    });
    let told: Vec<Value> = events
        .events()
        .iter()
        .map(|event| serde_json::from_str(&event.data).unwrap())
        .collect();
    assert!(
        told.iter().any(|event| event["progress"]["step"] == 2),
        "{told:?}"
    );
    assert_eq!(told.last().unwrap()["event"], "cancelled");
    assert!(told.is_sorted_by_key(|event| event["seq"].as_u64()));
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

/// Asks for pictures in the OpenAI dialect while a worker is at work.
async fn generate(scene: &Scene, body: Value) -> Answer {
    let over = AtomicBool::new(false);
    let working = async {
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            scene.work().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let asking = async {
        let answer = scene.rig.post("/v1/images/generations", &body).await;
        over.store(true, std::sync::atomic::Ordering::Relaxed);
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
    {
        let body = apple();
        let asking = scene.rig.post("/v1/images/generations", &body);
        let gone = tokio::time::timeout(Duration::from_millis(50), asking).await;
        assert!(gone.is_err());
    }
    let job = scene.rig.get(JOBS).await.json()["data"][0].clone();
    scene.until(&job, |job| job["state"] == "cancelled").await;
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
