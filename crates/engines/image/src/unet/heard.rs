//! What a network's layers make of a text, once for all steps: the text stays as it is while the
//! picture changes.

use std::cell::Cell;

use candle_core::{Result, Tensor, bail};

/// Keys and values of a text, a pair for each layer that attends to it, in the layers' order.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pairs: Vec<(Tensor, Tensor)>,
}

impl Heard {
    /// Adds what the next layer made.
    pub(super) fn push(&mut self, key: Tensor, value: Tensor) {
        self.pairs.push((key, value));
    }

    /// Reads from the first layer on.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            heard: self,
            next: Cell::new(0),
        }
    }
}

/// One way through the layers.
pub(super) struct Reader<'a> {
    heard: &'a Heard,
    next: Cell<usize>,
}

impl Reader<'_> {
    /// What the next layer made.
    pub(super) fn next(&self) -> Result<&(Tensor, Tensor)> {
        let at = self.next.get();
        self.next.set(at + 1);
        match self.heard.pairs.get(at) {
            Some(pair) => Ok(pair),
            None => bail!("a layer has heard no text"),
        }
    }
}
