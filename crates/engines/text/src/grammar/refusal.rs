//! Why a schema is refused, in words for whoever wrote it.

use busbar_core::Error;

/// Where a schema is wrong, as a JSON pointer into it, and how.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) pointer: String,
    pub(super) reason: String,
}

impl Refusal {
    /// The error for the client; `param` is the field that held the schema.
    pub(super) fn into_error(self, param: &str) -> Error {
        let place = if self.pointer.is_empty() {
            "the schema".to_owned()
        } else {
            format!("the schema at `{}`", self.pointer)
        };
        Error::invalid(param, format!("{place}: {}", self.reason)).with_code("unsupported_schema")
    }
}

/// What the compiler says, where it is not for clients, and what clients read instead.
const IN_OTHER_WORDS: [(&str, &str); 7] = [
    // Its backtrace follows.
    ("panic", "it cannot be compiled"),
    (
        "Unable to determine if regex",
        "its patterns together are too complex",
    ),
    ("Unsatisfiable schema", "nothing satisfies it"),
    (
        "oneOf constraints",
        "`oneOf` with alternatives that may hold at once cannot be enforced; `anyOf` can",
    ),
    ("fuel exhausted", "it is too complex"),
    ("grammar size", "it is too large"),
    ("schema too large", "it is too large"),
];

/// The error for what only the compiler could see.
pub(super) fn refused(param: &str, message: &str) -> Error {
    let words = IN_OTHER_WORDS.iter().find(|(said, _)| message.starts_with(said));
    let line = message.lines().next().unwrap_or_default();
    let reason: String = words.map_or(line, |(_, words)| words).chars().take(200).collect();
    Error::invalid(param, format!("the schema cannot be enforced: {reason}")).with_code("unsupported_schema")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_compiler_says_is_put_in_words_for_clients() {
        let check = |message: &str| refused("tools", message).message().to_owned();
        assert!(check("panic: index\n<backtrace>").ends_with("it cannot be compiled"));
        assert!(check("Unsatisfiable schema: Regex is empty: (And …)").ends_with("nothing satisfies it"));
        assert!(check("new words\nmore").ends_with("new words"));
        assert_eq!(refused("tools", "x").param(), Some("tools"));
    }

    #[test]
    fn a_refusal_names_the_place() {
        let at = |pointer: &str| {
            let refusal = Refusal {
                pointer: pointer.into(),
                reason: "no".into(),
            };
            refusal.into_error("response_format").message().to_owned()
        };
        assert_eq!(at("/a"), "the schema at `/a`: no");
        assert_eq!(at(""), "the schema: no");
    }
}
