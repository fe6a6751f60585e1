//! Streams that outlive their connections: the generation runs in a task of its own, its events are
//! kept for a while, and a client that comes back gets those that it missed.
//!
//! **Invariant:** whoever did not ask for it pays nothing: no task, no buffer, no lock.

pub(crate) mod api;
mod buffer;
mod headers;
mod pump;
mod reader;
mod shelf;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use busbar_core::{Clock, Error, Result, Tenant};
use busbar_wire::Head;
use tracing::Instrument as _;

use crate::{dialects::Dialect, items::Chunks};
use shelf::{Opening, Shelf};

pub(crate) use api::rest;
pub(crate) use headers::{last_event, window};
pub(crate) use reader::Reader;

/// The longest time that a stream is kept without a reader.
const LONGEST: Duration = Duration::from_secs(300);

/// What resumable streams may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayLimits {
    /// The most bytes of one stream; its oldest events go.
    pub stream: usize,
    /// The most bytes of all together.
    pub total: usize,
    /// The most streams at a time.
    pub streams: usize,
}

impl Default for ReplayLimits {
    fn default() -> Self {
        Self {
            stream: 4 * 1024 * 1024,
            total: 256 * 1024 * 1024,
            streams: 1024,
        }
    }
}

/// What a client wants that asks for a resumable stream.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Who may come back.
    pub(crate) tenant: Tenant,
    /// How long it is kept without a reader.
    pub(crate) window: Duration,
}

/// The streams that outlive their connections. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Replay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shelf: Mutex<Shelf>,
    clock: Arc<dyn Clock>,
}

impl Replay {
    pub(crate) fn new(limits: ReplayLimits, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            shelf: Mutex::new(Shelf::new(limits)),
            clock,
        }))
    }

    /// Keeps an answer's chunks from now on; the result is its first reader.
    ///
    /// # Errors
    /// `Overloaded` where too many streams are kept.
    pub(crate) fn keep(
        &self,
        wish: &Wish,
        dialect: &'static Dialect,
        head: &Head,
        chunks: Chunks,
    ) -> Result<Reader> {
        let control = self.shelf().open(
            self.now(),
            Opening {
                id: head.id.clone(),
                model: head.model.clone(),
                dialect,
                tenant: wish.tenant.clone(),
                window: wish.window,
            },
        )?;
        let reader = self.read(&wish.tenant, &head.id, 0)?;
        let pump = pump::run(self.clone(), head.id.clone(), control, chunks);
        tokio::spawn(pump.in_current_span());
        Ok(reader)
    }

    /// Comes back to a stream, with everything up to a number at hand.
    ///
    /// # Errors
    /// `NotFound` with `stream_not_found` or `stream_truncated`; `Invalid` where the number was
    /// never sent.
    pub(crate) fn read(&self, tenant: &Tenant, id: &str, after: u64) -> Result<Reader> {
        let attached = self.shelf().attach(self.now(), tenant, id, after)?;
        Ok(Reader::new(self.clone(), id.to_owned(), attached))
    }

    /// Stops a stream; its readers are told, and it is not kept any longer.
    ///
    /// # Errors
    /// `NotFound` with `stream_not_found`.
    pub(crate) fn stop(&self, tenant: &Tenant, id: &str) -> Result<()> {
        self.shelf().cancel(self.now(), tenant, id)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.0.clock.now()
    }
}

/// The window that a client asks for, in seconds.
///
/// # Errors
/// `Invalid`, naming the field.
pub(crate) fn window_of(param: &str, seconds: u64) -> Result<Duration> {
    let window = Duration::from_secs(seconds);
    if window.is_zero() || window > LONGEST {
        let most = LONGEST.as_secs();
        let message = format!("`{param}` must be 1 to {most} seconds, not {seconds}");
        return Err(Error::invalid(param, message));
    }
    Ok(window)
}
