//! The configuration of the running process, as the server sees it: what serves, what served before, and
//! how one goes back. Whoever reads configurations implements it.

use std::fmt;

use busbar_core::{BoxFuture, Result};
use busbar_wire::configuration::{ConfigurationDiff, ConfigurationStatus, ConfigurationVersion};

/// The configuration of the running process.
pub trait Steering: fmt::Debug + Send + Sync + 'static {
    /// What serves.
    fn status(&self) -> ConfigurationStatus;

    /// The versions that are kept, the oldest first, without what they say.
    ///
    /// # Errors
    /// Where they cannot be read.
    fn versions(&self) -> BoxFuture<'_, Result<Vec<ConfigurationVersion>>>;

    /// One of them, with what it says.
    ///
    /// # Errors
    /// `NotFound` where it is not kept.
    fn version(&self, number: u64) -> BoxFuture<'_, Result<ConfigurationVersion>>;

    /// What differs between two of them.
    ///
    /// # Errors
    /// `NotFound` where one of them is not kept, or could not be read when it was offered.
    fn diff(&self, from: u64, to: u64) -> BoxFuture<'_, Result<ConfigurationDiff>>;

    /// Reads everything again, and takes up what has changed. What is refused is in the status.
    ///
    /// # Errors
    /// `Unavailable` where nobody takes up configurations any more.
    fn reload(&self) -> BoxFuture<'_, Result<ConfigurationStatus>>;

    /// Goes back to a version; without one, to the one before the one that serves.
    ///
    /// # Errors
    /// `NotFound` where it is not kept; `Invalid` where it cannot serve, with the reasons.
    fn roll_back(&self, version: Option<u64>) -> BoxFuture<'_, Result<ConfigurationStatus>>;
}
