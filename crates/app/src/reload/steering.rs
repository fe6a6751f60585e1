//! What operators ask of the configuration, answered from the versions that are kept and by whoever takes
//! up the next.

use std::sync::{Arc, PoisonError, RwLock};

use busbar_config::{Fate, Version, Versions, diff};
use busbar_core::{BoxFuture, Error, ErrorKind, Result};
use busbar_server::Steering;
use busbar_wire::configuration::{
    ConfigurationChange, ConfigurationDiff, ConfigurationStatus, ConfigurationVersion,
};
use tokio::sync::{mpsc, oneshot};
use toml::Table;

use super::reloader::News;

/// What serves, as it is told to those who ask; shared with whoever changes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<RwLock<ConfigurationStatus>>);

impl Told {
    pub(super) fn get(&self) -> ConfigurationStatus {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut ConfigurationStatus)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Answers operators.
#[derive(Debug)]
pub(super) struct Helm {
    pub(super) told: Told,
    pub(super) versions: Option<Versions>,
    pub(super) news: mpsc::Sender<News>,
}

impl Steering for Helm {
    fn status(&self) -> ConfigurationStatus {
        self.told.get()
    }

    fn versions(&self) -> BoxFuture<'_, Result<Vec<ConfigurationVersion>>> {
        Box::pin(async {
            let Some(versions) = self.versions.clone() else {
                return Ok(Vec::new());
            };
            aside(move || {
                let serving = versions.state().serving;
                let all = versions.all();
                Ok(all.iter().map(|version| summary(version, serving)).collect())
            })
            .await
        })
    }

    fn version(&self, number: u64) -> BoxFuture<'_, Result<ConfigurationVersion>> {
        Box::pin(async move {
            let versions = self.kept()?;
            aside(move || {
                let version = find(&versions, number)?;
                Ok(ConfigurationVersion {
                    document: version.table.as_ref().map(ToString::to_string),
                    ..summary(&version, versions.state().serving)
                })
            })
            .await
        })
    }

    fn diff(&self, from: u64, to: u64) -> BoxFuture<'_, Result<ConfigurationDiff>> {
        Box::pin(async move {
            let versions = self.kept()?;
            aside(move || {
                let table = |number| find(&versions, number)?.table.ok_or_else(|| unreadable(number));
                let changes = changes(&table(from)?, &table(to)?);
                Ok(ConfigurationDiff { from, to, changes })
            })
            .await
        })
    }

    fn reload(&self) -> BoxFuture<'_, Result<ConfigurationStatus>> {
        Box::pin(async {
            let (reply, replied) = oneshot::channel();
            self.tell(News::Anew(Some(reply))).await?;
            replied.await.map_err(|_| stopped())?;
            Ok(self.status())
        })
    }

    fn roll_back(&self, version: Option<u64>) -> BoxFuture<'_, Result<ConfigurationStatus>> {
        Box::pin(async move {
            let versions = self.kept()?;
            let number = aside(move || goal(&versions, version)).await?;
            let (reply, replied) = oneshot::channel();
            self.tell(News::RollBack(number, reply)).await?;
            match replied.await.map_err(|_| stopped())? {
                Ok(()) => Ok(self.status()),
                Err(reasons) => Err(Error::invalid("version", reasons.join("; "))),
            }
        })
    }
}

impl Helm {
    fn kept(&self) -> Result<Versions> {
        self.versions.clone().ok_or_else(|| {
            let message = "the configuration is kept nowhere, so there are no versions of it";
            Error::new(ErrorKind::NotFound, message)
        })
    }

    async fn tell(&self, news: News) -> Result<()> {
        self.news.send(news).await.map_err(|_| stopped())
    }
}

/// The version that is meant, if it can be gone back to.
fn goal(versions: &Versions, asked: Option<u64>) -> Result<u64> {
    let Some(number) = asked else {
        return versions.before().map(|version| version.number).ok_or_else(|| {
            let message = "there is no version before the one that serves; name one in `version`";
            Error::new(ErrorKind::NotFound, message)
                .with_param("version")
                .with_code("version_not_found")
        });
    };
    if find(versions, number)?.is_good() {
        return Ok(number);
    }
    let message = format!("version {number} was refused; only one that served can serve again");
    Err(Error::invalid("version", message).with_code("version_refused"))
}

fn find(versions: &Versions, number: u64) -> Result<Version> {
    versions.get(number).ok_or_else(|| {
        let message =
            format!("there is no version {number}; `GET /v1/config/versions` lists those there are");
        Error::new(ErrorKind::NotFound, message)
            .with_param("version")
            .with_code("version_not_found")
    })
}

fn unreadable(number: u64) -> Error {
    let message = format!("version {number} could not be read when it was offered");
    Error::new(ErrorKind::NotFound, message).with_param("version")
}

/// What differs between two tables, as it is told: without secrets.
pub fn changes(before: &Table, after: &Table) -> Vec<ConfigurationChange> {
    let told = |change: busbar_config::Change| ConfigurationChange {
        path: change.path,
        before: change.before,
        after: change.after,
    };
    diff(before, after).into_iter().map(told).collect()
}

/// A version as it is told, without what it says.
pub fn summary(version: &Version, serving: Option<u64>) -> ConfigurationVersion {
    ConfigurationVersion {
        version: version.number,
        at: version.at,
        origin: version.origin.clone(),
        label: version.label.clone(),
        hash: version.fingerprint.clone(),
        serves: serving == Some(version.number),
        refused: match &version.fate {
            Fate::Served => None,
            Fate::Refused(reasons) => Some(reasons.clone()),
        },
        document: None,
    }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Unavailable, "nobody takes up configurations any more")
}

/// Reads files beside the threads that serve.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading versions broke off").with_source(error))?
}
