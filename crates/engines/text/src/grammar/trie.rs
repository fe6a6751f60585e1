//! The vocabulary as the prefix tree that masks are computed on.

use std::sync::Arc;

use llguidance::toktrie::{TokEnv, TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::vocab::{TokenKind, TokenTable};

/// Longer tokens (runs of a thousand spaces exist) are never chosen under a grammar: the tree's
/// nodes have room for about this depth only.
const LONGEST: usize = 512;

/// Builds the tree. Costs some milliseconds for each 10,000 tokens.
pub(super) fn environment(table: &TokenTable) -> TokEnv {
    let words: Vec<Vec<u8>> = (0..).take(table.len()).map(|token| word(table, token)).collect();
    let ends = table.answer_ends();
    let first = ends.first().copied().unwrap_or_default();
    let info = TokRxInfo::new(u32::try_from(words.len()).unwrap_or(u32::MAX), first);
    let trie = TokTrie::from(&info, &words).with_eos_tokens(ends);
    Arc::new(Vocabulary { trie })
}

/// A token as the tree wants it: text as it is, a control token's name behind a marker byte that
/// no text has.
fn word(table: &TokenTable, token: u32) -> Vec<u8> {
    let bytes = table.bytes(token);
    if bytes.len() > LONGEST {
        return Vec::new();
    }
    match table.kind(token) {
        // 0xFF is the marker; it occurs in no UTF-8, so no grammar could allow it anyway.
        TokenKind::Text if bytes.first() == Some(&TokTrie::SPECIAL_TOKEN_MARKER) => Vec::new(),
        TokenKind::Text => bytes.to_vec(),
        TokenKind::Control => [&[TokTrie::SPECIAL_TOKEN_MARKER], bytes].concat(),
        TokenKind::Unused => Vec::new(),
    }
}

/// The tree, without a tokeniser: text is never forced, so none is needed.
struct Vocabulary {
    trie: TokTrie,
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, text: &[u8]) -> Vec<TokenId> {
        self.trie.greedy_tokenize(text)
    }

    fn tokenize_is_canonical(&self) -> bool {
        false
    }
}
