//! What was measured, as one line of JSON.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the line is what this program is for"
)]

use std::time::Duration;

use serde_json::{Value, json};

/// What connections saw, put together.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Answers that were whole.
    pub(crate) answers: u64,
    /// Events of streams that said something.
    pub(crate) tokens: u64,
    /// Requests that had another answer, or none; and what the first of them was.
    pub(crate) failed: u64,
    pub(crate) why: Option<String>,
    /// How long answers took, and streams to their first event.
    pub(crate) whole: Vec<Duration>,
    pub(crate) first: Vec<Duration>,
}

impl Figures {
    pub(crate) fn fail(&mut self, why: &str) {
        self.failed += 1;
        self.why.get_or_insert_with(|| why.to_owned());
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.tokens += other.tokens;
        self.failed += other.failed;
        self.why = self.why.take().or(other.why);
        self.whole.extend(other.whole);
        self.first.extend(other.first);
    }

    /// Writes them, times in microseconds.
    pub(crate) fn tell(mut self, seconds: f64) {
        let line = json!({
            "seconds": seconds,
            "answers": self.answers,
            "tokens": self.tokens,
            "failed": self.failed,
            "why": self.why,
            "whole_us": spread(&mut self.whole),
            "first_us": spread(&mut self.first),
        });
        println!("{line}");
    }
}

fn spread(times: &mut [Duration]) -> Value {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times
            .get(index.min(times.len().saturating_sub(1)))
            .map(Duration::as_micros)
    };
    json!({"p50": at(0.5), "p99": at(0.99)})
}

pub(crate) fn complain(error: &dyn std::error::Error) {
    eprintln!("busbar-bench: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_were_quicker_than_the_median() {
        let mut times: Vec<_> = (0..100).rev().map(Duration::from_micros).collect();
        assert_eq!(spread(&mut times), json!({"p50": 50, "p99": 99}));
        assert_eq!(spread(&mut []), json!({"p50": null, "p99": null}));
    }
}
