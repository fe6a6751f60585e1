//! The credentials' own requests (STS, SSO, IMDS, ECS) go through our HTTP client: one TLS stack, one
//! set of roots.

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::Response,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;

use crate::http::{Client, Patience, Unanswered};

/// Answers with credentials are small.
const LIMIT: usize = 1 << 20;

/// Our client, as the SDK wants it.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    client: Client,
    /// The SDK's own limit for one request; metadata services want a short one, for they may not be there.
    limit: Option<Duration>,
}

impl Ours {
    pub(super) fn new(client: Client) -> Self {
        Self { client, limit: None }
    }
}

impl HttpClient for Ours {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = match (settings.connect_timeout(), settings.read_timeout()) {
            (Some(connect), Some(read)) => Some(connect + read),
            (one, other) => one.or(other),
        };
        SharedHttpConnector::new(Self {
            limit,
            ..self.clone()
        })
    }
}

impl HttpConnector for Ours {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move { this.exchange(request).await })
    }
}

impl Ours {
    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let user = |error: Box<dyn Error + Send + Sync>| ConnectorError::user(error);
        let (head, body) = request
            .try_into_http1x()
            .map_err(|error| user(error.into()))?
            .into_parts();
        let body: Bytes = body.collect().await.map_err(user)?.to_bytes();
        let request = http::Request::from_parts(head, Full::new(body));
        let deadline = self.limit.map(|limit| Instant::now() + limit);
        let answer = self.client.send(request, Patience::default(), deadline).await;
        let answer = answer.map_err(explain)?;
        let body = answer.body.whole(LIMIT).await.map_err(explain)?;
        let status = answer.status.as_u16().try_into();
        let status = status.map_err(|error| ConnectorError::other(Box::new(error), None))?;
        let mut response = Response::new(status, SdkBody::from(body));
        for (name, value) in &answer.headers {
            if let Ok(value) = value.to_str() {
                // Several of one name are joined by the SDK's reader; a wrong one is left out.
                let _ = response
                    .headers_mut()
                    .try_append(name.as_str().to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

fn explain(why: Unanswered) -> ConnectorError {
    match why {
        Unanswered::Silent(_) | Unanswered::Late => ConnectorError::timeout(why.into()),
        why => ConnectorError::io(why.into()),
    }
}
