//! What a handler of pictures has at hand: the jobs, and the addresses of their files.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts, uri::Authority},
};
use busbar_core::{Error, ErrorKind, Result, Tenant};
use busbar_jobs::{Addresses, ArtifactName, Job, JobId, Jobs, Timestamp, UrlKeys, image::ImageJobs};

use crate::{Pictures, Server, error::Failure};

/// Under which path files lie.
const FILES: &str = "/v1/images/files";

/// What a handler of pictures has at hand.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(super) jobs: Jobs,
    pub(super) links: Links,
    /// Whether somebody brings webhooks.
    pub(super) webhooks: bool,
}

impl FromRequestParts<Server> for Desk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Failure> {
        let Pictures {
            jobs,
            keys,
            valid_for,
            webhooks,
            ..
        } = server.pictures()?.clone();
        let links = Links {
            server: server.clone(),
            base: base(parts, server.settings().https),
            keys: keys.get().await?,
            elsewhere: jobs.artifacts().addresses().await?,
            valid_for,
        };
        Ok(Self {
            jobs,
            links,
            webhooks,
        })
    }
}

impl Desk {
    /// A tenant's picture job by its name. What is no name of a job is the name of none.
    ///
    /// # Errors
    /// `NotFound` with the code `job_not_found`.
    pub(super) async fn find(&self, tenant: &Tenant, id: &str) -> Result<Job> {
        let job = match id.parse::<JobId>() {
            Ok(id) => self.jobs.get(tenant, id).await,
            Err(_) => Err(Error::new(ErrorKind::NotFound, "unknown")),
        };
        match job {
            Ok(job) if job.kind == ImageJobs::kind() => Ok(job),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => {
                let message = "there is no such job; it may have been removed";
                Err(Error::new(ErrorKind::NotFound, message).with_code("job_not_found"))
            }
        }
    }
}

/// Writes addresses that open files for a while.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    server: Server,
    /// Scheme and host as the client knows them; empty where it did not say.
    base: String,
    keys: UrlKeys,
    /// What writes addresses of files where they lie.
    elsewhere: Option<Arc<dyn Addresses>>,
    valid_for: Duration,
}

impl Links {
    /// The address of a file: where it lies, or with us, who hand out every file.
    pub(super) fn of(&self, name: ArtifactName) -> String {
        let elsewhere = self.elsewhere.as_ref();
        match elsewhere.map(|elsewhere| elsewhere.of(name, self.begin(), self.valid_for)) {
            Some(Ok(address)) => return address,
            Some(Err(error)) => tracing::warn!(%error, "a file's own address could not be written"),
            None => {}
        }
        let path = path(name);
        let query = self.keys.sign(&path, self.begin(), self.valid_for);
        format!("{}{path}?{query}", self.base)
    }

    /// Asks anew who writes addresses: who watches for hours outlives credentials.
    pub(super) async fn renew(&mut self, jobs: &Jobs) -> Result<()> {
        self.elsewhere = jobs.artifacts().addresses().await?;
        Ok(())
    }

    /// When addresses that are written now end.
    pub(super) fn end(&self) -> Timestamp {
        Timestamp::from_millis((self.begin() + self.valid_for).seconds() * 1000)
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from(self.server.clock().wall())
    }

    /// Addresses change only now and then, so that caches find a picture again that is asked for
    /// each second.
    fn begin(&self) -> Timestamp {
        const CHANGES: u64 = 4;
        let every = u64::try_from(self.valid_for.as_millis()).unwrap_or(u64::MAX) / CHANGES;
        let now = self.now().millis();
        Timestamp::from_millis(now - now % every.max(1))
    }
}

/// The path of a file: what is signed.
pub(super) fn path(name: ArtifactName) -> String {
    format!("{FILES}/{name}")
}

fn base(parts: &Parts, https: bool) -> String {
    let named = parts.headers.get(header::HOST);
    let named = named.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    // HTTP/2 has the host in the address.
    match named.as_ref().or(parts.uri.authority()) {
        Some(host) if https => format!("https://{host}"),
        Some(host) => format!("http://{host}"),
        None => String::new(),
    }
}
