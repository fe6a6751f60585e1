//! Breaks lines between words, for text that comes piece by piece.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// Text on its way to a terminal of a certain width. Code keeps its lines.
#[derive(Debug)]
pub(super) struct Wrap {
    width: usize,
    column: usize,
    spaces: String,
    word: String,
    in_code: bool,
}

impl Wrap {
    pub(super) fn new(terminal: usize) -> Self {
        Self {
            // A word that ends in the last column would wrap by itself, and leave an empty line.
            width: terminal.saturating_sub(1).clamp(20, WIDEST),
            column: 0,
            spaces: String::new(),
            word: String::new(),
            in_code: false,
        }
    }

    /// Takes the next piece; gives what can be shown of it. A word is held back until it is whole.
    pub(super) fn push(&mut self, text: &str) -> String {
        let mut shown = String::new();
        for c in text.chars() {
            match c {
                '\n' => {
                    self.end_word(&mut shown);
                    self.spaces.clear();
                    self.column = 0;
                    shown.push('\n');
                }
                c if c.is_whitespace() => {
                    self.end_word(&mut shown);
                    self.spaces.push(c);
                }
                // Scripts without spaces break anywhere.
                c if c.width() == Some(2) => {
                    self.end_word(&mut shown);
                    self.word.push(c);
                    self.end_word(&mut shown);
                }
                c => self.word.push(c),
            }
        }
        if self.in_code || self.word.width() >= self.width {
            self.end_word(&mut shown);
        }
        shown
    }

    /// What was held back.
    pub(super) fn finish(&mut self) -> String {
        let mut shown = String::new();
        self.end_word(&mut shown);
        shown
    }

    fn end_word(&mut self, shown: &mut String) {
        if self.word.is_empty() {
            return;
        }
        if self.column == 0 && self.word.starts_with("```") {
            self.in_code = !self.in_code;
        }
        let needed = self.spaces.width() + self.word.width();
        if !self.in_code && self.column > 0 && self.column + needed > self.width {
            shown.push('\n');
            self.column = self.word.width();
        } else {
            shown.push_str(&self.spaces);
            self.column += needed;
        }
        shown.push_str(&self.word);
        self.spaces.clear();
        self.word.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(pieces: &[&str]) -> String {
        let mut wrap = Wrap::new(21);
        let mut shown: String = pieces.iter().map(|piece| wrap.push(piece)).collect();
        shown.push_str(&wrap.finish());
        shown
    }

    #[test]
    fn a_word_that_does_not_fit_begins_a_new_line_wherever_the_pieces_are_cut() {
        let text = "one two three four five six";
        let lines = "one two three four\nfive six";
        assert_eq!(wrapped(&[text]), lines);
        let cut: Vec<String> = text.chars().map(|c| c.to_string()).collect();
        assert_eq!(
            wrapped(&cut.iter().map(|piece| &**piece).collect::<Vec<_>>()),
            lines
        );
    }

    #[test]
    fn line_ends_and_indentation_stay() {
        assert_eq!(wrapped(&["a\n\n  - b\n"]), "a\n\n  - b\n");
    }

    #[test]
    fn code_keeps_its_lines() {
        let code = "```\nlet a = a_long_name + another_long_name;\n```\nand then words are wrapped";
        assert_eq!(
            wrapped(&[code]),
            "```\nlet a = a_long_name + another_long_name;\n```\nand then words are\nwrapped"
        );
    }

    #[test]
    fn a_word_longer_than_a_line_and_a_script_without_spaces_are_shown() {
        let long = "x".repeat(50);
        assert_eq!(wrapped(&[&long]), long);
        assert_eq!(wrapped(&["一二三四五六七八九十一"]), "一二三四五六七八九十\n一");
    }
}
