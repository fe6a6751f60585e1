//! Byte-pair encoding, as CLIP has it: words end in `</w>`.

use std::collections::HashMap;

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

const END: &str = "</w>";

/// A vocabulary with its merges.
#[derive(Debug)]
pub(crate) struct Bpe {
    /// Token texts by their bytes' stand-ins.
    ids: HashMap<String, u32>,
    /// Pairs of tokens: how early they merge, and into what.
    merges: HashMap<(u32, u32), (usize, u32)>,
    words: Regex,
    unknown: u32,
    /// Marks that a text may contain as they are.
    marks: Vec<(String, u32)>,
}

impl Bpe {
    /// From a vocabulary and merges in their order; `unknown` is what no token stands for.
    pub(crate) fn new(
        ids: HashMap<String, u32>,
        merges: &[(String, String)],
        unknown: u32,
        marks: Vec<(String, u32)>,
    ) -> Result<Self, String> {
        let mut pairs = HashMap::with_capacity(merges.len());
        for (rank, (left, right)) in merges.iter().enumerate() {
            let id = |text: &str| {
                let id = ids.get(text).copied();
                id.ok_or_else(|| format!("the merge of `{left}` and `{right}` names no token"))
            };
            let merged = (rank, id(&format!("{left}{right}"))?);
            pairs.entry((id(left)?, id(right)?)).or_insert(merged);
        }
        let words = Regex::new(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+")
            .map_err(|error| error.to_string())?;
        Ok(Self {
            ids,
            merges: pairs,
            words,
            unknown,
            marks,
        })
    }

    /// The tokens of a text.
    pub(crate) fn encode(&self, text: &str) -> Vec<u32> {
        let mut ids = Vec::new();
        let mut rest = text;
        // Marks are found before anything is made lower case, as the reference does.
        while let Some((at, mark, id)) = self.next_mark(rest) {
            self.encode_plain(&rest[..at], &mut ids);
            ids.push(id);
            rest = &rest[at + mark..];
        }
        self.encode_plain(rest, &mut ids);
        ids
    }

    fn next_mark(&self, text: &str) -> Option<(usize, usize, u32)> {
        self.marks
            .iter()
            .filter_map(|(mark, id)| text.find(mark.as_str()).map(|at| (at, mark.len(), *id)))
            .min()
    }

    fn encode_plain(&self, text: &str, ids: &mut Vec<u32>) {
        let composed: String = text.nfc().collect();
        // Character by character: a sigma at a word's end is like any other here.
        let lower: String = composed.chars().flat_map(char::to_lowercase).collect();
        for word in self.words.find_iter(&lower) {
            self.encode_word(word.as_str(), ids);
        }
    }

    fn encode_word(&self, word: &str, ids: &mut Vec<u32>) {
        let mut tokens: Vec<u32> = Vec::with_capacity(word.len());
        let last = word.len().saturating_sub(1);
        for (i, byte) in word.bytes().enumerate() {
            let mut text = String::from(stand_in(byte));
            if i == last {
                text.push_str(END);
            }
            tokens.push(self.ids.get(&text).copied().unwrap_or(self.unknown));
        }
        loop {
            let first = tokens
                .windows(2)
                .enumerate()
                .filter_map(|(at, pair)| {
                    let (rank, merged) = self.merges.get(&(pair[0], pair[1]))?;
                    Some((*rank, at, *merged))
                })
                .min();
            let Some((_, at, merged)) = first else { break };
            tokens[at] = merged;
            tokens.remove(at + 1);
        }
        ids.extend(tokens);
    }
}

/// The visible character that stands for a byte: printable ones for themselves, the others for
/// those from U+0100 on.
fn stand_in(byte: u8) -> char {
    let visible = |byte: u8| matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if visible(byte) {
        return char::from(byte);
    }
    let earlier = (0..byte).filter(|byte| !visible(*byte)).count();
    char::from_u32(256 + earlier as u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}
