//! The model that ships draws here what it draws in the reference: same words, same seed, same picture.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_core::{
    Clock, Context, GeneratedImage, ImageEvent, ImageModel as _, ImageRequest, ImageScheduler, ModelId,
    RequestId,
};
use busbar_engine_image::{ImageEngine, ImageEngineConfig, Precision};
use candle_core::{Device, safetensors};
use futures_util::StreamExt as _;
use serde_json::Value;

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

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/emoji-diffusion")
}

fn request(expected: &Value) -> ImageRequest {
    let solver = expected["scheduler"].as_str().unwrap();
    let side = |name: &str| Some(expected[name].as_u64().unwrap() as u32);
    ImageRequest {
        width: side("width"),
        height: side("height"),
        steps: side("steps"),
        seed: side("seed"),
        guidance: Some(expected["guidance"].as_f64().unwrap() as f32),
        scheduler: ImageScheduler::ALL
            .iter()
            .copied()
            .find(|known| known.as_str() == solver),
        ..ImageRequest::new(
            Context::new(RequestId::new("t")),
            ModelId::new("emoji"),
            expected["prompt"].as_str().unwrap(),
        )
    }
}

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

/// The largest difference of two pictures from 0 to 1, beyond what rounding to bytes makes.
fn gap(ours: &GeneratedImage, theirs: &[f32]) -> f32 {
    assert_eq!(ours.pixels.rgb().len(), theirs.len());
    let gaps = ours.pixels.rgb().iter().zip(theirs).map(|(ours, theirs)| {
        let gap = (f32::from(*ours) / 255.0 - theirs).abs();
        (gap - 0.5 / 255.0).max(0.0)
    });
    gaps.fold(0.0, f32::max)
}

/// Its weights are in `f16`. The reference computes with them in `f32`, as this engine does on a CPU
/// whichever of the two it keeps.
#[tokio::test]
async fn the_model_that_ships_draws_what_the_reference_draws() {
    let text = fs::read_to_string(model().join("tests/expected.json")).unwrap();
    let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
    let pictures = safetensors::load(model().join("tests/expected.safetensors"), &Device::Cpu).unwrap();
    assert!(!expected.is_empty());
    for precision in [Precision::F32, Precision::F16] {
        let mut config = ImageEngineConfig::new(ModelId::new("emoji"), model());
        config.precision = precision;
        let engine = ImageEngine::load(&config, Arc::new(RealClock)).unwrap();
        for expected in &expected {
            let theirs = pictures[expected["picture"].as_str().unwrap()]
                .flatten_all()
                .unwrap()
                .to_vec1::<f32>()
                .unwrap();
            let gap = gap(&picture(&engine, request(expected)).await, &theirs);
            assert!(
                gap < 1e-2,
                "{}, {precision:?}: it differs by {gap}",
                expected["prompt"]
            );
        }
    }
}
