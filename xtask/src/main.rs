//! `cargo xtask tidy`: holds the tree against the architecture's rules and prints the breaches
//! as a compiler would. It changes nothing.

use std::{env, io::Write as _, process::ExitCode};

use xtask::{Tree, tidy};

const USAGE: &str = "usage: cargo xtask tidy [--rules]

  tidy           check the tree; every breach is one line: file:line: rule: what: how to mend it
  tidy --rules   list the rules";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => check(),
        ["tidy", "--rules"] => say(&tidy::rules(), ExitCode::SUCCESS),
        _ => say(USAGE, ExitCode::from(2)),
    }
}

fn check() -> ExitCode {
    let tree = match Tree::read(&Tree::root()) {
        Ok(tree) => tree,
        Err(error) => return say(&format!("tidy: {error}"), ExitCode::FAILURE),
    };
    let breaches = tidy::check(&tree);
    if breaches.is_empty() {
        let line = format!(
            "tidy: {} files keep {} rules",
            tree.len(),
            xtask::rules::RULES.len()
        );
        return say(&line, ExitCode::SUCCESS);
    }
    let lines: Vec<String> = breaches.iter().map(ToString::to_string).collect();
    say(
        &format!("{}\n\ntidy: {} breaches", lines.join("\n"), lines.len()),
        ExitCode::FAILURE,
    )
}

fn say(text: &str, code: ExitCode) -> ExitCode {
    // A closed pipe (`… | head`) is no failure of the check.
    let _ = writeln!(std::io::stdout(), "{text}");
    code
}
