//! What an engine counts about itself, as the metrics want to have it.

/// Counters since the engine was loaded, and levels at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineFigures {
    /// The model that it runs.
    pub model: String,
    /// Sequences that it can work on at once.
    pub slots: u64,
    /// Sequences that it is working on.
    pub slots_busy: u64,
    /// Requests that wait for a slot.
    pub queue_depth: u64,
    /// Requests that may wait.
    pub queue_capacity: u64,
    /// Prompt tokens computed.
    pub prompt_tokens: u64,
    /// Prompt tokens found already computed.
    pub reused_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Passes through the model.
    pub passes: u64,
    /// Requests brought to their end.
    pub finished: u64,
    /// Requests given up because nobody waits for the answer.
    pub cancelled: u64,
    /// Requests given up because their deadline passed.
    pub expired: u64,
    /// Requests that failed.
    pub failed: u64,
}
