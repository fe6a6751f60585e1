//! The book-keeping of one generation: measured from arrival to end, counted exactly once, however
//! it ends.

use std::time::Instant;

use busbar_core::{AnswerMetrics, Error, ModelId, Result, Stopwatch, Tokens, Usage};
use busbar_telemetry::{Answer, Operation, Outcome, Under};

use crate::{Running, Server};

/// One generation under way. Dropped before it was told how it ended, it counts as cancelled.
#[derive(Debug)]
pub(crate) struct Record {
    server: Server,
    operation: Operation,
    model: ModelId,
    watch: Stopwatch,
    /// Pieces of text and tool calls that the model sent.
    pieces: u32,
    closed: bool,
    _running: Running,
}

impl Record {
    /// Admits a request that arrived at that time.
    ///
    /// # Errors
    /// Where the server takes nothing new.
    pub(crate) fn open(
        server: &Server,
        operation: Operation,
        model: ModelId,
        arrived: Instant,
    ) -> Result<Self> {
        Ok(Self {
            server: server.clone(),
            operation,
            model,
            watch: Stopwatch::start(arrived),
            pieces: 0,
            closed: false,
            _running: server.drain().admit()?,
        })
    }

    /// Counts as a stream for as long as the result is held.
    pub(crate) fn streaming(&self) -> Under {
        self.server.metrics().stream()
    }

    /// A piece of the answer is there.
    pub(crate) fn chunk(&mut self) {
        self.pieces = self.pieces.saturating_add(1);
        self.watch.chunk(self.server.now());
    }

    /// It is whole.
    pub(crate) fn finish(&mut self, usage: Usage) -> AnswerMetrics {
        self.close(Outcome::Finished, usage)
    }

    /// It failed.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.close(Outcome::Failed(error.kind()), Usage::default());
    }

    /// It was stopped. The model did not get to count, so we do: what it sent, a token a piece. What
    /// it read is not known.
    pub(crate) fn cancel(&mut self) -> AnswerMetrics {
        let usage = Usage {
            output: Tokens(self.pieces),
            ..Usage::default()
        };
        self.close(Outcome::Cancelled, usage)
    }

    fn close(&mut self, outcome: Outcome, usage: Usage) -> AnswerMetrics {
        let metrics = self.watch.finish(self.server.now(), self.model.clone(), usage);
        if !std::mem::replace(&mut self.closed, true) {
            let operation = self.operation;
            self.server.metrics().answered(Answer {
                operation,
                outcome,
                metrics: &metrics,
            });
            tracing::info!(
                model = metrics.model.as_str(),
                outcome = ?outcome,
                first_chunk_ms = metrics.first_chunk.map(|first| first.as_millis() as u64),
                total_ms = metrics.total.as_millis() as u64,
                tokens_in = usage.prompt().0,
                tokens_out = usage.output.0,
                "generation ended"
            );
        }
        metrics
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.cancel();
    }
}
