//! What answers hold: stop texts, forms, log-probabilities, seeds, the cache.

use busbar_core::{
    ChatModelExt as _, ChatRequest, FinishReason, LogitBias, Message, OutputFormat, Prompt, Transcript,
};
use busbar_engine_text::TextEngine;
use serde_json::{Value, json};

use crate::support::{SMOLLM2, ask, config, engine, go_on};

async fn answer(engine: &TextEngine, request: ChatRequest) -> Transcript {
    engine.complete(request).await.unwrap()
}

#[tokio::test]
async fn the_default_model_knows_the_capital_of_france() {
    let engine = engine(&config(SMOLLM2));
    let mut request = go_on("The capital of France is", 8);
    request.sampling.temperature = Some(0.0);
    let answer = answer(&engine, request).await;
    assert!(answer.text.contains("Paris"), "{}", answer.text);
    assert_eq!(answer.finish, FinishReason::Length);
    assert_eq!(answer.usage.output.0, 8);
}

#[tokio::test]
async fn a_stop_text_ends_the_answer_and_is_not_part_of_it() {
    let engine = engine(&config(SMOLLM2));
    let mut request = go_on("one, two, three, four,", 40);
    request.sampling.temperature = Some(0.0);
    let whole = answer(&engine, request.clone()).await;
    assert!(whole.text.contains("six, seven"), "{}", whole.text);
    // It begins within one token and ends within another.
    request.stop = vec!["ix, sev".into()];
    let cut = answer(&engine, request).await;
    assert_eq!(cut.finish, FinishReason::Stop);
    assert_eq!(cut.text, whole.text[..whole.text.find("ix, sev").unwrap()]);
}

#[tokio::test]
async fn seeds_decide_and_different_seeds_differ() {
    let engine = engine(&config(SMOLLM2));
    let mut request = ask("Invent a name for a boat and say why.", 24);
    request.sampling.temperature = Some(1.5);
    let first = answer(&engine, request.clone()).await;
    assert_eq!(first.text, answer(&engine, request.clone()).await.text);
    request.sampling.seed = Some(8);
    assert_ne!(first.text, answer(&engine, request).await.text);
}

#[tokio::test]
async fn an_answer_held_to_a_schema_fits_it() {
    let engine = engine(&config(SMOLLM2));
    let mut request = ask("Describe the city of Riga.", 120);
    request.output = OutputFormat::JsonSchema(json!({
        "type": "object",
        "properties": {
            "city": { "type": "string", "maxLength": 20 },
            "population": { "type": "integer", "minimum": 0, "maximum": 9_999_999 },
            "coastal": { "type": "boolean" }
        },
        "required": ["city", "population", "coastal"],
        "additionalProperties": false
    }));
    let answer = answer(&engine, request).await;
    let value: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(
        value["city"].is_string() && value["population"].is_u64() && value["coastal"].is_boolean(),
        "{value}"
    );
    assert_eq!(answer.finish, FinishReason::Stop);
}

#[tokio::test]
async fn log_probabilities_come_with_every_token_and_belong_to_it() {
    let engine = engine(&config(SMOLLM2));
    let mut request = ask("Say hello.", 8);
    request.logprobs = Some(3);
    request.sampling.temperature = Some(0.0);
    let answer = answer(&engine, request).await;
    assert_eq!(answer.logprobs.len() as u32, answer.usage.output.0);
    let text: Vec<u8> = answer
        .logprobs
        .iter()
        .flat_map(|token| token.bytes.clone())
        .collect();
    assert_eq!(String::from_utf8(text).unwrap(), answer.text);
    for token in &answer.logprobs {
        assert_eq!(token.top.len(), 3);
        // Greedy: the chosen token is the likeliest.
        assert_eq!(token.token, token.top[0].token);
        assert!(token.logprob <= 0.0 && token.top[1].logprob <= token.top[0].logprob);
    }
}

#[tokio::test]
async fn a_biased_token_is_written() {
    let engine = engine(&config(SMOLLM2));
    let mut request = ask("Say hello.", 3);
    request.sampling.temperature = Some(0.0);
    request.logprobs = Some(0);
    request.sampling.logit_bias = vec![LogitBias {
        token: 1000,
        bias: 100.0,
    }];
    let answer = answer(&engine, request).await;
    assert!(
        answer
            .logprobs
            .iter()
            .all(|token| token.bytes == answer.logprobs[0].bytes),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn the_next_turn_of_a_conversation_finds_the_last_one_in_the_cache() {
    let engine = engine(&config(SMOLLM2));
    let mut messages = vec![
        Message::system("You are a short-spoken helper."),
        Message::user("What is 2 + 2?"),
    ];
    let mut request = ask("", 16);
    // With a seed, whole pieces of a prompt are found, and this one is shorter.
    request.sampling.seed = None;
    request.prompt = Prompt::Messages(messages.clone());
    let first = answer(&engine, request.clone()).await;
    assert_eq!(first.usage.cached_input.0, 0);
    messages.extend([
        Message::assistant(first.text.clone()),
        Message::user("And 3 + 3?"),
    ]);
    request.prompt = Prompt::Messages(messages);
    let second = answer(&engine, request).await;
    assert!(
        second.usage.cached_input >= first.usage.prompt(),
        "{:?} after {:?}",
        second.usage,
        first.usage
    );
}
