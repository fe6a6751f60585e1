//! Falcon's logits are right.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::llama::WeightsConfig;

const FALCON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/fixtures/falcon");

fn rows(value: &Value) -> impl Iterator<Item = Vec<f64>> + '_ {
    let row = |row: &Value| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|logit| logit.as_f64().unwrap())
            .collect()
    };
    value.as_array().unwrap().iter().map(row)
}

fn numbers(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_u64().unwrap() as usize)
        .collect()
}

/// Logits of a tiny Falcon as `transformers` computes them; see the script beside the fixture.
#[test]
fn a_falcon_gives_the_logits_that_transformers_gives() {
    let path = Path::new(FALCON).join("falcon-tiny.gguf");
    let weights = Weights::load(WeightsConfig {
        path: &path,
        gpu_layers: 0,
    })
    .unwrap();
    let text = std::fs::read_to_string(Path::new(FALCON).join("logits.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let tolerance = reference["tolerance"].as_f64().unwrap();
    let config = ContextConfig {
        window: 256,
        sequences: 1,
        pass: 256,
        threads: 1,
        vectors: false,
    };
    let mut context = Context::new(&weights, config).unwrap();
    let mut compared = 0;
    for case in reference["cases"].as_array().unwrap() {
        context.clear(0);
        let tokens = numbers(&case["tokens"]).into_iter().enumerate();
        let entry = |(position, token)| Entry {
            token: token as u32,
            position,
            sequence: 0,
            output: true,
        };
        context.pass(&tokens.map(entry).collect::<Vec<_>>()).unwrap();
        for (position, expected) in numbers(&case["positions"]).into_iter().zip(rows(&case["logits"])) {
            for (got, expected) in context.logits(position).iter().zip(expected) {
                assert!(
                    (f64::from(*got) - expected).abs() <= tolerance,
                    "{got} is not {expected}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared} logits were compared");
}
