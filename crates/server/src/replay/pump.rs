//! The task that runs a kept stream's generation, and forgets the stream when its time is up.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{Replay, shelf::Standing};
use crate::items::Chunks;

/// Fills the shelf until the generation ends, is cancelled, or nobody comes back for it; then waits
/// until the last reader is gone for long enough.
pub(super) async fn run(replay: Replay, id: String, control: Arc<Notify>, mut chunks: Chunks) {
    let place = Place { replay, id };
    let Place { replay, id } = &place;
    {
        let over = over(replay, id, &control);
        let cancelled = cancelled(replay, id, &control);
        tokio::pin!(over, cancelled);
        let mut cancelling = false;
        loop {
            // A model that is always ready must not keep the thread.
            tokio::task::coop::consume_budget().await;
            tokio::select! {
                biased;
                () = &mut over => break,
                () = &mut cancelled, if !cancelling => {
                    chunks.cancel();
                    cancelling = true;
                }
                item = chunks.next() => match item {
                    Some(item) => replay.shelf().push(id, item),
                    None => break,
                },
            }
        }
    }
    // Frees the model now, and lets a server that drains go.
    drop(chunks);
    replay.shelf().end(id);
    over(replay, id, &control).await;
}

/// A stream's place on the shelf, given up however its task ends.
struct Place {
    replay: Replay,
    id: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.replay.shelf().remove(&self.id);
    }
}

/// Waits until nobody has read the stream for its window, or it is gone.
async fn over(replay: &Replay, id: &str, control: &Notify) {
    loop {
        let changed = control.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let now = replay.now();
        let standing = replay.shelf().standing(now, id);
        match standing {
            Standing::Over => return,
            Standing::Read => changed.await,
            Standing::Until(until) => tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(until.saturating_duration_since(now)) => {}
            },
        }
    }
}

/// Waits until somebody asks for the stream to be stopped.
async fn cancelled(replay: &Replay, id: &str, control: &Notify) {
    loop {
        let changed = control.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if replay.shelf().is_cancelled(id) {
            return;
        }
        changed.await;
    }
}
