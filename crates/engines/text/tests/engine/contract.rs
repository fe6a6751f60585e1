//! The engine keeps the contract of every chat model.

use std::sync::Arc;

use crate::support::{SMOLLM2, ask, config, engine};
use busbar_core::Prompt;
use busbar_testkit::conformance::chat::{Subject, all};

#[tokio::test]
async fn the_engine_keeps_the_contract_of_chat_models() {
    let engine = engine(&config(SMOLLM2));
    let counted = engine.clone();
    let subject = Subject {
        model: Arc::new(engine),
        answered: Box::new(|| ask("Write a long story about a lighthouse.", 24)),
        refused: Box::new(|| {
            let mut request = ask("", 8);
            request.prompt = Prompt::Text("word ".repeat(5000));
            request
        }),
        // No input is known that breaks llama.cpp in the middle; a dead worker is tested by itself.
        broken: None,
        live: Box::new(move || {
            let stats = counted.stats();
            stats.active + stats.queued
        }),
    };
    all(&subject).await;
}
