//! CLIP's tokens: text to numbers, cut into pieces that the encoder takes.

mod bpe;
mod files;

use busbar_core::{Error, Result};

pub(crate) use bpe::Bpe;
pub(crate) use files::read;

/// Text to numbers, as one model's files have it.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    bpe: Bpe,
    start: u32,
    end: u32,
    pad: u32,
    /// Tokens of a piece, its marks included.
    length: usize,
}

/// The most pieces of a prompt.
const MOST_PIECES: usize = 8;

impl Tokenizer {
    /// The tokens of a text, between its marks.
    #[cfg(test)]
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = vec![self.start];
        ids.extend(self.bpe.encode(text));
        ids.push(self.end);
        ids
    }

    /// A text as pieces of the encoder's length, each between its own marks. A long text becomes
    /// several, and the states of all are what the picture is made from: nothing is cut off.
    ///
    /// # Errors
    /// `Invalid` naming `param` where there would be too many.
    pub(crate) fn pieces(&self, param: &str, text: &str) -> Result<Vec<Vec<u32>>> {
        let ids = self.bpe.encode(text);
        let room = self.length - 2;
        if ids.len() > room * MOST_PIECES {
            return Err(Error::invalid(
                param,
                format!(
                    "`{param}` has {} tokens; at most {} are read",
                    ids.len(),
                    room * MOST_PIECES
                ),
            ));
        }
        let mut pieces: Vec<_> = ids.chunks(room).map(|ids| self.piece(ids)).collect();
        if pieces.is_empty() {
            pieces.push(self.piece(&[]));
        }
        Ok(pieces)
    }

    /// The piece of an empty text.
    pub(crate) fn empty(&self) -> Vec<u32> {
        self.piece(&[])
    }

    fn piece(&self, ids: &[u32]) -> Vec<u32> {
        let mut piece = Vec::with_capacity(self.length);
        piece.push(self.start);
        piece.extend_from_slice(ids);
        piece.push(self.end);
        piece.resize(self.length, self.pad);
        piece
    }
}
