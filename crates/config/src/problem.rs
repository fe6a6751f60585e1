//! What is wrong with a configuration: all of it at once, each with its field.

use std::fmt;

use crate::layers::Origin;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting as it is written: `models.text[1].path`.
    pub field: String,
    /// Who set it.
    pub origin: Option<Origin>,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&*self.field, &self.origin) {
            ("", Some(origin)) => write!(f, "{origin}: {}", self.message),
            ("", None) => f.write_str(&self.message),
            (field, None | Some(Origin::Default)) => write!(f, "{field}: {}", self.message),
            (field, Some(origin)) => write!(f, "{field}: {} (set by {origin})", self.message),
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    all: Vec<Problem>,
    /// What may have led to them: a variable that is nearly ours was perhaps meant to set the field.
    pub(crate) warnings: Vec<String>,
}

impl Problems {
    /// The problems, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.all.iter()
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        self.all.push(problem);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Notes a wrong value; who set it is filled in at the end.
    pub(crate) fn field(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.all.push(Problem {
            field: field.into(),
            origin: None,
            message: message.into(),
        });
    }

    /// Notes a wrong value of somebody who is known already.
    pub(crate) fn from(&mut self, field: &str, message: &str, origin: Option<&Origin>) {
        self.all.push(Problem {
            field: field.to_owned(),
            origin: origin.cloned(),
            message: message.to_owned(),
        });
    }

    /// Notes the value as wrong unless it lies in the range; gives it back either way.
    pub(crate) fn within<T>(&mut self, field: &str, value: T, range: std::ops::RangeInclusive<T>) -> T
    where
        T: PartialOrd + fmt::Display,
    {
        if !range.contains(&value) {
            let (low, high) = (range.start(), range.end());
            self.field(field, format!("must be {low} to {high}, not {value}"));
        }
        value
    }

    /// Fills in who set what, where it is not known yet.
    pub(crate) fn attribute(&mut self, origin_of: impl Fn(&str) -> Option<Origin>) {
        for problem in &mut self.all {
            if problem.origin.is_none() {
                problem.origin = origin_of(&problem.field);
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.all {
            [one] => write!(f, "the configuration has a problem: {one}")?,
            all => {
                write!(f, "the configuration has {} problems:", all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  {problem}"))?;
            }
        }
        self.warnings
            .iter()
            .try_for_each(|warning| write!(f, "\n  ({warning})"))
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        [problem].into_iter().collect()
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self {
            all: problems.into_iter().collect(),
            warnings: Vec::new(),
        }
    }
}
