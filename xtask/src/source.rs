//! Rust text taken apart just far enough for the rules: code, comments and strings, by line, and
//! which lines are tests. No parser: a rule needs words, not meaning.

mod lexer;
mod tests_of;

/// A Rust file, line by line.
#[derive(Debug, Default)]
pub struct Source {
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a Rust file.
#[derive(Debug, Default)]
pub struct Line {
    /// Its code; what stood in comments and in quotes is gone, the quotes remain.
    pub code: String,
    /// What its comments say, with their slashes.
    pub comment: String,
    /// What stands in quotes on it.
    pub strings: String,
    /// Whether it belongs to a test.
    pub test: bool,
}

impl Source {
    /// Takes a text apart; `test` says that all of it is test code.
    pub fn parse(text: &str, test: bool) -> Self {
        let mut lines = lexer::lines(text);
        if test {
            lines.iter_mut().for_each(|line| line.test = true);
        } else {
            tests_of::mark(&mut lines);
        }
        Self { lines }
    }

    /// The lines with their numbers, from 1.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// The lines that ship, with their numbers.
    pub fn shipped(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.numbered().filter(|(_, line)| !line.test)
    }
}

impl Line {
    /// Whether a word stands in the code, not as a part of a longer one. A path (`env::var`) and
    /// a call's start (`todo!`) are words too.
    pub fn says(&self, word: &str) -> bool {
        stands_in(&self.code, word)
    }
}

/// Whether a word stands in a text with no letter, digit or underscore on either side.
pub(crate) fn stands_in(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_found_inside_another() {
        assert!(stands_in("let x = env::var(name);", "env::var"));
        assert!(!stands_in("let x = env::var_os(name);", "env::var"));
        assert!(!stands_in("an_env::var(name)", "env::var"));
    }

    #[test]
    fn shipped_lines_leave_out_the_tests() {
        let source = Source::parse(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
            false,
        );
        let shipped: Vec<usize> = source.shipped().map(|(number, _)| number).collect();
        assert_eq!(shipped, [1, 6]);
    }
}
