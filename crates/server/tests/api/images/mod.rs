//! Pictures as jobs: asked for, watched, stopped, fetched; with a model that follows a script.

mod dialects;
mod events;
mod files;
mod generations;
mod jobs;
mod refusals;
mod runs;

use std::{sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use busbar_core::{
    BoxFuture, Capabilities, Error, ErrorKind, GeneratedImage, ImageDone, ImageEvent, ImageModel,
    ImageRequest, ImageScheduler, ImageStream, Model, ModelCard, ModelId, Models, Money, Pixels, Result,
    Secret, Task,
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
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use crate::support::{AT_MOST, Answer, Rig, painting};

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
                    seed: Some(request.seed.unwrap_or(40) + index),
                    steps: Some(4),
                    guidance: Some(7.5),
                    scheduler: Some(ImageScheduler::Euler),
                    strength: request.init.as_ref().map(|init| init.strength),
                },
            })
        }));
        events.push(ImageEvent::Done(ImageDone {
            pictures: request.count,
            notices: vec!["the prompt was long".into()],
            cost: Some(Money::picodollars(40_000_000_000)),
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
            from: None,
            jobs,
            keys: UrlKeys::new(vec![key]).unwrap().into(),
            valid_for: HOUR,
            webhooks: true,
        };
        let models = match has_model {
            true => Models::default()
                .with(model_of(painter))
                .with_alias("amazon.*", "painter".into())
                .with_alias("stability.*", "painter".into()),
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
