//! What the tests share: fixtures, a clock, engines.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_core::{
    Classification, Classifier as _, ClassifyRequest, Clock, Context, Picture, Pixels, RequestId, Result,
};
use busbar_engine_vision::{Description, VisionEngine, VisionEngineConfig, picture::PictureLimits};

/// The machine's own clock: the conformance suite sets deadlines by it.
#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A fixture; `tests/fixtures/vision/make.py` makes them.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../tests/fixtures/vision")
        .join(name)
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A picture's pixels, as the engine sees them.
pub(crate) fn decoded(file: &[u8]) -> Result<Pixels> {
    busbar_engine_vision::picture::decode(file, &PictureLimits::default())
}

/// The same pixels as `pattern` of `make.py`.
pub(crate) fn pattern(width: u32, height: u32) -> Pixels {
    let pixel = |x: u32, y: u32| {
        let blue = if (x / 7 + y / 5).is_multiple_of(2) {
            255
        } else {
            (x * 31 + y * 17) % 97
        };
        [x * 5 % 256, (x * x + y * 3) % 256, blue].map(|colour| colour as u8)
    };
    let rgb: Vec<u8> = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| pixel(x, y)))
        .collect();
    Pixels::new(width, height, rgb.into()).unwrap()
}

/// One colour all over.
pub(crate) fn plain(colour: [u8; 3]) -> Picture {
    let rgb = colour.repeat(40 * 30);
    Picture::Pixels(Pixels::new(40, 30, rgb.into()).unwrap())
}

/// How the small networks of `make.py` are fed.
pub(crate) fn little() -> VisionEngineConfig {
    const TEXT: &str = "labels = \"labels.txt\"\nwidth = 32\nheight = 32\n[resize]\nrule = \"stretch\"\n\
                        [normalise]\nscale = 1.0\nmean = [127, 127, 127]\nstd = [64, 64, 64]\n";
    let description = Description::parse(TEXT).unwrap();
    VisionEngineConfig::new("little".into(), fixture("little.onnx"), description)
}

pub(crate) fn load(config: &VisionEngineConfig) -> Result<VisionEngine> {
    VisionEngine::load(config, Arc::new(SystemClock))
}

pub(crate) fn request(pictures: Vec<Picture>) -> ClassifyRequest {
    ClassifyRequest::new(Context::new(RequestId::new("test")), "little".into(), pictures)
}

pub(crate) async fn ask(engine: &VisionEngine, picture: Picture) -> Classification {
    engine.classify(request(vec![picture])).await.unwrap()
}
