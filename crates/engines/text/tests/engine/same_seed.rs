//! Same seed, same text, whatever else runs beside it.

use crate::support::{GEMMA, SMOLLM2, ask, config, engine, go_on};
use busbar_core::{
    ChatModelExt as _, ChatRequest, Context, EmbedRequest, Embedder as _, Message, Prompt, RequestId,
    Transcript,
};
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
        // Some are longer than a piece.
        let sentences = if n % 8 == 3 { 18 } else { n % 3 * 2 };
        let padding = "Some context that makes the prompt longer. ".repeat(sentences);
        let text = format!("{padding}Tell me something about {topic}.");
        let mut request = if chat {
            ask(&text, most)
        } else {
            go_on(&text, most)
        };
        request.sampling.seed = Some(n as u64);
        request.sampling.temperature = Some([0.0, 0.8, 1.2][n % 3]);
        // A text may be the same by chance; these numbers are not.
        request.logprobs = Some(2);
        request
    };
    (0..count).map(request).collect()
}

/// The same without seeds: these share passes, and are there to disturb.
fn unseeded(mut requests: Vec<ChatRequest>) -> Vec<ChatRequest> {
    requests
        .iter_mut()
        .for_each(|request| request.sampling.seed = None);
    requests
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

fn same(lone: &Transcript, beside: &Transcript, which: &str) {
    assert_eq!(lone.text, beside.text, "{which}");
    assert_eq!(lone.finish, beside.finish, "{which}");
    assert_eq!(lone.usage.output, beside.usage.output, "{which}");
    assert_eq!(lone.logprobs, beside.logprobs, "{which}");
}

async fn check(config: &TextEngineConfig, requests: &[ChatRequest]) {
    let alone = alone(config, requests).await;
    let engine = engine(config);
    let others = unseeded(requests.iter().step_by(3).cloned().collect());
    // The second time round everything is in the cache, at other places than before.
    for round in ["cold", "warm"] {
        let (answers, _) = tokio::join!(together(&engine, requests), together(&engine, &others));
        for (n, (lone, mixed)) in alone.iter().zip(&answers).enumerate() {
            same(lone, mixed, &format!("request {n}, {round}"));
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
    // Longer than 512 tokens: there llama.cpp divides the attention of a lone row.
    let long = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(45);
    let mut requests = mixed(2, true);
    requests.push(ask(&format!("{long} What did the fox do?"), 8));
    check(&config, &requests).await;
}

/// While the long prompt with a seed is being read, others come, one as soon as the one before is
/// answered: without a seed (its passes are paused for them), with one (a piece is stopped), and
/// texts that are read for their vectors.
#[tokio::test]
async fn a_long_prompt_with_a_seed_may_be_interrupted() {
    let config = config(SMOLLM2);
    let long = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(40);
    let mut seeded = ask(&format!("{long} What did the fox do?"), 16);
    seeded.logprobs = Some(2);
    let short = mixed(3, true);
    let lone = engine(&config).complete(seeded.clone()).await.unwrap();
    let lone_short = alone(&config, &short).await;
    let vector = vector(&engine(&config)).await;

    let engine = engine(&config);
    let without_seed = async {
        for request in unseeded(short.clone()) {
            engine.complete(request).await.unwrap();
        }
    };
    let with_seed = async {
        for (n, request) in short.iter().enumerate() {
            let beside = engine.complete(request.clone()).await.unwrap();
            same(&lone_short[n], &beside, &format!("short request {n}"));
        }
    };
    let read = async { assert_eq!(self::vector(&engine).await, vector) };
    let (beside, ..) = tokio::join!(engine.complete(seeded), without_seed, with_seed, read);
    same(&lone, &beside.unwrap(), "the long one");
}

async fn vector(engine: &TextEngine) -> Vec<f32> {
    let text = "A cat was sitting on a mat in the kitchen, and rates rose by a quarter of a percent. ";
    let request = EmbedRequest::new(
        Context::new(RequestId::new("test")),
        SMOLLM2.into(),
        vec![text.repeat(10)],
    );
    engine.embed(request).await.unwrap().vectors.remove(0)
}

/// A conversation finds its earlier turns in the cache; an engine that has seen none of them comes to
/// the same.
#[tokio::test]
async fn a_conversation_that_goes_on_is_answered_as_by_an_engine_that_never_saw_it() {
    let config = config(SMOLLM2);
    let engine = engine(&config);
    let long = "The quick brown fox jumps over the lazy dog near the river bank. ".repeat(20);
    let mut request = ask(&format!("{long} What did the fox do?"), 24);
    request.logprobs = Some(2);
    for turn in 0..3 {
        let answer = engine.complete(request.clone()).await.unwrap();
        if turn > 0 {
            assert!(
                answer.usage.cached_input.0 > 0,
                "turn {turn} finds the one before"
            );
        }
        let fresh = self::engine(&config).complete(request.clone()).await.unwrap();
        same(&fresh, &answer, &format!("turn {turn}"));
        let Prompt::Messages(messages) = &mut request.prompt else {
            unreachable!("it was asked with messages")
        };
        messages.push(Message::assistant(answer.text));
        messages.push(Message::user("And what did the dog do then?"));
    }
}
