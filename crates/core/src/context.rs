//! Whom a call is for, and within what bounds.

use std::{fmt, sync::Arc, time::Instant};

/// Every call carries one: cache keys, ledger entries, job ownership and logs are made from it.
#[derive(Clone, Debug)]
pub struct Context {
    /// Whose call this is. Nothing of one tenant is ever visible to another.
    pub tenant: Tenant,
    /// The id that the client sent or that the server gave; it appears in every log line.
    pub request: RequestId,
    /// When the answer is worthless; work past it stops. `None`: no limit but the server's own.
    pub deadline: Option<Instant>,
    /// Who goes first when there is not room for all.
    pub priority: Priority,
}

impl Context {
    /// A context for the default tenant, without a deadline.
    pub fn new(request: RequestId) -> Self {
        Self {
            tenant: Tenant::default(),
            request,
            deadline: None,
            priority: Priority::default(),
        }
    }

    /// The same context with a deadline; an earlier one already there stays.
    #[must_use]
    pub fn due(mut self, deadline: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// Whether the deadline has passed at `now`.
    pub fn expired(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// Whose data and whose bill.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// A tenant by its name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self::new("default")
    }
}

/// The correlation id of one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// An id as given.
    pub fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who waits for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Work that may wait: batches, evaluation.
    Background,
    /// A person or a program is waiting.
    #[default]
    Interactive,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_earlier_deadline_wins() {
        let now = Instant::now();
        let soon = now + Duration::from_secs(1);
        let later = now + Duration::from_secs(9);
        let context = Context::new(RequestId::new("r")).due(soon).due(later);
        assert_eq!(context.deadline, Some(soon));
        assert!(!context.expired(now));
        assert!(context.expired(soon));
    }
}
