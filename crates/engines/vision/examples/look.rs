//! Looks at one picture again and again, once for each line on standard input (a number: how many
//! times in one request), and says how long the model took. `bench/vision.py` measures with it.
//!
//! ```text
//! look MODEL DESCRIPTION RUNTIME PICTURE [LIBRARY]
//! ```
#![expect(clippy::print_stdout, reason = "what it says is its whole purpose")]

use std::{
    io::BufRead as _,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use busbar_core::{Classifier as _, ClassifyRequest, Clock, Context, Picture, RequestId};
use busbar_engine_vision::{Description, VisionEngine, VisionEngineConfig, runtime::Choice};

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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what| arguments.next().ok_or(format!("{what} is missing"));
    let model = PathBuf::from(next("MODEL")?);
    let named = next("DESCRIPTION")?;
    let description = match Description::built_in(&named) {
        Some(description) => description?,
        None => Description::read(named.as_ref())?,
    };
    let mut config = VisionEngineConfig::new("m".into(), model, description);
    config.runtime = match &*next("RUNTIME")? {
        "direct" => Choice::Direct,
        "rten" => Choice::Rten,
        "onnxruntime" => Choice::OnnxRuntime,
        _ => Choice::Auto,
    };
    let picture = Picture::Encoded(std::fs::read(next("PICTURE")?)?.into());
    config.onnxruntime = next("LIBRARY").ok().map(PathBuf::from);
    let engine = VisionEngine::load(&config, Arc::new(SystemClock))?;
    println!("{}: {}", engine.running().name, engine.running().why);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for line in std::io::stdin().lock().lines() {
        let times = line?.trim().parse()?;
        let context = Context::new(RequestId::new("look"));
        let request = ClassifyRequest::new(context, "m".into(), vec![picture.clone(); times]);
        let answer = runtime.block_on(engine.classify(request))?;
        let best = &answer.sights[0].predictions[0];
        println!(
            "{} {} {} {:.4} {}",
            answer.timings.inference.as_nanos(),
            answer.timings.preprocess.as_nanos(),
            answer.timings.decode.as_nanos(),
            best.score,
            best.label
        );
    }
    Ok(())
}
