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

#[cfg(test)]
mod tests {
    use aws_config::{
        imds::{self, credentials::ImdsCredentialsProvider},
        provider_config::ProviderConfig,
    };
    use aws_credential_types::provider::ProvideCredentials as _;
    use busbar_testkit::{FakeUpstream, Received, Say};

    use super::*;

    /// The metadata service of a machine with one role.
    fn metadata(request: &Received) -> Vec<Say> {
        let text = |body: &str| {
            let headers = [("x-aws-ec2-metadata-token-ttl-seconds", "600")];
            Say::with("200 OK", &headers, body)
        };
        let path = request.path.trim_end_matches('/');
        if path == "/latest/api/token" {
            return text("token");
        }
        if path.contains("extended") {
            return Say::with("404 Not Found", &[], "");
        }
        match path.rsplit('/').next() {
            Some("security-credentials") => text("role"),
            Some("role") => text(
                r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"AKID","SecretAccessKey":"secret","Token":"session","Expiration":"2099-01-01T00:00:00Z","LastUpdated":"2026-01-01T00:00:00Z"}"#,
            ),
            _ => Say::with("404 Not Found", &[], ""),
        }
    }

    #[tokio::test]
    async fn a_machines_own_credentials_come_through_our_client() {
        let upstream = FakeUpstream::start(metadata).await.unwrap();
        let client = Ours::new(Client::new().unwrap());
        let config = ProviderConfig::without_region().with_http_client(client);
        let service = imds::Client::builder()
            .configure(&config)
            .endpoint(upstream.url())
            .unwrap()
            .build();
        let provider = ImdsCredentialsProvider::builder()
            .configure(&config)
            .imds_client(service)
            .build();
        let keys = provider.provide_credentials().await.unwrap();
        assert_eq!(
            (keys.access_key_id(), keys.session_token()),
            ("AKID", Some("session"))
        );
        assert!(keys.expiry().is_some());
    }
}
