//! The runtime that asynchronous commands run on.

use std::time::Duration;

use crate::exit::{Failure, Result};

/// How long work that nobody waits for any more may hold up the end.
const PATIENCE: Duration = Duration::from_millis(200);

/// Runs a command to its end.
pub(crate) fn run<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("no threads could be started: {error}")))?;
    let result = runtime.block_on(command);
    runtime.shutdown_timeout(PATIENCE);
    result
}

/// Does something until it is done or Ctrl-C is pressed.
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = work => result,
        () = interrupted() => Err(Failure::Interrupted),
    }
}

/// Waits for Ctrl-C. From the first call on it does not end the process by itself any more.
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Where it cannot be listened for, it still ends the process.
        std::future::pending::<()>().await;
    }
}
