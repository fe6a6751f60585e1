//! AppConfig: one document, by application, environment and profile.

use std::time::Duration;

use busbar_core::{BoxFuture, Error, ErrorKind, Result, Secret};
use busbar_wire::stores::{self, appconfig};
use bytes::Bytes;
use http::HeaderMap;

use super::keeper::{LARGEST, Service, context, reach};
use crate::{
    documents::{Documents, Found, Look, Piece, Place},
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
            name: format!("appconfig {}/{}/{}", of.application, of.environment, of.profile),
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
            let answer = answer.ok_or_else(|| self.missing())?;
            let next = header(&answer.headers, appconfig::NEXT_TOKEN);
            let again = header(&answer.headers, appconfig::NEXT_POLL).and_then(|text| text.parse().ok());
            let label = header(&answer.headers, appconfig::LABEL);
            let body = answer.body.whole(LARGEST).await;
            let body = body.map_err(|why| self.host.explain(why))?;
            let text = String::from_utf8(body.to_vec())
                .map_err(|_| Error::new(ErrorKind::BadUpstream, format!("`{}` is no text", self.name)))?;
            self.token = next.map(Secret::new);
            let found = (!text.is_empty()).then(|| Found {
                pieces: vec![Piece::Document {
                    name: self.name.clone(),
                    text: Secret::new(text),
                }],
                label,
            });
            Ok(Look {
                found,
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
        let answer = answer.ok_or_else(|| self.missing())?;
        let body = answer.body.whole(LARGEST).await;
        let body = body.map_err(|why| self.host.explain(why))?;
        Ok(Secret::new(appconfig::first_token(&body)?))
    }

    fn missing(&self) -> Error {
        let message = format!("there is no `{}`, or nothing was deployed there yet", self.name);
        Error::new(ErrorKind::NotFound, message)
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
