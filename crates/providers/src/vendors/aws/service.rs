//! A service whose operations are named by a header and whose bodies are JSON: signed for, asked once.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use busbar_core::{Context, Error, RequestId, Result};
use busbar_wire::{
    stores::{self, parameters::TARGET},
    upstream::Said,
};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};

use super::keeper::LARGEST;
use crate::{
    endpoint::Endpoint,
    host::{Call, Host},
};

const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// A service in a region.
#[derive(Clone, Debug)]
pub struct Service {
    host: Host,
    endpoint: Endpoint,
}

/// A refusal: what it means, and what was said.
pub struct Refused {
    /// In our kinds.
    pub error: Error,
    /// Its class in the service's words, where it was the service that refused.
    pub class: Option<String>,
    /// Its body; empty where nothing came.
    pub body: Bytes,
}

impl Refused {
    /// Whether it is of this class, however the service writes it.
    pub fn is(&self, class: &str) -> bool {
        let said = self.class.as_deref().unwrap_or_default();
        said.rsplit(['#', '.']).next() == Some(class)
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("error", &self.error)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

impl Service {
    pub(super) fn new(host: Host, endpoint: Endpoint) -> Self {
        Self { host, endpoint }
    }

    /// Asks once.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(
        &self,
        operation: &'static str,
        body: Bytes,
        within: Duration,
    ) -> Result<Bytes, Refused> {
        let unsaid = |error| Refused {
            error,
            class: None,
            body: Bytes::new(),
        };
        let uri = self.endpoint.join(&[], None);
        let uri = uri.map_err(|why| unsaid(Error::internal(why)))?;
        let mut call = Call::json(uri, MEDIA_TYPE).with(TARGET, HeaderValue::from_static(operation));
        call.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let context = Context::new(RequestId::new("storage")).due(Instant::now() + within);
        let heard: Mutex<Option<(Said, Bytes)>> = Mutex::new(None);
        let said = |body: &[u8]| {
            let said = stores::said(body);
            let kept = (said.clone(), Bytes::copy_from_slice(body));
            *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
            said
        };
        let answer = self.host.post(&call, body, &context, &said).await;
        let answer = answer.map_err(|error| {
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (said, body) = heard.unwrap_or_default();
            Refused {
                error,
                class: said.class,
                body,
            }
        })?;
        let body = answer.body.whole(LARGEST).await;
        body.map_err(|why| unsaid(self.host.explain(why)))
    }
}
