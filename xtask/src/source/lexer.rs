//! Cuts Rust text into code, comments and strings.

use super::Line;

/// The lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lexer = Lexer {
        rest: text,
        lines: vec![Line::default()],
        last: ' ',
    };
    while lexer.step() {}
    // A text that ends with a line break has no line after it.
    if text.ends_with('\n') || text.is_empty() {
        lexer.lines.pop();
    }
    lexer.lines
}

/// Where a piece of text goes.
#[derive(Clone, Copy)]
enum Part {
    Code,
    Comment,
    Text,
}

struct Lexer<'a> {
    rest: &'a str,
    lines: Vec<Line>,
    /// The last character of code: tells the `r` of `r"…"` from the end of a name.
    last: char,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(next) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(end, Part::Comment);
        } else if self.rest.starts_with("/*") {
            self.take(block_comment(self.rest), Part::Comment);
        } else if let Some((open, hashes)) = self.raw_string() {
            self.take(open, Part::Code);
            let close = format!("\"{}", "#".repeat(hashes));
            let length = self.rest.find(&close).unwrap_or(self.rest.len());
            self.take(length, Part::Text);
            self.take(close.len().min(self.rest.len()), Part::Code);
        } else if next == '"' {
            self.take(1, Part::Code);
            self.take(string(self.rest), Part::Text);
            self.take(self.rest.len().min(1), Part::Code);
        } else if let Some(length) = character(self.rest) {
            self.take(length, Part::Text);
        } else {
            self.take(next.len_utf8(), Part::Code);
        }
        true
    }

    /// The length of a raw string's opening (`br##"`) and how many hashes it has.
    fn raw_string(&self) -> Option<(usize, usize)> {
        if self.last.is_alphanumeric() || self.last == '_' {
            return None;
        }
        let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
            let after = self.rest.strip_prefix(prefix);
            after.is_some_and(|after| after.trim_start_matches('#').starts_with('"'))
        })?;
        let hashes = self.rest[prefix.len()..]
            .bytes()
            .take_while(|byte| *byte == b'#')
            .count();
        Some((prefix.len() + hashes + 1, hashes))
    }

    fn take(&mut self, length: usize, part: Part) {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        for (at, piece) in taken.split('\n').enumerate() {
            if at > 0 {
                self.lines.push(Line::default());
            }
            let Some(line) = self.lines.last_mut() else { return };
            match part {
                Part::Code => line.code.push_str(piece),
                Part::Comment => line.comment.push_str(piece),
                Part::Text => {
                    line.strings.push_str(piece);
                    line.strings.push(' ');
                }
            }
        }
        if let (Part::Code, Some(last)) = (part, taken.chars().next_back()) {
            self.last = last;
        }
    }
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a string's inside.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character in quotes; none for a lifetime.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        // The character after the backslash may itself be a quote.
        let (escaped, _) = chars.next()?;
        let close = inside[escaped + 1..].find('\'')?;
        return Some(1 + escaped + 1 + close + 1);
    }
    let (second, after) = chars.next()?;
    (after == '\'').then_some(1 + second + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str, comment: &str, strings: &str) {
        let lines = lines(text);
        assert_eq!(lines[0].code.trim_end(), code);
        assert_eq!(lines[0].comment, comment);
        assert_eq!(lines[0].strings.trim_end(), strings);
    }

    #[test]
    fn comments_are_no_code() {
        check("a(); // todo!()", "a();", "// todo!()", "");
        check("a(/* b /* c */ d */);", "a();", "/* b /* c */ d */", "");
    }

    #[test]
    fn strings_are_no_code() {
        check(r#"a("b // \" c", d);"#, r#"a("", d);"#, "", r#"b // \" c"#);
        check("a(r#\"b \" c\"#, d);", "a(r#\"\"#, d);", "", "b \" c");
        check("a(br\"\\\", d);", "a(br\"\", d);", "", "\\");
    }

    #[test]
    fn characters_are_no_strings_and_lifetimes_no_characters() {
        check(r#"a('"', '\'', b);"#, "a(, , b);", "", r#"'"' '\''"#);
        check("fn a<'b>(c: &'b str) {", "fn a<'b>(c: &'b str) {", "", "");
    }

    #[test]
    fn a_name_that_ends_in_r_opens_no_raw_string() {
        check(r##"for"a" # b"##, r##"for"" # b"##, "", "a");
    }

    #[test]
    fn line_breaks_are_kept_wherever_they_stand() {
        let text = "a\n/* b\nc */\n\"d\ne\"\nf";
        assert_eq!(lines(text).len(), 6);
        assert_eq!(lines("a\nb\n").len(), 2);
    }
}
