//! AppConfig by the agent that stands beside a function or a container: it asks the service, keeps what
//! was said, and gives it to whoever is on the same machine, unsigned.

use std::time::Duration;

use busbar_core::{BoxFuture, Error, Result, Secret};
use busbar_wire::stores::{self, appconfig};
use bytes::Bytes;

use super::keeper::{PATIENCE, context, document, text, there, title};
use crate::{
    auth::Auth,
    documents::{Documents, Look, Place},
    endpoint::Endpoint,
    host::{Call, Host},
    http::Client,
    settings::Problem,
};

/// Where it listens unless it was told otherwise.
const HERE: &str = "http://localhost:2772";

#[derive(Debug)]
struct Extension {
    host: Host,
    endpoint: Endpoint,
    of: appconfig::Place,
    interval: Duration,
    name: String,
    said: Option<Secret<String>>,
}

pub(in crate::vendors) fn documents(
    place: &Place,
    client: Client,
) -> Result<Box<dyn Documents>, Vec<Problem>> {
    let mut problems = Vec::new();
    let of = place.configuration(&mut problems);
    let endpoint = Endpoint::new(place.endpoint.as_deref().unwrap_or(HERE));
    match endpoint.map_err(|why| problems.push(Problem::new("endpoint", why))) {
        Ok(endpoint) if problems.is_empty() => Ok(Box::new(Extension {
            name: title(&of),
            host: Host {
                name: "appconfig".into(),
                client,
                auth: Auth::Open,
                patience: PATIENCE,
            },
            endpoint,
            of,
            interval: place.interval,
            said: None,
        })),
        _ => Err(problems),
    }
}

impl Documents for Extension {
    fn place(&self) -> &str {
        &self.name
    }

    fn look(&mut self, anew: bool) -> BoxFuture<'_, Result<Look>> {
        Box::pin(async move {
            let uri = self.endpoint.join(&appconfig::beside(&self.of), None);
            let call = Call::get(uri.map_err(Error::internal)?);
            let answer = self
                .host
                .find(&call, Bytes::new(), &context(), &stores::said)
                .await?;
            let answer = there(answer, &self.name)?;
            let label = answer.headers.get(appconfig::VERSION);
            let label = label.and_then(|label| Some(format!("version {}", label.to_str().ok()?)));
            let text = text(&self.host, answer.body, &self.name).await?;
            let said = Some(Secret::new(text.clone()));
            // It says everything every time.
            let new = std::mem::replace(&mut self.said, said) != self.said || anew;
            // It answers from what it keeps, so it may be asked as often as one likes.
            Ok(Look {
                found: document(&self.name, text, label).filter(|_| new),
                again: Some(self.interval),
            })
        })
    }
}
