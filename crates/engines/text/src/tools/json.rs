//! Follows one JSON value character by character, without building it.

/// Where a value that is read piece by piece stands.
#[derive(Debug, Default)]
pub(super) struct ValueReader {
    /// Brackets and braces that are open, innermost last.
    open: Vec<char>,
    in_string: bool,
    escaped: bool,
    /// The first character, once it has come.
    first: Option<char>,
}

/// What a character did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is white space before the value.
    Before,
    /// It belongs to the value, which goes on.
    Inside,
    /// It belongs to the value and ends it.
    Last,
    /// It comes after the value, which had ended without saying so (a number, `true`).
    After,
    /// No JSON value has it here.
    Wrong,
}

/// Deeper arguments than this are no call.
const DEEPEST: usize = 128;

impl ValueReader {
    /// Whether the value is a string.
    pub(super) fn is_string(&self) -> bool {
        self.first == Some('"')
    }

    /// Reads on.
    pub(super) fn step(&mut self, c: char) -> Step {
        match self.first {
            None if c.is_ascii_whitespace() => Step::Before,
            None => self.begin(c),
            Some(_) if self.in_string => self.string(c),
            Some('{' | '[') => self.nested(c),
            Some(_) => scalar(c),
        }
    }

    fn begin(&mut self, c: char) -> Step {
        self.first = Some(c);
        match c {
            '{' | '[' => self.open.push(c),
            '"' => self.in_string = true,
            '-' | '0'..='9' | 't' | 'f' | 'n' => {}
            _ => return Step::Wrong,
        }
        Step::Inside
    }

    fn string(&mut self, c: char) -> Step {
        match c {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => {
                self.in_string = false;
                return self.maybe_last();
            }
            _ => {}
        }
        Step::Inside
    }

    fn nested(&mut self, c: char) -> Step {
        match c {
            '"' => self.in_string = true,
            '{' | '[' if self.open.len() >= DEEPEST => return Step::Wrong,
            '{' | '[' => self.open.push(c),
            '}' | ']' => {
                let opened = if c == '}' { '{' } else { '[' };
                if self.open.pop() != Some(opened) {
                    return Step::Wrong;
                }
                return self.maybe_last();
            }
            _ => {}
        }
        Step::Inside
    }

    fn maybe_last(&self) -> Step {
        if self.open.is_empty() {
            Step::Last
        } else {
            Step::Inside
        }
    }
}

fn scalar(c: char) -> Step {
    match c {
        '0'..='9' | 'a'..='z' | '+' | '-' | '.' | 'E' => Step::Inside,
        ',' | '}' | ']' => Step::After,
        _ if c.is_ascii_whitespace() => Step::After,
        _ => Step::Wrong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of a text is the value, or what was wrong.
    fn check(text: &str) -> Option<&str> {
        let mut reader = ValueReader::default();
        for (at, c) in text.char_indices() {
            match reader.step(c) {
                Step::Before | Step::Inside => {}
                Step::Last => return Some(&text[..at + c.len_utf8()]),
                Step::After => return Some(&text[..at]),
                Step::Wrong => return None,
            }
        }
        None
    }

    #[test]
    fn a_value_ends_where_it_ends() {
        assert_eq!(check(r#"{"a": [1, "}\""]}, x"#), Some(r#"{"a": [1, "}\""]}"#));
        assert_eq!(check(r#""a\"b" c"#), Some(r#""a\"b""#));
        assert_eq!(check("12.5e3, 7"), Some("12.5e3"));
        assert_eq!(check("null}"), Some("null"));
        assert_eq!(check("[[]]"), Some("[[]]"));
    }

    #[test]
    fn what_is_no_value_is_wrong() {
        assert_eq!(check("{]"), None);
        assert_eq!(check("hello"), None);
        assert_eq!(check(&"[".repeat(1000)), None);
    }
}
