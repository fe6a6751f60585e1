//! A gate that a scripted model waits at until a test opens it.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A gate that lets one passer through for each time it is opened.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// A gate that is closed.
    pub fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets `times` passers through.
    pub fn open(&self, times: usize) {
        self.0.add_permits(times);
    }

    /// Waits to be let through.
    pub async fn pass(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}
