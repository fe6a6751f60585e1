//! Which streams are kept, for whom and until when. Pure: times are passed in.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use busbar_core::{Error, ErrorKind, Result, Tenant};
use tokio::sync::Notify;

use super::{
    ReplayLimits,
    buffer::{After, Buffer},
};
use crate::{Item, dialects::Dialect};

/// When a client that finds no room may try again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The streams that are kept.
#[derive(Debug)]
pub(super) struct Shelf {
    limits: ReplayLimits,
    streams: HashMap<String, Kept>,
    bytes: usize,
}

/// A stream that is kept.
#[derive(Debug)]
struct Kept {
    tenant: Tenant,
    model: String,
    dialect: &'static Dialect,
    buffer: Buffer,
    window: Duration,
    readers: usize,
    /// When the last reader left; when it began, where none came yet.
    left: Instant,
    running: bool,
    /// Rung when there is something to read.
    events: Arc<Notify>,
    /// Rung when readers come and go, and when it is to stop.
    control: Arc<Notify>,
}

/// A new stream.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) dialect: &'static Dialect,
    pub(super) tenant: Tenant,
    /// How long it is kept without a reader.
    pub(super) window: Duration,
}

/// What a reader gets.
#[derive(Debug)]
pub(super) enum Next {
    /// This.
    Item(Item),
    /// Nothing yet.
    Wait,
    /// Nothing any more.
    End,
    /// What comes next had to go.
    Truncated,
}

/// What a reader is told when it comes.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) model: String,
    /// What it is written in.
    pub(super) dialect: &'static Dialect,
    /// Where it begins to read.
    pub(super) after: u64,
    /// Rung when there is something to read.
    pub(super) events: Arc<Notify>,
}

/// How a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Somebody reads it.
    Read,
    /// Nobody does, and it is kept until then.
    Until(Instant),
    /// It is not kept any more.
    Over,
}

impl Shelf {
    pub(super) fn new(limits: ReplayLimits) -> Self {
        Self {
            limits,
            streams: HashMap::new(),
            bytes: 0,
        }
    }

    /// Keeps a new stream. Where there are too many, one that has ended and that nobody reads goes.
    /// The result is rung when the stream's standing may have changed.
    ///
    /// # Errors
    /// `Overloaded` where all the others are in use.
    pub(super) fn open(&mut self, now: Instant, opening: Opening) -> Result<Arc<Notify>> {
        if self.streams.len() >= self.limits.streams && !self.evict() {
            let message = "too many resumable streams are open; again later, or without `resume`";
            let kind = ErrorKind::Overloaded {
                retry_after: RETRY_AFTER,
            };
            return Err(Error::new(kind, message).with_code("too_many_streams"));
        }
        let control = Arc::new(Notify::new());
        let kept = Kept {
            tenant: opening.tenant,
            model: opening.model,
            dialect: opening.dialect,
            buffer: Buffer::default(),
            window: opening.window,
            readers: 0,
            left: now,
            running: true,
            events: Arc::new(Notify::new()),
            control: control.clone(),
        };
        self.streams.insert(opening.id, kept);
        Ok(control)
    }

    /// Adds an event. Whoever pushes beyond the limit of all together pays with its own oldest.
    pub(super) fn push(&mut self, id: &str, item: Item) {
        while self.bytes > self.limits.total && self.evict() {}
        let Some(kept) = self.streams.get_mut(id) else {
            return;
        };
        let others = self.bytes - kept.buffer.bytes();
        let limit = self.limits.stream.min(self.limits.total.saturating_sub(others));
        let change = kept.buffer.push(item, limit);
        self.bytes = self.bytes - change.before + change.after;
        kept.events.notify_waiters();
    }

    /// No more events come.
    pub(super) fn end(&mut self, id: &str) {
        if let Some(kept) = self.streams.get_mut(id) {
            kept.running = false;
            kept.events.notify_waiters();
        }
    }

    /// Lets a reader in that has everything up to a number.
    ///
    /// # Errors
    /// `NotFound`: with `stream_not_found` where there is no such stream for this tenant, with
    /// `stream_truncated` where what comes next is no longer there. `Invalid` where it claims to
    /// have what was never sent.
    pub(super) fn attach(&mut self, now: Instant, tenant: &Tenant, id: &str, after: u64) -> Result<Attached> {
        let kept = self.of(now, tenant, id)?;
        let end = kept
            .buffer
            .newest()
            .filter(|item| item.is_end())
            .map(|item| item.seq);
        if after > kept.buffer.last() {
            let last = kept.buffer.last();
            let message = format!("the stream has {last} events so far: it cannot go on after event {after}");
            return Err(Error::invalid("after", message));
        }
        if matches!(kept.buffer.after(after), After::Gone) {
            return Err(truncated());
        }
        kept.readers += 1;
        kept.control.notify_waiters();
        Ok(Attached {
            model: kept.model.clone(),
            dialect: kept.dialect,
            // Whoever has the end is told once more that it was the end.
            after: end.map_or(after, |end| after.min(end - 1)),
            events: kept.events.clone(),
        })
    }

    /// A reader left.
    pub(super) fn detach(&mut self, now: Instant, id: &str) {
        let Some(kept) = self.streams.get_mut(id) else {
            return;
        };
        kept.readers = kept.readers.saturating_sub(1);
        kept.left = now;
        kept.control.notify_waiters();
    }

    /// What comes after a number. Only whoever is attached asks.
    pub(super) fn next(&self, id: &str, after: u64) -> Next {
        let Some(kept) = self.streams.get(id) else {
            return Next::End;
        };
        match kept.buffer.after(after) {
            After::Item(item) => Next::Item(item),
            After::Gone => Next::Truncated,
            After::Nothing if kept.running => Next::Wait,
            After::Nothing => Next::End,
        }
    }

    /// Stops a stream: it goes once nobody reads it any more.
    ///
    /// # Errors
    /// `NotFound` as [`Shelf::attach`].
    pub(super) fn cancel(&mut self, now: Instant, tenant: &Tenant, id: &str) -> Result<()> {
        let kept = self.of(now, tenant, id)?;
        kept.window = Duration::ZERO;
        kept.left = now;
        kept.control.notify_waiters();
        Ok(())
    }

    /// Whether somebody asked for a stream to be stopped.
    pub(super) fn is_cancelled(&self, id: &str) -> bool {
        self.streams.get(id).is_none_or(|kept| kept.window.is_zero())
    }

    /// How a stream stands.
    pub(super) fn standing(&self, now: Instant, id: &str) -> Standing {
        self.streams
            .get(id)
            .map_or(Standing::Over, |kept| kept.standing(now))
    }

    /// Forgets a stream.
    pub(super) fn remove(&mut self, id: &str) {
        if let Some(kept) = self.streams.remove(id) {
            self.bytes -= kept.buffer.bytes();
            kept.control.notify_waiters();
            kept.events.notify_waiters();
        }
    }

    /// A stream of this tenant's that is still kept. Another tenant's does not exist for it.
    fn of(&mut self, now: Instant, tenant: &Tenant, id: &str) -> Result<&mut Kept> {
        self.streams
            .get_mut(id)
            .filter(|kept| kept.tenant == *tenant && kept.standing(now) != Standing::Over)
            .ok_or_else(|| {
                let message = "no such stream: it never was, its time is up, or it was cancelled";
                Error::new(ErrorKind::NotFound, message).with_code("stream_not_found")
            })
    }

    /// Makes room: the ended stream that nobody has read for longest goes.
    fn evict(&mut self) -> bool {
        let unread = self
            .streams
            .iter()
            .filter(|(_, kept)| !kept.running && kept.readers == 0);
        let oldest = unread.min_by_key(|(_, kept)| kept.left).map(|(id, _)| id.clone());
        oldest.is_some_and(|id| {
            self.remove(&id);
            true
        })
    }
}

impl Kept {
    fn standing(&self, now: Instant) -> Standing {
        if self.readers > 0 {
            return Standing::Read;
        }
        let until = self.left + self.window;
        if until <= now {
            Standing::Over
        } else {
            Standing::Until(until)
        }
    }
}

/// What a reader is told that comes too late or reads too slowly.
pub(super) fn truncated() -> Error {
    let message = "the stream outgrew its buffer: what comes next is no longer there";
    Error::new(ErrorKind::NotFound, message).with_code("stream_truncated")
}

#[cfg(test)]
mod tests;
