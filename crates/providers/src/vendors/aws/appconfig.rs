//! AppConfig: one document, by application, environment and profile.

use std::time::Duration;

use busbar_core::{BoxFuture, Error, Result, Secret};
use busbar_wire::stores::{self, appconfig};
use bytes::Bytes;
use http::HeaderMap;

use super::keeper::{LARGEST, Service, context, document, reach, text, there, title};
use crate::{
    documents::{Documents, Look, Place},
    endpoint::{Endpoint, escaped},
    host::{Call, Host},
    http::Client,
    settings::Problem,
};

const SERVICE: Service = Service {
    name: "appconfig",
    address: "appconfigdata",
    signature: "appconfig",
};

#[derive(Debug)]
struct AppConfig {
    host: Host,
    endpoint: Endpoint,
    of: appconfig::Place,
    interval: Duration,
    name: String,
    /// For the next look of this session; each is good once.
    token: Option<Secret<String>>,
}

pub(in crate::vendors) fn documents(
    place: &Place,
    client: Client,
) -> Result<Box<dyn Documents>, Vec<Problem>> {
    let mut problems = Vec::new();
    let of = place.configuration(&mut problems);
    match reach(&SERVICE, place, client, &mut problems) {
        Some((host, endpoint)) if problems.is_empty() => Ok(Box::new(AppConfig {
            name: title(&of),
            host,
            endpoint,
            of,
            interval: place.interval,
            token: None,
        })),
        _ => Err(problems),
    }
}

impl Documents for AppConfig {
    fn place(&self) -> &str {
        &self.name
    }

    fn look(&mut self, anew: bool) -> BoxFuture<'_, Result<Look>> {
        Box::pin(async move {
            // What was asked for before its time is refused; a session of its own never is. And a token
            // that was used and brought nothing is of no more use.
            let token = match self.token.take() {
                Some(token) if !anew => token,
                _ => self.begin().await?,
            };
            let query = format!("{}={}", appconfig::CONFIGURATION.1, escaped(token.expose()));
            let uri = self.endpoint.join(&[appconfig::CONFIGURATION.0], Some(&query));
            let call = Call::get(uri.map_err(Error::internal)?);
            let answer = self
                .host
                .find(&call, Bytes::new(), &context(), &stores::said)
                .await?;
            let answer = there(answer, &self.name)?;
            let next = header(&answer.headers, appconfig::NEXT_TOKEN);
            let again = header(&answer.headers, appconfig::NEXT_POLL).and_then(|text| text.parse().ok());
            let label = header(&answer.headers, appconfig::LABEL);
            let text = text(&self.host, answer.body, &self.name).await?;
            self.token = next.map(Secret::new);
            Ok(Look {
                found: document(&self.name, text, label),
                again: again.map(Duration::from_secs),
            })
        })
    }
}

impl AppConfig {
    async fn begin(&self) -> Result<Secret<String>> {
        let uri = self.endpoint.join(&[appconfig::SESSIONS], None);
        let call = Call::json(uri.map_err(Error::internal)?, "application/json");
        let body: Bytes = appconfig::session(&self.of, self.interval);
        let answer = self.host.find(&call, body, &context(), &stores::said).await?;
        let answer = there(answer, &self.name)?;
        let body = answer.body.whole(LARGEST).await;
        let body = body.map_err(|why| self.host.explain(why))?;
        Ok(Secret::new(appconfig::first_token(&body)?))
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
