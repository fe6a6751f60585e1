//! Same seed, same text, whatever else runs beside it.

use std::time::Duration;

use crate::support::{GEMMA, SMOLLM2, ask, config, engine, go_on};
use busbar_core::{ChatModelExt as _, ChatRequest, Transcript};
use busbar_engine_text::{TextEngine, TextEngineConfig};
use futures_util::future::join_all;

const TOPICS: [&str; 8] = [
    "rivers",
    "bread",
    "the moon",
    "chess",
    "a lost key",
    "copper wire",
    "winter in Riga",
    "how ships float",
];

/// Requests of different lengths, temperatures and forms.
fn mixed(count: usize, chat: bool) -> Vec<ChatRequest> {
    let request = |n: usize| {
        let topic = TOPICS[n % TOPICS.len()];
        let most = 6 + 3 * u32::try_from(n % 5).unwrap_or_default();
        let padding = "Some context that makes the prompt longer. ".repeat(n % 3 * 4);
        let text = format!("{padding}Tell me something about {topic}.");
        let mut request = if chat {
            ask(&text, most)
        } else {
            go_on(&text, most)
        };
        request.sampling.seed = Some(n as u64);
        request.sampling.temperature = Some([0.0, 0.8, 1.2][n % 3]);
        request
    };
    (0..count).map(request).collect()
}

async fn alone(config: &TextEngineConfig, requests: &[ChatRequest]) -> Vec<Transcript> {
    let mut answers = Vec::new();
    let engine = engine(config);
    for request in requests {
        answers.push(engine.complete(request.clone()).await.unwrap());
    }
    answers
}

async fn together(engine: &TextEngine, requests: &[ChatRequest]) -> Vec<Transcript> {
    let answers = join_all(requests.iter().map(|request| engine.complete(request.clone()))).await;
    answers.into_iter().map(Result::unwrap).collect()
}

async fn check(config: &TextEngineConfig, requests: &[ChatRequest]) {
    let alone = alone(config, requests).await;
    let engine = engine(config);
    // The second time round everything is in the cache, at other places than before.
    for round in ["cold", "warm"] {
        for (n, (lone, mixed)) in alone.iter().zip(together(&engine, requests).await).enumerate() {
            assert_eq!(lone.text, mixed.text, "request {n}, {round}");
            assert_eq!(lone.finish, mixed.finish, "request {n}, {round}");
            assert_eq!(lone.usage.output, mixed.usage.output, "request {n}, {round}");
        }
    }
    assert!(
        engine.stats().reused_tokens > 0,
        "the second round finds prompts in the cache"
    );
}

#[tokio::test]
async fn thirty_two_mixed_answers_are_those_of_lone_requests() {
    let mut config = config(SMOLLM2);
    config.sequences = 8.try_into().unwrap();
    check(&config, &mixed(32, true)).await;
}

#[tokio::test]
async fn weights_of_other_quantisations_give_the_same_too() {
    check(&config(GEMMA), &mixed(9, false)).await;
}

#[tokio::test]
async fn several_threads_give_the_same_too() {
    let mut config = config(SMOLLM2);
    config.threads = Some(2.try_into().unwrap());
    // Longer than 512 tokens: there llama.cpp would divide the attention of a lone row.
    let long = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(45);
    let mut requests = mixed(4, true);
    requests.push(ask(&format!("{long} What did the fox do?"), 12));
    check(&config, &requests).await;
}

/// Those without a seed come one after the other, each while the long prompt of the one with a seed
/// is being read: its pieces are stopped, and become small.
#[tokio::test]
async fn a_long_prompt_with_a_seed_may_be_interrupted() {
    let config = config(SMOLLM2);
    let long = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(40);
    let seeded = ask(&format!("{long} What did the fox do?"), 16);
    let lone = engine(&config).complete(seeded.clone()).await.unwrap();
    let engine = engine(&config);
    let others = async {
        for topic in TOPICS.iter().take(6) {
            let mut other = ask(&format!("Say {topic}."), 4);
            other.sampling.seed = None;
            tokio::time::sleep(Duration::from_millis(40)).await;
            engine.complete(other).await.unwrap();
        }
    };
    let (beside, ()) = tokio::join!(engine.complete(seeded), others);
    assert_eq!(beside.unwrap().text, lone.text);
}
