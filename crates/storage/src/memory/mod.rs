//! Jobs, queues and notes in this process's memory: for tests, and for a server that need not remember.
//! Files in memory are [`Files::in_memory`](crate::Files::in_memory).

mod notes;
mod queue;
mod store;

pub use notes::MemoryNotes;
pub use queue::MemoryQueue;
pub use store::MemoryStore;
