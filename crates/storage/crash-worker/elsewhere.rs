//! Stores at an emulator's address, all under one name.

use std::sync::Arc;

use busbar_core::{Clock, Error, Result};
use busbar_jobs::{Artifacts, JobStore, Queue};
use busbar_providers::{http::Client, services::Account};
use busbar_storage::{DynamoDb, S3, Sqs};

/// Where the emulator believes itself to be.
pub(crate) const REGION: &str = "eu-west-1";

/// The three ports.
pub(crate) struct Stores {
    pub(crate) jobs: Arc<dyn JobStore>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) files: Arc<dyn Artifacts>,
}

/// An emulator, and the name of the table, of the bucket, and with which the queues' names begin.
#[derive(Clone, Debug)]
pub(crate) struct Elsewhere {
    /// `http://127.0.0.1:4566`.
    pub(crate) address: String,
    /// What all of it is called.
    pub(crate) name: String,
}

impl Elsewhere {
    /// The stores there, which exist already.
    pub(crate) fn open(&self, clock: Arc<dyn Clock>) -> Result<Stores> {
        let Self { address, name } = self;
        let account = account(address)?;
        let prefix = format!("{address}/000000000000/{name}-");
        Ok(Stores {
            jobs: Arc::new(DynamoDb::new(&account, name.as_str())?),
            queue: Arc::new(Sqs::new(&account, prefix, clock)?),
            files: Arc::new(S3::new(&account, &format!("s3://{name}/files/"))?),
        })
    }
}

/// The account at an emulator's address.
pub(crate) fn account(address: &str) -> Result<Account> {
    let client = Client::new().map_err(|source| Error::internal("no client").with_source(source))?;
    Ok(Account::new(REGION, Some(address), client))
}
