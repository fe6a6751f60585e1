//! What may be the name of a tool, and what is JSON inside a JSON string.

/// Longer keys and names than this are no call.
pub(super) const LONGEST_NAME: usize = 256;

/// Which names are taken for those of tools.
#[derive(Clone, Copy, Debug)]
pub(in crate::tools) enum Names<'a> {
    /// Any: the model has said that a call comes.
    Any,
    /// These only: the JSON may be an answer as well.
    Only(&'a [String]),
}

/// The name in a JSON string, where it may be one.
pub(super) fn accepted(text: &str, names: Names<'_>) -> Option<String> {
    let name: String = serde_json::from_str(text).ok()?;
    let known = match names {
        Names::Any => !name.is_empty() && name.len() <= LONGEST_NAME,
        Names::Only(names) => names.contains(&name),
    };
    known.then_some(name)
}

/// The JSON in a JSON string; anything else as it is.
pub(super) fn unquoted(text: String) -> String {
    serde_json::from_str::<String>(&text)
        .ok()
        .filter(|inner| inner.trim_start().starts_with('{'))
        .unwrap_or(text)
}

pub(super) fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[')
}
