//! What every answer tells about itself.

use std::time::{Duration, Instant};

use crate::{Course, ModelId, Money, Usage};

/// No model writes an answer in less: it was written somewhere else and came whole.
const AT_ONCE: Duration = Duration::from_millis(1);

/// The figures that go out with every answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerMetrics {
    /// The model that served.
    pub model: ModelId,
    /// From the request's arrival to its first piece of text or tool call.
    pub first_chunk: Option<Duration>,
    /// From the request's arrival to its end.
    pub total: Duration,
    /// What it used.
    pub usage: Usage,
    /// What that cost; `None`: the model has no price here.
    pub cost: Option<Money>,
    /// Whether that is an estimate, because a host did not get to say what it used.
    pub cost_estimated: bool,
    /// The course that the request took, where it went by a route.
    pub course: Option<Box<Course>>,
}

impl AnswerMetrics {
    /// Output tokens after the first chunk per second after the first chunk; `None` where the
    /// answer is too short to tell, or came all at once.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let after = self.total.checked_sub(self.first_chunk?)?;
        let tokens = self.usage.written().0.checked_sub(1)?;
        (tokens > 0 && after >= AT_ONCE).then(|| f64::from(tokens) / after.as_secs_f64())
    }
}

/// Measures one answer; times are passed in.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started: Instant,
    first: Option<Instant>,
}

impl Stopwatch {
    /// Starts when the request arrived.
    pub fn start(now: Instant) -> Self {
        Self {
            started: now,
            first: None,
        }
    }

    /// Marks a chunk; only the first one counts.
    pub fn chunk(&mut self, now: Instant) {
        self.first.get_or_insert(now);
    }

    /// The figures at the end.
    pub fn finish(&self, now: Instant, model: ModelId, usage: Usage) -> AnswerMetrics {
        AnswerMetrics {
            model,
            first_chunk: self
                .first
                .map(|first| first.saturating_duration_since(self.started)),
            total: now.saturating_duration_since(self.started),
            usage,
            cost: None,
            cost_estimated: false,
            course: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tokens;

    #[test]
    fn speed_counts_the_tokens_after_the_first() {
        let start = Instant::now();
        let mut watch = Stopwatch::start(start);
        watch.chunk(start + Duration::from_millis(200));
        watch.chunk(start + Duration::from_millis(900));
        let usage = Usage {
            output: Tokens(11),
            ..Usage::default()
        };
        let metrics = watch.finish(start + Duration::from_millis(1200), "m".into(), usage);
        assert_eq!(metrics.first_chunk, Some(Duration::from_millis(200)));
        assert_eq!(metrics.tokens_per_second(), Some(10.0));
    }

    #[test]
    fn an_answer_that_came_all_at_once_has_no_speed() {
        let start = Instant::now();
        let mut watch = Stopwatch::start(start);
        watch.chunk(start + Duration::from_secs(3));
        let usage = Usage {
            output: Tokens(500),
            ..Usage::default()
        };
        let end = start + Duration::from_secs(3) + Duration::from_micros(2);
        assert_eq!(watch.finish(end, "m".into(), usage).tokens_per_second(), None);
    }

    #[test]
    fn an_answer_of_one_token_has_no_speed() {
        let start = Instant::now();
        let mut watch = Stopwatch::start(start);
        watch.chunk(start);
        let usage = Usage {
            output: Tokens(1),
            ..Usage::default()
        };
        assert_eq!(
            watch
                .finish(start + Duration::from_secs(1), "m".into(), usage)
                .tokens_per_second(),
            None
        );
    }
}
