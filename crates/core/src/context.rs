//! Whom a call is for, and within what bounds.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{Trace, Trail};

/// Every call carries one: cache keys, ledger entries, job ownership and logs are made from it.
#[derive(Clone, Debug)]
pub struct Context {
    /// Whose call this is. Nothing of one tenant is ever visible to another.
    pub tenant: Tenant,
    /// The id that the client sent or that the server gave; it appears in every log line.
    pub request: RequestId,
    /// The trace that it is a part of, where the client has said so.
    pub trace: Option<Arc<Trace>>,
    /// When the answer is worthless; work past it stops. `None`: no limit but the server's own.
    pub deadline: Option<Instant>,
    /// Milliseconds that a connection to whoever answers may take; 0: as many as it usually may. A context
    /// lies in every queue, so it is kept small.
    pub connect_ms: u32,
    /// Who goes first when there is not room for all.
    pub priority: Priority,
    /// What the request says of itself beside its body.
    pub labels: Labels,
    /// What happens to it on its way, for whoever answers.
    pub trail: Trail,
}

impl Context {
    /// A context for the default tenant, without a deadline.
    pub fn new(request: RequestId) -> Self {
        Self {
            tenant: Tenant::default(),
            request,
            trace: None,
            deadline: None,
            connect_ms: 0,
            priority: Priority::default(),
            labels: Labels::default(),
            trail: Trail::default(),
        }
    }

    /// The same context with a deadline; an earlier one already there stays.
    #[must_use]
    pub fn due(mut self, deadline: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// How long a connection to whoever answers may take to come about; `None`: as long as it usually may.
    pub fn connect(&self) -> Option<Duration> {
        (self.connect_ms > 0).then(|| Duration::from_millis(self.connect_ms.into()))
    }

    /// Sets that; less than a millisecond is one.
    pub fn connect_within(&mut self, most: Option<Duration>) {
        let millis = |most: Duration| u32::try_from(most.as_millis()).unwrap_or(u32::MAX).max(1);
        self.connect_ms = most.map_or(0, millis);
    }

    /// Whether the deadline has passed at `now`.
    pub fn expired(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// What a request says of itself beside its body: those of its headers that somebody looks at.
#[derive(Clone, Default)]
pub struct Labels(Option<Arc<[(String, String)]>>);

impl Labels {
    /// The value of a header by its name in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let labels = self.0.as_deref()?;
        labels
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same, with this header in the place of any of its name.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let others = self.0.iter().flat_map(|labels| labels.iter());
        let others = others.filter(|(known, _)| known != name).cloned();
        others.chain([(name.to_owned(), value.to_owned())]).collect()
    }
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(labels: I) -> Self {
        let labels: Vec<_> = labels.into_iter().collect();
        Self((!labels.is_empty()).then(|| labels.into()))
    }
}

/// Headers may carry names of people, so values are not shown.
impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .0
            .iter()
            .flat_map(|labels| labels.iter().map(|(name, _)| name));
        f.debug_list().entries(names).finish()
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
    fn the_time_for_a_connection_is_kept_to_the_millisecond() {
        let mut context = Context::new(RequestId::new("r"));
        assert_eq!(context.connect(), None);
        for (said, kept) in [(2_500_000, 2_500), (1, 1)] {
            context.connect_within(Some(Duration::from_micros(said)));
            assert_eq!(context.connect(), Some(Duration::from_millis(kept)));
        }
        context.connect_within(None);
        assert_eq!(context.connect(), None);
    }

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
