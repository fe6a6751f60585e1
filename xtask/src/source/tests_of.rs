//! Finds the lines that only a test build has.

use super::Line;

/// Marks every item behind `#[cfg(test)]`, from the attribute to its end.
pub(super) fn mark(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        if !is_test_only(&lines[at].code) {
            at += 1;
            continue;
        }
        let end = end_of_item(lines, at);
        lines[at..=end].iter_mut().for_each(|line| line.test = true);
        at = end + 1;
    }
}

fn is_test_only(code: &str) -> bool {
    ["#[cfg(test)]", "#![cfg(test)]", "#[cfg(all(test,"]
        .iter()
        .any(|start| code.contains(start))
}

/// The line on which the item that begins here ends: with its braces, or with a semicolon
/// before any.
fn end_of_item(lines: &[Line], start: usize) -> usize {
    if lines[start].code.contains("#![") {
        return lines.len() - 1;
    }
    let mut depth = 0_usize;
    for (at, line) in lines.iter().enumerate().skip(start) {
        for c in line.code.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth <= 1 => return at,
                '}' => depth -= 1,
                ';' if depth == 0 => return at,
                _ => {}
            }
        }
    }
    lines.len() - 1
}

#[cfg(test)]
mod tests {
    use crate::Source;

    #[track_caller]
    fn check(text: &str, tests: &[usize]) {
        let source = Source::parse(text, false);
        let marked: Vec<usize> = source
            .numbered()
            .filter(|(_, line)| line.test)
            .map(|(number, _)| number)
            .collect();
        assert_eq!(marked, tests);
    }

    #[test]
    fn a_test_module_is_marked_to_its_closing_brace() {
        check(
            "a\n#[cfg(test)]\nmod tests {\n  fn b() {\n  }\n}\nc\n",
            &[2, 3, 4, 5, 6],
        );
    }

    #[test]
    fn a_brace_in_a_string_closes_nothing() {
        check("#[cfg(test)]\nmod tests {\n  a(\"}\");\n}\nb\n", &[1, 2, 3, 4]);
    }

    #[test]
    fn an_item_without_braces_ends_with_its_semicolon() {
        check("#[cfg(test)]\nuse a::b;\nc\n", &[1, 2]);
    }
}
