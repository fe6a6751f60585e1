//! Jobs of the kind `image`: made with a model that follows a script.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use crate::common::{HOUR, Scene};
use busbar_core::{
    BoxFuture, GeneratedImage, ImageDone, ImageEvent, ImageModel, ImageRequest, ImageScheduler, ImageStream,
    Pixels, Result, Tenant,
};
use busbar_jobs::{
    Input, Job, JobState, MediaType, NewJob, Phase,
    image::{ImageJobs, ImageRecipe, PictureFiles},
};
use bytes::Bytes;
use futures_util::StreamExt as _;

/// Tells two steps, a preview and its pictures; remembers what was asked.
#[derive(Debug, Default)]
struct Painter {
    asked: Mutex<Vec<ImageRequest>>,
    never_ends: bool,
}

fn pixels() -> Pixels {
    Pixels::new(8, 16, Bytes::from(vec![7; 8 * 16 * 3])).unwrap()
}

impl ImageModel for Painter {
    fn generate(&self, request: ImageRequest) -> BoxFuture<'_, Result<ImageStream>> {
        let mut events = vec![
            ImageEvent::Step { done: 1, total: 2 },
            ImageEvent::Preview {
                index: 0,
                pixels: pixels(),
            },
            ImageEvent::Step { done: 2, total: 2 },
        ];
        for index in 0..request.count {
            events.push(ImageEvent::Picture(GeneratedImage {
                index,
                pixels: pixels(),
                recipe: busbar_core::ImageRecipe {
                    seed: Some(40 + index),
                    steps: Some(2),
                    guidance: Some(7.5),
                    scheduler: Some(ImageScheduler::Euler),
                    strength: None,
                },
            }));
        }
        events.push(ImageEvent::Done(ImageDone::default()));
        self.asked.lock().unwrap().push(request);
        let told = futures_util::stream::iter(events.into_iter().map(Ok));
        let never_ends = self.never_ends;
        Box::pin(async move {
            let stream: ImageStream = match never_ends {
                true => Box::pin(told.take(1).chain(futures_util::stream::pending())),
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
        let file = format!(
            "{}x{} {media:?} {}",
            pixels.width(),
            pixels.height(),
            recipe.unwrap_or_default()
        );
        Box::pin(async move { Ok(Bytes::from(file)) })
    }

    fn read(&self, _: Bytes) -> BoxFuture<'_, Result<Pixels>> {
        Box::pin(async { Ok(pixels()) })
    }
}

fn scene(painter: &Arc<Painter>) -> Scene {
    let painter = Arc::clone(painter);
    let find = move |name: &busbar_core::ModelId| {
        let model: Arc<dyn ImageModel> = Arc::<Painter>::clone(&painter);
        (name.as_str() == "painter").then_some(model)
    };
    Scene::with(Arc::new(ImageJobs::new(Box::new(find), Arc::new(Text))))
}

async fn submit(scene: &Scene, recipe: &ImageRecipe, inputs: Vec<Input>) -> Job {
    recipe.check(inputs.len()).unwrap();
    let new = NewJob {
        kind: ImageJobs::kind(),
        recipe: serde_json::to_value(recipe).unwrap(),
        inputs,
        key: None,
        hook: None,
        expires_in: None,
    };
    scene.jobs.submit(&Tenant::new("t"), new).await.unwrap().job
}

#[tokio::test]
async fn pictures_are_kept_with_what_it_takes_to_make_them_again() {
    let scene = scene(&Arc::default());
    let recipe = ImageRecipe {
        count: 2,
        ..ImageRecipe::new("painter", "a red apple")
    };
    let job = submit(&scene, &recipe, vec![]).await;
    scene.run().await;
    let job = scene.get(&job).await;
    let JobState::Succeeded { output } = &job.state else {
        unreachable!("{job:?}")
    };
    assert_eq!(output.artifacts.len(), 2);
    let used = &output.detail["pictures"][1];
    let again: ImageRecipe = serde_json::from_value(used.clone()).unwrap();
    assert_eq!(
        (again.seed, again.width, again.height),
        (Some(41), Some(8), Some(16))
    );
    assert_eq!(again.prompt, "a red apple");
    let body = scene
        .jobs
        .artifacts()
        .get(output.artifacts[1].name, None)
        .await
        .unwrap();
    let file: Vec<Bytes> = body.chunks.map(Result::unwrap).collect().await;
    let file = String::from_utf8(file.concat()).unwrap();
    let inside = file.strip_prefix("8x16 Png ").unwrap();
    assert_eq!(serde_json::from_str::<ImageRecipe>(inside).unwrap(), again);
}

#[tokio::test]
async fn a_given_picture_reaches_the_model_and_goes_with_the_job() {
    let painter = Arc::<Painter>::default();
    let scene = scene(&painter);
    let given = Input {
        content: Bytes::from_static(b"a picture"),
        media: MediaType::Png,
    };
    let recipe = ImageRecipe {
        strength: Some(0.25),
        ..ImageRecipe::new("painter", "a red apple")
    };
    let job = submit(&scene, &recipe, vec![given]).await;
    scene.run().await;
    let asked = painter.asked.lock().unwrap().remove(0);
    assert_eq!(asked.init.unwrap().strength.to_bits(), 0.25_f32.to_bits());
    assert_eq!(asked.context.tenant, Tenant::new("t"));
    scene.jobs.delete(&job.tenant, job.id).await.unwrap();
    assert!(scene.jobs.artifacts().head(job.inputs[0]).await.is_err());
}

/// Workers of which only every second one has the model that jobs ask for.
fn half_of_them_without() -> Scene {
    let asked = AtomicUsize::new(0);
    let find = move |_: &busbar_core::ModelId| {
        let model: Arc<dyn ImageModel> = Arc::<Painter>::default();
        (asked.fetch_add(1, Ordering::Relaxed) % 2 == 1).then_some(model)
    };
    Scene::with(Arc::new(ImageJobs::new(Box::new(find), Arc::new(Text))))
}

#[tokio::test]
async fn a_worker_without_the_model_leaves_the_job_to_one_that_has_it() {
    let scene = half_of_them_without();
    let job = submit(&scene, &ImageRecipe::new("painter", "a red apple"), vec![]).await;
    scene.run().await;
    assert_eq!(scene.get(&job).await.phase(), Phase::Queued);
    scene.clock.advance(HOUR);
    scene.run().await;
    assert_eq!(scene.get(&job).await.phase(), Phase::Succeeded);
}

#[tokio::test]
async fn a_model_that_nobody_has_fails_the_job_with_its_name() {
    let scene = scene(&Arc::default());
    let job = submit(&scene, &ImageRecipe::new("gone", "a red apple"), vec![]).await;
    for _ in 0..job.tries {
        scene.run().await;
        scene.clock.advance(HOUR);
    }
    let job = scene.get(&job).await;
    assert_eq!(job.phase(), Phase::Failed);
    let fault = job.fault().unwrap();
    assert!(fault.reason.contains("`gone`"));
    assert_eq!(fault.code.as_deref(), Some("model_not_found"));
}

#[tokio::test]
async fn a_picture_is_cancelled_within_a_step_that_takes_long() {
    let painter = Arc::new(Painter {
        never_ends: true,
        ..Painter::default()
    });
    let scene = scene(&painter);
    let job = submit(&scene, &ImageRecipe::new("painter", "a red apple"), vec![]).await;
    tokio::join!(scene.run(), async {
        scene
            .until(&job, |job| job.progress().is_some_and(|p| p.step == 1))
            .await;
        scene.cancel(&job).await;
    });
    assert_eq!(scene.get(&job).await.phase(), Phase::Cancelled);
}
