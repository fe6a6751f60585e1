//! Texts that are read for their vectors, one at a time, in pieces between the passes of answers.
//!
//! Pieces end at fixed places (`turns`), so that a text's vector depends on the text alone.

use busbar_core::{Context as For, Error, Result};
use tokio::sync::oneshot;

use super::turns::piece;
use crate::llama::{Between, Context, ContextConfig, Entry, Passed, Weights};

/// Reads texts. Its context is made when the first text comes: vectors of every token cost logits
/// of every token, so it is not the one that answers are computed in.
#[derive(Debug)]
pub(super) struct Reading<'w> {
    weights: &'w Weights,
    sizes: ContextConfig,
    context: Option<Context<'w>>,
    text: Option<Text>,
}

/// A text under way.
#[derive(Debug)]
pub(super) struct Text {
    /// Whom it is for.
    pub(super) context: For,
    /// Its tokens; at least one.
    pub(super) tokens: Vec<u32>,
    /// Who waits for its vector.
    pub(super) reply: oneshot::Sender<Result<Vec<f32>>>,
    read: usize,
    sum: Vec<f32>,
}

impl Text {
    pub(super) fn new(context: For, tokens: Vec<u32>, reply: oneshot::Sender<Result<Vec<f32>>>) -> Self {
        Self {
            context,
            tokens,
            reply,
            read: 0,
            sum: Vec::new(),
        }
    }

    /// Hands out what it came to. The receiver may be gone; then nobody wants it.
    pub(super) fn answer(self, vector: Result<Vec<f32>>) {
        drop(self.reply.send(vector));
    }
}

impl<'w> Reading<'w> {
    /// `sizes.pass` holds a whole piece.
    pub(super) fn new(weights: &'w Weights, sizes: ContextConfig) -> Self {
        Self {
            weights,
            sizes,
            context: None,
            text: None,
        }
    }

    /// The text under way.
    pub(super) fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    /// Begins with a text; the one before must be done.
    pub(super) fn begin(&mut self, text: Text) {
        self.text = Some(text);
    }

    /// Gives the text under way back.
    pub(super) fn stop(&mut self) -> Option<Text> {
        self.text.take()
    }

    /// Reads the next piece, and asks `between` its steps; answers with the vector of a text that is
    /// read whole, and how many tokens were read: none where the pass was stopped.
    pub(super) fn piece(&mut self, between: Between<'_>) -> Result<(usize, Option<Vec<f32>>)> {
        let Some(text) = &mut self.text else {
            return Ok((0, None));
        };
        if self.context.is_none() {
            self.context = Some(Context::new(self.weights, self.sizes)?);
        }
        let Some(context) = &mut self.context else {
            return Ok((0, None));
        };
        // Of the text before, or of a pass that was stopped.
        if !context.trim(0, text.read) {
            context.clear(0);
            text.read = 0;
            text.sum.clear();
        }
        let end = text.read + piece(text.read, text.tokens.len());
        let entry = |position: usize| Entry {
            token: text.tokens[position],
            position,
            sequence: 0,
            output: true,
        };
        let entries: Vec<_> = (text.read..end).map(entry).collect();
        let passed = context
            .pass_watched(&entries, between)
            .map_err(|error| Error::internal("the model could not read this text").with_source(error))?;
        if passed == Passed::Stopped {
            return Ok((0, None));
        }
        for place in 0..entries.len() {
            add(&mut text.sum, context.vector(place)?);
        }
        text.read = end;
        let whole = (end == text.tokens.len()).then(|| unit(std::mem::take(&mut text.sum)));
        Ok((entries.len(), whole))
    }
}

fn add(sum: &mut Vec<f32>, vector: &[f32]) {
    sum.resize(vector.len(), 0.0);
    sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
}

/// The same direction, of length 1. The mean and the sum have one direction.
fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_and_nothing_stays_nothing() {
        assert_eq!(unit(vec![3.0, 4.0]), [0.6, 0.8]);
        assert_eq!(unit(vec![0.0, 0.0]), [0.0, 0.0]);
    }
}
