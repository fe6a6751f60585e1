//! HTTP statuses are written in `server/src/error.rs` and nowhere else, so that one file answers
//! what a client sees when something fails.

use crate::{Breach, Line, Tree};

/// The writer, and those that only read what another server answered.
const MAY: &[&str] = &[
    "crates/server/src/error.rs",
    "crates/providers/src/status.rs",
    "crates/egress/src/status.rs",
    "crates/catalog/",
];
/// Statuses that nobody writes as a number for another reason. 500 is a usual wait and 200 and
/// 300 usual sizes, so they are left to the word.
const NUMBERS: &[&str] = &[
    "201", "204", "206", "301", "302", "304", "307", "308", "400", "401", "403", "404", "405", "406", "408",
    "409", "410", "411", "412", "413", "415", "416", "422", "425", "428", "429", "431", "451", "501", "502",
    "503", "504",
];

pub(super) fn check(tree: &Tree) -> Vec<Breach> {
    let mut found = Vec::new();
    let files = tree
        .rust()
        .filter(|(file, _)| file.is_in(&["crates/", "bins/"]) && !file.is_in(MAY));
    for (file, source) in files {
        // A number is taken for a status only where statuses are about.
        let numbers = file.is_in(&["crates/server/"]);
        for (number, line) in source.shipped() {
            let Some(status) = status(line, numbers) else {
                continue;
            };
            found.push(Breach::new(
                &file.path,
                number,
                format!("writes an HTTP status, `{status}`"),
                "answer with an error kind and let crates/server/src/error.rs map it",
            ));
        }
    }
    found
}

fn status(line: &Line, numbers: bool) -> Option<String> {
    if let Some((_, rest)) = line.code.split_once("StatusCode::") {
        let name: String = rest
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let written = name.starts_with("from_")
            || name
                .chars()
                .all(|c| c.is_uppercase() || "_0123456789".contains(c));
        return (written && !name.is_empty()).then(|| format!("StatusCode::{name}"));
    }
    let number = NUMBERS
        .iter()
        .filter(|_| numbers)
        .find(|number| line.says(number))?;
    // A number in a wait or a size is no status, and one in the OpenAPI document is not written.
    let other = ["(status = ", "_ms", "from_millis", "from_secs", "_bytes", "_px"]
        .iter()
        .any(|unit| line.code.contains(unit));
    (!other).then(|| (*number).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_line(line: &str, caught: bool) {
        let tree = Tree::of(&[
            ("crates/server/src/routes.rs", line),
            ("crates/server/src/error.rs", line),
        ]);
        assert_eq!(check(&tree).len(), usize::from(caught), "{line}");
    }

    #[test]
    fn a_status_written_elsewhere_is_caught() {
        check_line("return StatusCode::NOT_FOUND;\n", true);
        check_line("let status = StatusCode::from_u16(code);\n", true);
        check_line("return (404, \"not here\");\n", true);
    }

    #[test]
    fn a_type_a_test_and_a_wait_are_none() {
        check_line("fn status(self) -> StatusCode {\n", false);
        check_line("#[cfg(test)]\nmod tests { fn a() { StatusCode::OK } }\n", false);
        check_line("const WAIT: Duration = Duration::from_millis(400);\n", false);
        check_line("let id = 0x404f;\n", false);
        check_line("responses((status = 404, description = \"not here\")),\n", false);
    }
}
