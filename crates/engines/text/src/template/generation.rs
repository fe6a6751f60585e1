//! The `{% generation %}` block of `transformers`, which marks what a model wrote for training.

use std::borrow::Cow;

/// Turns `{% generation %}` and its end into a condition that always holds: for a prompt the block
/// means nothing.
pub(super) fn without_marks(template: &str) -> Cow<'_, str> {
    if !template.contains("generation") {
        return template.into();
    }
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{%") {
        let (before, block) = rest.split_at(at);
        out.push_str(before);
        let Some(length) = block.find("%}").map(|end| end + 2) else {
            rest = block;
            break;
        };
        let (block, after) = block.split_at(length);
        out.push_str(&replaced(block).unwrap_or_else(|| block.to_owned()));
        rest = after;
    }
    out.push_str(rest);
    out.into()
}

/// The condition in place of a mark, with the same white space control.
fn replaced(block: &str) -> Option<String> {
    let inner = block.strip_prefix("{%")?.strip_suffix("%}")?;
    let (open, inner) = control(inner, str::strip_prefix);
    let (close, inner) = control(inner, str::strip_suffix);
    let tag = match inner.trim() {
        "generation" => "if true",
        "endgeneration" => "endif",
        _ => return None,
    };
    Some(format!("{{%{open} {tag} {close}%}}"))
}

/// Takes a `-` or `+` off one end.
fn control<'a>(
    inner: &'a str,
    strip: fn(&'a str, &'static str) -> Option<&'a str>,
) -> (&'static str, &'a str) {
    ["-", "+"]
        .into_iter()
        .find_map(|sign| strip(inner, sign).map(|inner| (sign, inner)))
        .unwrap_or(("", inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_conditions_with_their_white_space_control() {
        assert_eq!(
            without_marks("a{%- generation -%}b{% endgeneration +%}c"),
            "a{%- if true -%}b{% endif +%}c"
        );
    }

    #[test]
    fn everything_else_stays() {
        let template = "{% if add_generation_prompt %}{{ 'generation' }}{% endif %} {% generation";
        assert_eq!(without_marks(template), template);
        assert_eq!(without_marks("plain"), "plain");
    }
}
