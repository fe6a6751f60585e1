//! The engine keeps the contract of `ImageModel`, and says clearly what it cannot do.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use busbar_core::{
    Clock, Context, ErrorKind, GeneratedImage, ImageEvent, ImageModel as _, ImageRequest, ImageScheduler,
    ModelId, RequestId,
};
use busbar_engine_image::{Embedded, ImageDevice, ImageEngine, ImageEngineConfig, ModelFiles};
use busbar_testkit::conformance::image::{Subject, all};
use futures_util::StreamExt as _;

#[derive(Debug)]
struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/fixtures/diffusion")
        .join(name)
}

fn config(name: &str) -> ImageEngineConfig {
    ImageEngineConfig::new(ModelId::new(name), fixture(name))
}

fn load(config: &ImageEngineConfig) -> ImageEngine {
    ImageEngine::load(config, Arc::new(RealClock)).unwrap()
}

fn request() -> ImageRequest {
    ImageRequest {
        width: Some(64),
        height: Some(64),
        steps: Some(4),
        preview_every: 2,
        ..ImageRequest::new(
            Context::new(RequestId::new("t")),
            ModelId::new("sd1"),
            "a red apple",
        )
    }
}

#[tokio::test]
async fn the_engine_keeps_the_contract() {
    let engine = load(&config("sd1"));
    let counted = engine.clone();
    let subject = Subject {
        model: Arc::new(engine),
        answered: Box::new(request),
        live: Box::new(move || counted.live()),
    };
    all(&subject).await;
}

#[tokio::test]
async fn what_does_not_fit_into_the_queue_is_refused_with_a_wait() {
    let mut config = config("sd1");
    config.queue = 1;
    let engine = load(&config);
    let long = || ImageRequest {
        steps: Some(400),
        ..request()
    };
    let mut working = engine.generate(long()).await.unwrap();
    // The first step has been told, so this one no longer waits.
    working.next().await.unwrap().unwrap();
    let waiting = engine.generate(long()).await.unwrap();
    let Err(refused) = engine.generate(long()).await else {
        panic!("a third request was taken where one may wait");
    };
    assert!(matches!(refused.kind(), ErrorKind::Overloaded { .. }));
    drop(waiting);
    // Whoever goes makes room.
    drop(engine.generate(long()).await.unwrap());
}

#[tokio::test]
async fn work_past_its_deadline_stops() {
    let engine = load(&config("sd1"));
    let mut request = request();
    request.steps = Some(ImageRequest::MOST_STEPS);
    request.count = ImageRequest::MOST_PICTURES;
    request.context = request.context.due(Instant::now() + Duration::from_millis(50));
    let mut events = engine.generate(request).await.unwrap();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    let error = last.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test]
async fn a_size_that_the_model_cannot_make_names_its_field() {
    let engine = load(&config("sd2"));
    let mut odd = request();
    odd.height = Some(ImageRequest::LARGEST_SIDE + 8);
    let error = engine.generate(odd).await.err().unwrap();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Invalid, Some("height"))
    );
}

#[tokio::test]
async fn a_picture_without_a_seed_says_which_it_had() {
    let engine = load(&config("sd1"));
    let made = picture(&engine, request()).await;
    assert!(made.recipe.seed.is_some());
    let again = ImageRequest {
        seed: made.recipe.seed,
        ..request()
    };
    assert_eq!(picture(&engine, again).await, made);
}

/// The last picture of a request.
async fn picture(engine: &ImageEngine, request: ImageRequest) -> GeneratedImage {
    let mut events = engine.generate(request).await.unwrap();
    let mut made = None;
    while let Some(event) = events.next().await {
        if let ImageEvent::Picture(picture) = event.unwrap() {
            made = Some(picture);
        }
    }
    made.unwrap()
}

#[tokio::test]
async fn files_that_are_compiled_in_make_the_pictures_of_those_on_a_disk() {
    const PATHS: &[&str] = &[
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/tokenizer_config.json",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.safetensors",
    ];
    let leak = |path: &&'static str| -> (&'static str, &'static [u8]) {
        (path, std::fs::read(fixture("sd1").join(path)).unwrap().leak())
    };
    let files: Vec<_> = PATHS.iter().map(leak).collect();
    let files: Embedded = files.leak();
    let within = ImageEngineConfig::new(ModelId::new("sd1"), ModelFiles::embedded(files));
    let request = || ImageRequest {
        seed: Some(7),
        ..request()
    };
    let ours = picture(&load(&within), request()).await;
    assert_eq!(ours, picture(&load(&config("sd1")), request()).await);
    // One that is missing is named.
    let some: Embedded = &files[..3];
    let lacking = ImageEngineConfig::new(ModelId::new("m"), ModelFiles::embedded(some));
    let error = ImageEngine::load(&lacking, Arc::new(RealClock)).err().unwrap();
    assert!(error.message().contains("unet/config.json"), "{error}");
}

#[tokio::test]
async fn a_model_says_itself_what_suits_it() {
    let folder = copy("sd1");
    let own = r#"{"width": 64, "height": 72, "steps": 3, "guidance": 0.0, "scheduler": "euler"}"#;
    std::fs::write(folder.path().join("busbar.json"), own).unwrap();
    let mut config = ImageEngineConfig::new(ModelId::new("m"), folder.path());
    config.defaults.steps = Some(2);
    let engine = load(&config);
    assert_eq!(engine.size(), (64, 72));
    let plain = ImageRequest::new(Context::new(RequestId::new("t")), ModelId::new("m"), "an apple");
    let recipe = picture(&engine, plain).await.recipe;
    // Who configures it has the last word.
    assert_eq!(recipe.steps, Some(2));
    assert_eq!(recipe.guidance, Some(0.0));
    assert_eq!(recipe.scheduler, Some(ImageScheduler::Euler));
}

#[test]
fn what_cannot_be_loaded_is_told_from_what_is_not_there() {
    let kind = |config: &ImageEngineConfig| {
        ImageEngine::load(config, Arc::new(RealClock))
            .err()
            .unwrap()
            .kind()
    };
    assert_eq!(kind(&config("nothing")), ErrorKind::NotFound);
    let mut on_gpu = config("sd1");
    on_gpu.device = ImageDevice::Cuda(99);
    assert_eq!(kind(&on_gpu), ErrorKind::Unsupported);
}

#[test]
fn a_damaged_model_is_named_by_its_part() {
    let folder = copy("sd1");
    let weights = folder.path().join("unet/diffusion_pytorch_model.safetensors");
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let config = ImageEngineConfig::new(ModelId::new("m"), folder.path());
    let error = ImageEngine::load(&config, Arc::new(RealClock)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("unet"), "{error}");
}

#[test]
fn a_model_of_another_kind_is_refused_by_its_name() {
    let folder = copy("sd1");
    let index = r#"{"_class_name": "StableDiffusionXLPipeline"}"#;
    std::fs::write(folder.path().join("model_index.json"), index).unwrap();
    let config = ImageEngineConfig::new(ModelId::new("m"), folder.path());
    let error = ImageEngine::load(&config, Arc::new(RealClock)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("StableDiffusionXLPipeline"), "{error}");
}

fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["scheduler", "text_encoder", "tokenizer", "unet", "vae"] {
        let (from, to) = (fixture(name).join(part), folder.path().join(part));
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    let index = "model_index.json";
    std::fs::copy(fixture(name).join(index), folder.path().join(index)).unwrap();
    folder
}
