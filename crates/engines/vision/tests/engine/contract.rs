//! The engine faces the suite that every classifier faces.

use std::sync::Arc;

use busbar_core::Picture;
use busbar_engine_vision::{VisionEngineConfig, runtime::Choice};
use busbar_testkit::conformance::classify::{self, Subject};

use crate::support::{little, load, plain};

async fn check(runtime: Choice) {
    let config = VisionEngineConfig { runtime, ..little() };
    let engine = load(&config).unwrap();
    let counted = engine.clone();
    classify::all(&Subject {
        model: Arc::new(engine),
        pictures: vec![plain([0, 0, 0]), plain([255, 0, 0]), plain([255, 255, 255])],
        broken: Picture::Encoded(b"\x89PNG\r\n\x1a\nno more".to_vec().into()),
        live: Box::new(move || counted.live()),
    })
    .await;
}

#[tokio::test]
async fn it_keeps_the_contract_on_our_own_runtime() {
    check(Choice::Direct).await;
}

#[tokio::test]
async fn it_keeps_the_contract_on_rten() {
    check(Choice::Rten).await;
}
