//! The way out of a connection: many send, one writes, and a reader that is too slow is noticed.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use axum::{
    Error,
    extract::ws::{Message, Utf8Bytes},
};
use busbar_core::Clock;
use bytes::Bytes;
use futures_util::{Sink, SinkExt as _};
use tokio::sync::{Notify, watch};

use super::{
    WsLimits,
    queue::{Queue, Room},
};

/// The way out of a connection. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Outbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: Mutex<Queue>,
    clock: Arc<dyn Clock>,
    /// Rung when there is something to write.
    filled: Notify,
    /// Rung when there is room again.
    relieved: Notify,
    slow: watch::Sender<bool>,
    /// Whether the peer is to be asked for a sign of life.
    ping: AtomicBool,
}

/// The reader is too slow: the connection is about to be closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooSlow;

impl Outbox {
    pub(super) fn new(limits: WsLimits, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            queue: Mutex::new(Queue::new(limits)),
            clock,
            filled: Notify::new(),
            relieved: Notify::new(),
            slow: watch::Sender::new(false),
            ping: AtomicBool::new(false),
        }))
    }

    /// Sends a frame when there is room for it.
    pub(super) async fn send(&self, frame: Bytes) -> Result<(), TooSlow> {
        self.room().await?;
        self.push(frame);
        Ok(())
    }

    /// Waits for room.
    pub(super) async fn room(&self) -> Result<(), TooSlow> {
        loop {
            let relieved = self.0.relieved.notified();
            tokio::pin!(relieved);
            // From here on no relief is missed, also one between looking and waiting.
            relieved.as_mut().enable();
            let now = self.now();
            let room = self.queue().room(now);
            match room {
                Room::Now => return Ok(()),
                Room::By(until) => tokio::select! {
                    () = relieved => {}
                    () = tokio::time::sleep(until.saturating_duration_since(now)) => {}
                },
                Room::Never => {
                    self.0.slow.send_replace(true);
                    return Err(TooSlow);
                }
            }
        }
    }

    /// Sends a frame, whether there is room or not.
    pub(super) fn push(&self, frame: Bytes) {
        self.queue().push(frame);
        self.0.filled.notify_one();
    }

    /// Asks the peer for a sign of life, before anything that waits.
    pub(super) fn ping(&self) {
        self.0.ping.store(true, Ordering::Relaxed);
        self.0.filled.notify_one();
    }

    /// Waits until there may be something to write.
    pub(super) async fn filled(&self) {
        self.0.filled.notified().await;
    }

    /// Makes whoever writes look again.
    pub(super) fn nudge(&self) {
        self.0.filled.notify_one();
    }

    /// Waits until the reader is found to be too slow.
    pub(super) async fn slow(&self) {
        // We hold the sender, so it cannot have gone away.
        let mut slow = self.0.slow.subscribe();
        let _slow = slow.wait_for(|slow| *slow).await;
    }

    /// Writes what comes, for ever.
    pub(super) async fn write(&self, sink: &mut (impl Sink<Message, Error = Error> + Unpin)) -> Error {
        loop {
            if let Err(error) = self.write_waiting(sink).await {
                return error;
            }
            self.0.filled.notified().await;
        }
    }

    /// Writes what waits.
    pub(super) async fn write_waiting(
        &self,
        sink: &mut (impl Sink<Message, Error = Error> + Unpin),
    ) -> Result<(), Error> {
        if self.0.ping.swap(false, Ordering::Relaxed) {
            sink.feed(Message::Ping(Bytes::new())).await?;
        }
        while let Some(frame) = self.pop() {
            // Our frames are JSON; one that were not UTF-8 would be a bug that clients must not see.
            if let Ok(text) = Utf8Bytes::try_from(frame) {
                sink.feed(Message::Text(text)).await?;
            }
        }
        sink.flush().await
    }

    fn pop(&self) -> Option<Bytes> {
        let (frame, relieved) = self.queue().pop()?;
        if relieved {
            self.0.relieved.notify_waiters();
        }
        Some(frame)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.0.clock.now()
    }
}
