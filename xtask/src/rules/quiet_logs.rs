//! No prompt, key or file's bytes in a log: who reads logs is not who wrote the prompt.

use crate::{Breach, Source, Tree, source::stands_in};

const MACROS: &[&str] = &["trace!", "debug!", "info!", "warn!", "error!"];
/// What holds such things by its name. `prompt_tokens` is another word; `prompt.len()` and a call,
/// as `usage.prompt()`, pass.
const SECRETS: &[&str] = &[
    "prompt",
    "messages",
    "content",
    "api_key",
    "authorization",
    "password",
    "secret",
    "token_text",
    "body",
    "completion",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    for (file, source) in tree.rust().filter(|(file, _)| file.is_in(&["crates/", "bins/"])) {
        for (number, line) in source.shipped() {
            let starts = MACROS
                .iter()
                .any(|name| line.says(&format!("{name}(")) || line.says(name));
            if !starts {
                continue;
            }
            let Some(secret) = logged(source, number) else {
                continue;
            };
            found.push(Breach::new(
                &file.path,
                number,
                format!("logs `{secret}`"),
                "log its length, a count or an id instead",
            ));
        }
    }
    found
}

/// The secret among a macro's arguments, which may go on over several lines.
fn logged(source: &Source, number: usize) -> Option<&'static str> {
    let mut depth = 0_i32;
    let mut seen = false;
    for line in &source.lines[number - 1..] {
        let start = if seen {
            0
        } else {
            MACROS.iter().filter_map(|name| line.code.find(name)).min()?
        };
        let code = &line.code[start..];
        let by_name = SECRETS
            .iter()
            .find(|secret| stands_in(&without_counts(code, secret), secret));
        let in_text = SECRETS.iter().find(|secret| {
            ["}", ":"]
                .iter()
                .any(|end| line.strings.contains(&format!("{{{secret}{end}")))
        });
        if let Some(secret) = by_name.or(in_text) {
            return Some(secret);
        }
        for c in code.chars() {
            match c {
                '(' | '{' | '[' => (depth, seen) = (depth + 1, true),
                ')' | '}' | ']' => depth -= 1,
                _ => {}
            }
        }
        if seen && depth <= 0 {
            return None;
        }
    }
    None
}

fn without_counts(code: &str, secret: &str) -> String {
    code.replace(&format!("{secret}.len()"), "")
        .replace(&format!("{secret}("), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_text(text: &str, caught: usize) {
        assert_eq!(
            check(&Tree::of(&[("crates/server/src/a.rs", text)])).len(),
            caught,
            "{text}"
        );
    }

    #[test]
    fn a_prompt_in_a_log_is_caught() {
        check_text("tracing::info!(%prompt, \"answered\");\n", 1);
        check_text("debug!(\"got {prompt:?}\");\n", 1);
        check_text("warn!(\n    key = %request.api_key,\n    \"refused\",\n);\n", 1);
    }

    #[test]
    fn counts_and_other_lines_are_none() {
        check_text(
            "info!(prompt_tokens = 3, chars = prompt.len(), tokens = usage.prompt().0, \"the prompt was long\");\nsend(prompt);\n",
            0,
        );
    }
}
