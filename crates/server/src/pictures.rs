//! What a server has that makes pictures as jobs: the jobs, and what signs its files' addresses.

use std::time::Duration;

use busbar_jobs::{Jobs, Keyring, UrlKeys};

/// Where pictures are jobs, and how long the addresses of their files open them.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The jobs.
    pub jobs: Jobs,
    /// What signs addresses.
    pub keys: Keyring<UrlKeys>,
    /// The origin of addresses that are not ours, where files lie elsewhere: pages may show what is there.
    pub from: Option<String>,
    /// How long an address opens its file at most.
    pub valid_for: Duration,
    /// Whether somebody is there who brings webhooks.
    pub webhooks: bool,
}
