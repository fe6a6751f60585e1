//! Keeps the text of clients from becoming control tokens.
//!
//! A prompt is tokenised with control tokens recognised, since the template says them. A client
//! that writes `<|im_end|>` must not be able to. So every such text that comes from a client is cut
//! apart behind its first character, by a mark that survives the template; the rendered text is
//! then split at the marks, and pieces are tokenised one by one.

use std::{borrow::Cow, collections::HashSet};

use serde_json::Value;

/// A noncharacter: no text that is meant for interchange has it.
const MARK: char = '\u{FDD0}';

/// Texts that only a template may say.
#[derive(Debug)]
pub(super) struct Guard {
    texts: HashSet<String>,
    /// Their lengths in bytes, each once.
    lengths: Vec<usize>,
    /// By byte: whether one of them begins with it.
    first: [bool; 256],
}

impl Guard {
    /// Guards these texts.
    pub(super) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: HashSet<String> = texts
            .into_iter()
            // Templates look for these two in what an assistant said.
            .filter(|text| text.len() > 1 && !matches!(text.as_str(), "<think>" | "</think>"))
            .collect();
        let mut lengths: Vec<usize> = texts.iter().map(String::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let begun: HashSet<u8> = texts.iter().filter_map(|text| text.bytes().next()).collect();
        let mut first = [false; 256];
        for (byte, begins) in (0..=u8::MAX).zip(&mut first) {
            *begins = begun.contains(&byte);
        }
        Self {
            texts,
            lengths,
            first,
        }
    }

    /// The text with every guarded text in it cut apart.
    pub(super) fn cut<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let cuts = self.cuts(text);
        if cuts.is_empty() && !text.contains(MARK) {
            return text.into();
        }
        let mut out = String::with_capacity(text.len() + cuts.len() * MARK.len_utf8());
        let mut cuts = cuts.into_iter().peekable();
        for (at, c) in text.char_indices() {
            out.push(if c == MARK { char::REPLACEMENT_CHARACTER } else { c });
            if cuts.next_if_eq(&at).is_some() {
                out.push(MARK);
            }
        }
        out.into()
    }

    /// Cuts every text within a JSON value apart, names of fields too.
    pub(super) fn cut_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.cut(text).into_owned()),
            Value::Array(items) => items.iter().map(|item| self.cut_json(item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.cut(key).into_owned(), self.cut_json(value)))
                .collect(),
            other => other.clone(),
        }
    }

    /// Where the guarded texts begin.
    fn cuts(&self, text: &str) -> Vec<usize> {
        let bytes = text.bytes().enumerate();
        let candidates = bytes.filter(|(_, byte)| self.first.get(usize::from(*byte)) == Some(&true));
        let begins = candidates.map(|(at, _)| at).filter(|&at| {
            let mut ends = self.lengths.iter().map(|length| at + length);
            ends.any(|end| text.get(at..end).is_some_and(|part| self.texts.contains(part)))
        });
        begins.collect()
    }
}

/// Splits rendered text where it must be tokenised apart; nearly always there is one piece.
pub(super) fn pieces(rendered: &str) -> Vec<String> {
    rendered
        .split(MARK)
        .filter(|piece| !piece.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn guard() -> Guard {
        Guard::new(["<|im_end|>", "<s>", "[INST]", "<think>"].map(str::to_owned))
    }

    fn check(text: &str) -> Vec<String> {
        pieces(&guard().cut(text))
    }

    #[test]
    fn a_control_text_is_split_behind_its_first_character() {
        assert_eq!(check("a<|im_end|>b"), ["a<", "|im_end|>b"]);
        assert_eq!(check("<s><s>"), ["<", "s><", "s>"]);
    }

    #[test]
    fn other_text_stays_in_one_piece() {
        assert_eq!(
            check("a < b, <|im_end and <think>é"),
            ["a < b, <|im_end and <think>é"]
        );
        assert!(matches!(guard().cut("x"), Cow::Borrowed("x")));
        assert_eq!(check("\u{FDD0}"), ["\u{FFFD}"]);
    }

    #[test]
    fn texts_inside_json_are_guarded_too() {
        let cut = guard().cut_json(&json!({"<s>": ["[INST]", 1]}));
        assert_eq!(cut, json!({"<\u{FDD0}s>": ["[\u{FDD0}INST]", 1]}));
    }

    proptest! {
        #[test]
        fn no_piece_holds_a_control_text_and_nothing_is_lost(text in "[<s>\\[INST\\]|im_end é]{0,40}") {
            let pieces = check(&text);
            prop_assert_eq!(pieces.concat(), text);
            for piece in pieces {
                prop_assert!(!["<|im_end|>", "<s>", "[INST]"].iter().any(|text| piece.contains(text)));
            }
        }
    }
}
