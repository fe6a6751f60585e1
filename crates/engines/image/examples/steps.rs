//! Times the steps of a model, for `bench/image.py`: `steps FOLDER THREADS`, then a line
//! `SIDE STEPS` a picture; answers with the seconds of each step as a line of JSON.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool for measuring, not a part of the server"
)]

use std::{
    io::BufRead as _,
    num::NonZeroUsize,
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_core::{Clock, Context, ImageEvent, ImageModel as _, ImageRequest, ModelId, RequestId};
use busbar_engine_image::{ImageEngine, ImageEngineConfig, ModelFiles};
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

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let threads: NonZeroUsize = arguments.next().unwrap().parse().unwrap();
    let mut config = ImageEngineConfig::new(ModelId::new("bench"), ModelFiles::folder(folder));
    config.threads = Some(threads);
    config.fast_convolutions = arguments.next().as_deref() != Some("direct");
    let engine = ImageEngine::load(&config, Arc::new(RealClock)).unwrap();
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (side, steps) = line.split_once(' ').unwrap();
        let side = Some(side.parse().unwrap());
        let request = ImageRequest {
            width: side,
            height: side,
            steps: Some(steps.parse().unwrap()),
            seed: Some(1),
            ..ImageRequest::new(
                Context::new(RequestId::new("bench")),
                ModelId::new("bench"),
                "a cat",
            )
        };
        let mut events = engine.generate(request).await.unwrap();
        let mut last = Instant::now();
        let mut seconds = Vec::new();
        while let Some(event) = events.next().await {
            if let ImageEvent::Step { .. } = event.unwrap() {
                seconds.push(format!("{:.4}", last.elapsed().as_secs_f64()));
                last = Instant::now();
            }
        }
        println!("[{}]", seconds.join(", "));
    }
}
