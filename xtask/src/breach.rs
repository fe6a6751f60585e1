//! What a rule reports.

use std::fmt;

/// One place where the tree breaks a rule. Prints like a compiler's message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// The file, from the root of the tree.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule's name; filled in by `tidy::check`.
    pub rule: &'static str,
    /// What is wrong there.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl Breach {
    /// A breach at a line of a file.
    pub fn new(path: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule: "",
            what: what.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            what,
            mend,
        } = self;
        write!(f, "{path}:{line}: {rule}: {what}: {mend}")
    }
}
