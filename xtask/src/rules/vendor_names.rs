//! Only wire, the catalog and the dialects' registrations name a vendor: the rest must not change
//! when one comes or goes. Comments and tests may name whom they like.

use crate::{Breach, Tree};

const VENDORS: &[&str] = &[
    "openai",
    "anthropic",
    "claude",
    "bedrock",
    "sagemaker",
    "azure",
    "vertex",
    "gemini",
    "cohere",
    "groq",
    "huggingface",
    "aws",
];
const MAY: &[&str] = &[
    "crates/wire/",
    "crates/catalog/",
    "crates/providers/src/vendors/",
    // The hub's own section of the configuration.
    "crates/config/src/hub.rs",
    // The variables in which programs look for their region.
    "crates/config/src/source.rs",
    // The variables by which a hosting service speaks to its containers, and the role that is called so.
    "crates/config/src/hosting.rs",
    "bins/busbar/src/options/role.rs",
    // Dialects are called after those who thought of them: their table, the endpoints that only
    // one of them has, the shape of its errors, the ends of its streams, and what documents them.
    "crates/server/src/dialects.rs",
    "crates/server/src/dialects/",
    "crates/server/src/routes.rs",
    "crates/server/src/api/",
    "crates/server/src/error.rs",
    "crates/server/src/shapes.rs",
    "crates/server/src/openapi.rs",
    "crates/server/src/sse.rs",
    "crates/server/src/ws/frames.rs",
    // The variables that its one host gives a function, and how it signs events.
    "bins/lambda/src/duty.rs",
    "bins/lambda/src/surroundings.rs",
    "xtask/",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    let files = tree
        .rust()
        .filter(|(file, _)| file.is_in(&["crates/", "bins/"]) && !file.is_in(MAY));
    for (file, source) in files {
        for (number, line) in source.shipped() {
            let text = format!("{} {}", line.code, line.strings).to_lowercase();
            let Some(vendor) = VENDORS.iter().find(|vendor| names(&text, vendor)) else {
                continue;
            };
            found.push(Breach::new(
                &file.path,
                number,
                format!("names a vendor, `{vendor}`"),
                "move what is particular to it to wire, the catalog or its dialect's file",
            ));
        }
    }
    found
}

/// Whether a text has the name as a word or as a part of a name in snake or camel case:
/// `openai_error`, `OpenAiError`; but not `aws` in `draws`.
fn names(text: &str, vendor: &str) -> bool {
    text.match_indices(vendor).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + vendor.len()..].chars().next();
        let short = vendor.len() < 5;
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !(joined(before) || short && joined(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, caught: bool) {
        let tree = Tree::of(&[
            ("crates/server/src/state.rs", line),
            ("crates/wire/src/openai.rs", line),
        ]);
        assert_eq!(check(&tree).len(), usize::from(caught), "{line}");
    }

    #[test]
    fn a_vendor_in_code_or_in_a_string_is_caught() {
        check_line("let a = OpenAiChat::new();\n", true);
        check_line("let a = \"bedrock\";\n", true);
        check_line("use wire::openai_errors;\n", true);
    }

    #[test]
    fn a_comment_a_test_and_a_part_of_another_word_are_none() {
        check_line("// as OpenAI does\n", false);
        check_line("#[cfg(test)]\nmod tests { use wire::openai; }\n", false);
        check_line("let draws = 1;\n", false);
    }
}
