//! The vocabulary of one model, as far as text is concerned: which bytes each token stands for.
//!
//! **Invariant:** plain data. It knows nothing of llama.cpp; whoever loads a model fills it.

use std::fmt;

use busbar_core::{Error, Result};

/// What a token is to the text of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Its bytes are text.
    Text,
    /// It steers the model (`<|im_end|>`); its bytes are its name and no text.
    Control,
    /// It stands for nothing and is never chosen under a grammar.
    Unused,
}

/// The bytes and the kind of every token, and which tokens end an answer.
pub struct TokenTable {
    /// The bytes of all tokens, one after the other.
    bytes: Vec<u8>,
    /// Where each token's bytes end.
    ends_at: Vec<usize>,
    kinds: Vec<TokenKind>,
    answer_ends: Vec<u32>,
}

impl TokenTable {
    /// A table of tokens in the order of their numbers. `answer_ends` are the tokens that end an
    /// answer, the model's own end-of-text token first.
    ///
    /// # Errors
    /// `Internal` where there are no tokens, none ends an answer, or one that should does not exist.
    pub fn new<I>(tokens: I, answer_ends: Vec<u32>) -> Result<Self>
    where
        I: IntoIterator<Item = (Vec<u8>, TokenKind)>,
    {
        let mut table = Self {
            bytes: Vec::new(),
            ends_at: Vec::new(),
            kinds: Vec::new(),
            answer_ends,
        };
        for (bytes, kind) in tokens {
            table.bytes.extend_from_slice(&bytes);
            table.ends_at.push(table.bytes.len());
            table.kinds.push(kind);
        }
        table.check()?;
        Ok(table)
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are none; never true of a table that [`TokenTable::new`] made.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The bytes of a token, or the name of one that controls; empty for a number beyond the table.
    pub fn bytes(&self, token: u32) -> &[u8] {
        let index = token as usize;
        let Some(&end) = self.ends_at.get(index) else {
            return &[];
        };
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends_at.get(before))
            .copied()
            .unwrap_or(0);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// What a token is; `Unused` for a number beyond the table.
    pub fn kind(&self, token: u32) -> TokenKind {
        self.kinds
            .get(token as usize)
            .copied()
            .unwrap_or(TokenKind::Unused)
    }

    /// The tokens that end an answer; there is at least one.
    pub fn answer_ends(&self) -> &[u32] {
        &self.answer_ends
    }

    /// Whether this token ends an answer.
    pub fn ends_answer(&self, token: u32) -> bool {
        self.answer_ends.contains(&token)
    }

    /// The control token of this name.
    pub fn control(&self, name: &str) -> Option<u32> {
        self.numbers()
            .find(|&token| self.kind(token) == TokenKind::Control && self.bytes(token) == name.as_bytes())
    }

    /// Texts that a tokeniser would take for control tokens wherever they stand. Text that comes
    /// from a client must not be able to say them.
    pub fn control_texts(&self) -> Vec<String> {
        self.numbers()
            .filter_map(|token| {
                let text = std::str::from_utf8(self.bytes(token)).ok()?;
                let control = match self.kind(token) {
                    TokenKind::Control => !text.is_empty(),
                    // Some converters mark turn markers as plain added tokens.
                    TokenKind::Text => text.len() > 4 && text.starts_with("<|") && text.ends_with("|>"),
                    TokenKind::Unused => false,
                };
                control.then(|| text.to_owned())
            })
            .collect()
    }

    fn numbers(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    fn check(&self) -> Result<()> {
        if self.is_empty() || u32::try_from(self.len()).is_err() {
            return Err(Error::internal(format!(
                "a vocabulary of {} tokens cannot be used",
                self.len()
            )));
        }
        if self.answer_ends.is_empty() {
            return Err(Error::internal("the vocabulary has no token that ends an answer"));
        }
        match self
            .answer_ends
            .iter()
            .find(|&&token| token as usize >= self.len())
        {
            Some(token) => Err(Error::internal(format!(
                "the token {token} ends answers but is not in the vocabulary of {} tokens",
                self.len()
            ))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TokenTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenTable")
            .field("tokens", &self.len())
            .field("answer_ends", &self.answer_ends)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod fixture {
    //! A vocabulary of single bytes with a few longer and a few control tokens, for tests.

    use std::sync::Arc;

    use super::{TokenKind, TokenTable};

    /// The end of an answer in [`table`].
    pub(crate) const END: u32 = 256;
    /// `<|python_tag|>` in [`table`].
    pub(crate) const PYTHON_TAG: u32 = 257;
    /// `[TOOL_CALLS]` in [`table`].
    pub(crate) const TOOL_CALLS: u32 = 258;

    /// Bytes 0 to 255, three control tokens, and some longer pieces after them.
    pub(crate) fn table() -> Arc<TokenTable> {
        let bytes = (0..=255_u8).map(|byte| (vec![byte], TokenKind::Text));
        let control = ["<|end|>", "<|python_tag|>", "[TOOL_CALLS]"]
            .map(|name| (name.as_bytes().to_vec(), TokenKind::Control));
        let longer = [
            "<tool_call>",
            "</tool_call>",
            "{\"",
            "\":",
            " \"",
            "name",
            "true",
            "é",
            "\n\n",
        ]
        .map(|text| (text.as_bytes().to_vec(), TokenKind::Text));
        Arc::new(TokenTable::new(bytes.chain(control).chain(longer), vec![END]).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_keeps_its_own_bytes() {
        let table = fixture::table();
        assert_eq!(table.bytes(65), b"A");
        assert_eq!(table.bytes(fixture::END), b"<|end|>");
        assert_eq!(table.bytes(9999), b"");
        assert_eq!(table.kind(9999), TokenKind::Unused);
        assert!(table.ends_answer(fixture::END));
        assert_eq!(table.control("[TOOL_CALLS]"), Some(fixture::TOOL_CALLS));
        assert_eq!(table.control("true"), None);
    }

    #[test]
    fn texts_that_would_steer_the_model_are_known() {
        let tokens = [
            (b"<s>".to_vec(), TokenKind::Control),
            (b"<|im_end|>".to_vec(), TokenKind::Text),
            (b"<table>".to_vec(), TokenKind::Text),
            (b"".to_vec(), TokenKind::Unused),
        ];
        let table = TokenTable::new(tokens, vec![0]).unwrap();
        assert_eq!(table.control_texts(), ["<s>", "<|im_end|>"]);
    }

    #[test]
    fn a_table_without_an_end_is_refused() {
        assert!(TokenTable::new([(vec![65], TokenKind::Text)], vec![]).is_err());
        assert!(TokenTable::new([(vec![65], TokenKind::Text)], vec![1]).is_err());
        assert!(TokenTable::new([], vec![0]).is_err());
    }
}
