//! Where requests lie whose answers come later, and where the answers are put.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use busbar_config::Config;
use busbar_core::{BoxFuture, Context, Error as Failure, RequestId, Result as Outcome};
use busbar_jobs::{
    Notices,
    endpoint::{self, EndpointAnswer, EndpointNotices},
};
use busbar_providers::{
    http::Client,
    services::{Account, Location, Objects},
};
use busbar_server::LaterPlaces;
use bytes::Bytes;

use crate::{Error, Result};

/// An object is fetched or put within this time.
const WITHIN: Duration = Duration::from_secs(60);
/// What answers usually are; everything else is bytes.
const MEDIA: &[&str] = &["application/json", "image/png", "image/jpeg", "text/plain"];

/// The places in a store of objects.
#[derive(Debug)]
pub(crate) struct Places {
    objects: Objects,
    /// For the server.
    pub(crate) named: LaterPlaces,
}

impl Places {
    /// As the configuration has them; `None`: no answers come later. Asks nobody yet.
    ///
    /// # Errors
    /// What is wrong with a place, the region or the address, with its field.
    pub(crate) fn of(config: &Config) -> Result<Option<Arc<Self>>> {
        let later = &config.later;
        let Some(outputs) = &later.outputs else {
            return Ok(None);
        };
        let wrong = |field: &str, why: String| Error::Providers(vec![format!("later.{field}: {why}")]);
        let place = |field: &'static str, text: &str| {
            Location::new(text)
                .map(|place| (place.to_string(), format!("s3://{}", place.parts().0)))
                .map_err(|why| wrong(field, why))
        };
        let (outputs, bucket) = place("outputs", outputs)?;
        let failures = later.failures.as_deref();
        let failures = failures.map_or(Ok(outputs.clone()), |text| {
            place("failures", text).map(|(place, _)| place)
        })?;
        let inputs = later.inputs.iter().map(|text| place("inputs", text));
        let mut inputs = inputs
            .map(|place| place.map(|(place, _)| place))
            .collect::<Result<Vec<_>>>()?;
        if inputs.is_empty() {
            inputs.push(bucket);
        }
        let client = Client::new().map_err(|error| wrong("endpoint", error.to_string()))?;
        let region = later.region.as_deref().unwrap_or_default();
        let account = Account::new(region, later.endpoint.as_deref(), client);
        let objects = account
            .objects()
            .map_err(|problem| wrong(&problem.field, problem.message))?;
        let named = LaterPlaces {
            inputs,
            outputs,
            failures,
        };
        Ok(Some(Arc::new(Self { objects, named })))
    }
}

/// What says there why no answer will come.
pub(crate) fn notices(places: Arc<Places>) -> Arc<dyn Notices> {
    Arc::new(EndpointNotices::new(places, busbar_server::explain))
}

fn context() -> Context {
    Context::new(RequestId::new("later")).due(Instant::now() + WITHIN)
}

fn at(location: &str) -> Outcome<Location> {
    Location::new(location).map_err(|why| Failure::invalid("InputLocation", why))
}

impl endpoint::Objects for Places {
    fn get<'a>(&'a self, location: &'a str) -> BoxFuture<'a, Outcome<Option<Bytes>>> {
        Box::pin(async move { self.objects.get(&at(location)?, &context()).await })
    }

    fn put<'a>(&'a self, location: &'a str, content: EndpointAnswer) -> BoxFuture<'a, Outcome<()>> {
        Box::pin(async move {
            let essence = content.content_type.split(';').next().unwrap_or_default();
            let media = MEDIA.iter().find(|media| **media == essence.trim());
            let media = media.copied().unwrap_or("application/octet-stream");
            self.objects
                .put(&at(location)?, content.body, media, &context())
                .await
        })
    }
}
