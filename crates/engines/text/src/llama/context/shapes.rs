//! A sequence whose passes have fixed shapes has the same logits, bit by bit, whatever else is
//! computed, before, beside or in between; with all of llama.cpp's kernels, on every quantisation
//! that has some of its own.

use super::{
    tiny::{self, Quantisation},
    *,
};
use crate::{llama::WeightsConfig, scheduler::PIECE};

/// The sequence that is looked at.
const OWN: usize = 1;
/// Tokens of a prompt. Behind 512 cells, the attention of a lone row is divided between threads.
const LONG: usize = 4 * PIECE + 60;
/// What a real model computes in a few seconds.
const SHORT: usize = PIECE + 60;
const WINDOW: u32 = 768;
/// Tokens of the answer, each computed by itself.
const ANSWER: usize = 3;

fn context(weights: &Weights, threads: i32) -> Context<'_> {
    let config = ContextConfig {
        window: WINDOW,
        sequences: 4,
        pass: 2 * PIECE as u32,
        threads,
        vectors: false,
    };
    Context::new(weights, config).unwrap()
}

/// The entries of places `from..to` of a text in a sequence; logits are wanted of the last.
fn entries(text: &[u32], from: usize, to: usize, sequence: usize) -> Vec<Entry> {
    let entry = |position: usize| Entry {
        token: text[position],
        position,
        sequence,
        output: position + 1 == to,
    };
    (from..to).map(entry).collect()
}

/// Computes these places in one pass; answers with the last one's logits, as bits.
fn compute(context: &mut Context<'_>, text: &[u32], from: usize, to: usize, sequence: usize) -> Vec<u32> {
    context.pass(&entries(text, from, to, sequence)).unwrap();
    bits(context.logits(to - from - 1))
}

fn bits(logits: &[f32]) -> Vec<u32> {
    assert!(logits.iter().all(|logit| logit.is_finite()));
    logits.iter().map(|logit| logit.to_bits()).collect()
}

/// Where the passes of a text end whose first `from` tokens are computed: borders of its prompt, then
/// every token of its answer.
fn ends(from: usize, text: &[u32]) -> Vec<usize> {
    let prompt = prompt(text);
    let borders = (from + PIECE..prompt).step_by(PIECE);
    borders.chain(prompt..=prompt + ANSWER).collect()
}

/// How much of a text is the prompt.
fn prompt(text: &[u32]) -> usize {
    text.len() - ANSWER
}

/// What a sequence that is alone in its context comes to, from the end of its prompt on.
fn alone(weights: &Weights, threads: i32, text: &[u32]) -> Vec<Vec<u32>> {
    let mut context = context(weights, threads);
    go_on(&mut context, text, 0, |_, _| {})
}

/// Computes a text from a border on, with something else before each pass.
fn go_on(
    context: &mut Context<'_>,
    text: &[u32],
    border: usize,
    mut before: impl FnMut(&mut Context<'_>, usize),
) -> Vec<Vec<u32>> {
    let mut from = border;
    let mut found = Vec::new();
    for (number, to) in ends(border, text).into_iter().enumerate() {
        before(context, number);
        let logits = compute(context, text, from, to, OWN);
        if to >= prompt(text) {
            found.push(logits);
        }
        from = to;
    }
    found
}

fn other(text: &[u32], shift: usize) -> Vec<u32> {
    let mut other = text.to_vec();
    other.rotate_left(shift);
    other
}

/// Others come and go: single tokens, many at once, several sequences in one pass.
fn neighbours(context: &mut Context<'_>, text: &[u32], number: usize) {
    let (first, second) = (other(text, 7), other(text, 90));
    match number {
        0 => drop(compute(context, &first, 0, PIECE, 0)),
        1 => drop(compute(context, &second, 0, 1, 3)),
        2 => {
            let mut both = entries(&first, PIECE, PIECE + 50, 0);
            both.extend(entries(&second, 1, 30, 3));
            context.pass(&both).unwrap();
        }
        3 => context.clear(0),
        4 => {
            context.copy(3, 2);
            drop(compute(context, &first, 0, 5, 0));
        }
        _ => {
            let mut both = entries(&first, number, number + 1, 0);
            both.extend(entries(&second, 25 + number, 26 + number, 2));
            context.pass(&both).unwrap();
        }
    }
}

fn check(name: &str, weights: &Weights, threads: i32, text: &[u32]) {
    let expected = alone(weights, threads, text);
    let same =
        |found: Vec<Vec<u32>>, how: &str| assert!(found == expected, "{name}, {threads} threads: {how}");

    same(alone(weights, threads, text), "once more");

    let mut crowded = context(weights, threads);
    // What was there before is longer than the prompt, and was computed in other shapes.
    let before = other(text, 33);
    let to = text.len() - 1;
    for from in (0..to).step_by(50) {
        compute(&mut crowded, &before, from, to.min(from + 50), OWN);
    }
    crowded.clear(OWN);
    let found = go_on(&mut crowded, text, 0, |context, number| {
        neighbours(context, text, number);
    });
    same(found, "beside others, in a sequence that was used before");

    // The sequence holds its prompt and its answer now: what was read in whole pieces is used again.
    let border = prompt(text) / PIECE * PIECE;
    assert!(crowded.trim(OWN, border));
    same(go_on(&mut crowded, text, border, |_, _| {}), "from its own cache");

    // So it is where another sequence's beginning is copied.
    let mut copied = context(weights, threads);
    for from in (0..border).step_by(PIECE) {
        compute(&mut copied, text, from, from + PIECE, 3);
    }
    compute(&mut copied, &other(text, 5), border, border + 9, 3);
    copied.copy(3, OWN);
    assert!(copied.trim(OWN, PIECE));
    same(go_on(&mut copied, text, PIECE, |_, _| {}), "from another's cache");
}

/// Passes that are paused while another context computes, or stopped and computed again.
fn check_interrupted(name: &str, weights: &Weights, threads: i32, text: &[u32]) {
    let mut watched = context(weights, threads);
    let mut quick = context(weights, threads);
    let mut expected = context(weights, threads);
    let (mut turns, mut asked) = (0, 0);
    for from in [0, PIECE].into_iter().take(prompt(text) / PIECE) {
        let whole = entries(text, from, from + PIECE, OWN);
        let pass =
            |context: &mut Context<'_>, between: Between<'_>| context.pass_watched(&whole, between).unwrap();
        assert_eq!(pass(&mut expected, &mut || true), Passed::Whole);

        let mut left = 3;
        let stop = &mut || {
            left -= 1;
            left > 0
        };
        assert_eq!(pass(&mut watched, stop), Passed::Stopped);
        assert!(watched.trim(OWN, from));
        let in_between = &mut || {
            asked += 1;
            if asked % 4 == 0 {
                let (from, rows) = (turns % 100, 1 + turns % 5);
                compute(&mut quick, text, from, from + rows, turns % 3);
                quick.clear(turns % 3);
                turns += 1;
            }
            true
        };
        assert_eq!(pass(&mut watched, in_between), Passed::Whole);
        let (got, expected) = (watched.logits(PIECE - 1), expected.logits(PIECE - 1));
        assert!(
            bits(got) == bits(expected),
            "{name}, {threads} threads, from {from}"
        );
    }
    assert!(turns > 1, "others had {turns} turns");
}

fn words(count: usize, vocabulary: usize) -> Vec<u32> {
    (0..count)
        .map(|n| ((n * n * 31 + n * 7 + 3) % vocabulary) as u32)
        .collect()
}

#[test]
fn every_quantisation_keeps_its_logits_whatever_else_is_computed() {
    let text = words(LONG + ANSWER, tiny::WORDS);
    for quantisation in tiny::ALL {
        let weights = tiny::model(quantisation);
        for threads in [1, 2] {
            let name = format!("{quantisation:?}");
            check(&name, &weights, threads, &text);
            check_interrupted(&name, &weights, threads, &text);
        }
    }
}

#[test]
fn real_models_keep_theirs() {
    for name in [crate::testing::SMOLLM2, crate::testing::GEMMA] {
        let path = crate::testing::model_file(name);
        let weights = Weights::load(WeightsConfig {
            path: &path,
            gpu_layers: 0,
        })
        .unwrap();
        let sentence = "The river was wide, and the boats carried corn and salt past the old towns. ";
        let mut text = weights.tokenise(&sentence.repeat(60), true);
        text.truncate(SHORT + ANSWER);
        check(name, &weights, 1, &text);
        check_interrupted(name, &weights, 1, &text);
    }
}

/// If shapes did not matter, the tests above would prove nothing. They do: a token beside another,
/// and a prompt in other pieces, come to other bits.
#[cfg(target_arch = "x86_64")]
#[test]
fn other_shapes_give_other_bits() {
    let text = words(LONG + ANSWER, tiny::WORDS);
    for quantisation in [Quantisation::Q4_0, Quantisation::Q4K] {
        let weights = tiny::model(quantisation);
        let expected = alone(&weights, 2, &text);

        let mut beside = context(&weights, 2);
        let mut from = 0;
        for to in ends(0, &text).into_iter().filter(|&to| to <= LONG) {
            compute(&mut beside, &text, from, to, OWN);
            from = to;
        }
        let mut both = entries(&text, LONG, LONG + 1, OWN);
        both.extend(entries(&text, 0, 1, 2));
        beside.pass(&both).unwrap();
        assert_ne!(bits(beside.logits(0)), expected[1], "{quantisation:?}, two rows");

        let mut pieces = context(&weights, 2);
        let mut last = Vec::new();
        for from in (0..LONG).step_by(50) {
            last = compute(&mut pieces, &text, from, LONG.min(from + 50), OWN);
        }
        assert_ne!(last, expected[0], "{quantisation:?}, pieces of 50");
    }
}
