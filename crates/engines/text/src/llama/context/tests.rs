//! What the seam must keep: logits that depend on a sequence alone, and Falcon's are right.

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

/// The last token's logits, with the prompt computed in pieces of `piece` tokens in the first
/// sequence while `beside` other sequences compute the same number of tokens.
fn logits_in_pieces(weights: &Weights, tokens: &[u32], piece: usize, beside: usize) -> Vec<f32> {
    let config = ContextConfig {
        window: 512,
        sequences: 4,
        pass: 512,
        threads: 1,
        reproducible: true,
        vectors: false,
    };
    let mut context = Context::new(weights, config, Arc::default()).unwrap();
    let mut last = 0;
    for start in (0..tokens.len()).step_by(piece) {
        let mut entries = Vec::new();
        for sequence in (0..=beside).rev() {
            let end = tokens.len().min(start + piece);
            entries.extend((start..end).map(|position| Entry {
                // Other text in the other sequences.
                token: tokens[(position + 7 * sequence) % tokens.len()],
                position,
                sequence,
                output: position + 1 == end,
            }));
        }
        last = entries.len() - 1;
        context.pass(&entries).unwrap();
    }
    context.logits(last).to_vec()
}

#[test]
fn logits_do_not_depend_on_what_is_computed_beside_them() {
    for name in [crate::testing::SMOLLM2, crate::testing::GEMMA] {
        let path = crate::testing::model_file(name);
        let weights = Weights::load(WeightsConfig {
            path: &path,
            gpu_layers: 0,
        })
        .unwrap();
        let tokens = weights.tokenise(
            &"The river was wide, and the boats carried corn and salt. ".repeat(6),
            true,
        );
        let alone = logits_in_pieces(&weights, &tokens, 1, 0);
        for (piece, beside) in [
            (2, 0),
            (5, 0),
            (64, 0),
            (128, 0),
            (200, 0),
            (1, 1),
            (1, 3),
            (16, 3),
            (128, 1),
        ] {
            let other = logits_in_pieces(&weights, &tokens, piece, beside);
            let apart = alone
                .iter()
                .zip(&other)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert_eq!(apart, 0.0, "{name}, pieces of {piece} beside {beside} others");
        }
    }
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
        reproducible: true,
        vectors: false,
    };
    let mut context = Context::new(&weights, config, Arc::default()).unwrap();
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

/// A pass that is stopped leaves nothing behind: computed again, it gives what it always gives.
#[test]
fn a_stopped_pass_can_be_computed_again() {
    let path = crate::testing::model_file(crate::testing::SMOLLM2);
    let weights = Weights::load(WeightsConfig {
        path: &path,
        gpu_layers: 0,
    })
    .unwrap();
    let tokens = weights.tokenise(&"Salt and corn went up the river. ".repeat(8), true);
    let config = ContextConfig {
        window: 256,
        sequences: 1,
        pass: 128,
        threads: 1,
        reproducible: true,
        vectors: false,
    };
    let brake = Arc::new(Brake::default());
    let mut context = Context::new(&weights, config, brake.clone()).unwrap();
    let entries: Vec<Entry> = (0..60)
        .map(|position| Entry {
            token: tokens[position],
            position,
            sequence: 0,
            output: position == 59,
        })
        .collect();
    assert_eq!(context.pass(&entries[..20]).unwrap(), Passed::Whole);
    assert_eq!(context.pass(&entries[20..]).unwrap(), Passed::Whole);
    let whole = context.logits(39).to_vec();
    assert!(context.trim(0, 20));
    brake.pull();
    brake.arm(true);
    assert_eq!(context.pass(&entries[20..]).unwrap(), Passed::Stopped);
    brake.arm(false);
    assert!(context.trim(0, 20));
    assert_eq!(context.pass(&entries[20..]).unwrap(), Passed::Whole);
    assert_eq!(context.logits(39), whole);
}
