//! Where a text may be cut, from the coarsest border to the finest.

use std::ops::Range;

/// The border at which a stretch of text was cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Border {
    /// Not cut at all.
    Text,
    /// After a blank line.
    Paragraph,
    /// After a line, or a full stop and its space.
    Sentence,
    /// After a space.
    Word,
    /// Anywhere between two characters.
    Character,
}

/// Finds where a text may be cut.
type Cuts = fn(&str) -> Vec<usize>;

impl Border {
    /// Cuts a stretch at the next finer borders that it has. At least two parts, together the
    /// whole of it; one only where it is a single character.
    pub(super) fn parts(self, text: &str, range: Range<usize>) -> Vec<(Range<usize>, Self)> {
        let part = &text[range.clone()];
        let (border, cuts) = self.cuts(part);
        let mut start = range.start;
        let mut parts = Vec::with_capacity(cuts.len() + 1);
        for cut in cuts {
            parts.push((start..range.start + cut, border));
            start = range.start + cut;
        }
        parts.push((start..range.end, border));
        parts
    }

    fn cuts(self, part: &str) -> (Self, Vec<usize>) {
        let finer: &[(Self, Cuts)] = match self {
            Self::Text => &[
                (Self::Paragraph, paragraphs),
                (Self::Sentence, sentences),
                (Self::Word, words),
            ],
            Self::Paragraph => &[(Self::Sentence, sentences), (Self::Word, words)],
            Self::Sentence => &[(Self::Word, words)],
            Self::Word | Self::Character => &[],
        };
        finer
            .iter()
            .map(|(border, cuts)| (*border, cuts(part)))
            .find(|(_, cuts)| !cuts.is_empty())
            .unwrap_or_else(|| (Self::Character, middle(part)))
    }
}

/// Where paragraphs after the first begin.
fn paragraphs(text: &str) -> Vec<usize> {
    let (mut cuts, mut place, mut blank) = (Vec::new(), 0, false);
    for line in text.split_inclusive('\n') {
        let empty = line.trim().is_empty();
        if blank && !empty && place > 0 {
            cuts.push(place);
        }
        blank = empty;
        place += line.len();
    }
    cuts
}

/// Where sentences and lines after the first begin.
fn sentences(text: &str) -> Vec<usize> {
    let (mut cuts, mut seen) = (Vec::new(), Seen::Nothing);
    for (place, character) in text.char_indices() {
        seen = match (seen, character) {
            (_, '\n') => Seen::End,
            (_, '。' | '！' | '？') => Seen::WideStop,
            (Seen::Nothing, _) if character.is_whitespace() => Seen::Nothing,
            (_, _) if character.is_whitespace() => Seen::End,
            (Seen::Stop | Seen::WideStop, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '」') => seen,
            _ => {
                if matches!(seen, Seen::End | Seen::WideStop) && place > 0 {
                    cuts.push(place);
                }
                match character {
                    '.' | '!' | '?' | '…' => Seen::Stop,
                    _ => Seen::Nothing,
                }
            }
        };
    }
    cuts
}

/// What was just read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Nothing that ends a sentence.
    Nothing,
    /// A stop that ends a sentence if a space follows.
    Stop,
    /// A stop that needs no space after it.
    WideStop,
    /// The end of a sentence, space included.
    End,
}

/// Where words after the first begin.
fn words(text: &str) -> Vec<usize> {
    let (mut cuts, mut space) = (Vec::new(), false);
    for (place, character) in text.char_indices() {
        if space && !character.is_whitespace() && place > 0 {
            cuts.push(place);
        }
        space = character.is_whitespace();
    }
    cuts
}

/// About the middle, between two characters; nowhere where there is one only.
fn middle(text: &str) -> Vec<usize> {
    let half = (text.len() / 2..text.len()).find(|place| text.is_char_boundary(*place));
    let first = text.chars().next().map_or(0, char::len_utf8);
    half.into_iter()
        .map(|half| half.max(first))
        .filter(|cut| *cut < text.len())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cuts: fn(&str) -> Vec<usize>, text: &str, expected: &[&str]) {
        let mut parts = Vec::new();
        let mut start = 0;
        for cut in cuts(text) {
            parts.push(&text[start..cut]);
            start = cut;
        }
        parts.push(&text[start..]);
        assert_eq!(parts, expected);
    }

    #[test]
    fn paragraphs_end_after_their_blank_lines() {
        check(paragraphs, "a\nb\n\n \nc\n\nd", &["a\nb\n\n \n", "c\n\n", "d"]);
        check(paragraphs, "\n\na\n\n", &["\n\n", "a\n\n"]);
    }

    #[test]
    fn sentences_end_after_stop_quote_and_space() {
        check(
            sentences,
            "He said \"no.\" Then 3.5 came! Why?",
            &["He said \"no.\" ", "Then 3.5 came! ", "Why?"],
        );
        check(sentences, "one\ntwo", &["one\n", "two"]);
        check(
            sentences,
            "Yes. (No.) \"Why?\" ",
            &["Yes. ", "(No.) ", "\"Why?\" "],
        );
        check(sentences, "私は。猫！", &["私は。", "猫！"]);
    }

    #[test]
    fn words_take_their_space_along() {
        check(words, " a  b\tc", &[" ", "a  ", "b\t", "c"]);
    }

    #[test]
    fn the_middle_is_between_characters() {
        check(middle, "äöü", &["äö", "ü"]);
        check(middle, "x", &["x"]);
        check(middle, "aé", &["a", "é"]);
    }
}
