//! A place that hosts models: how it is reached, who we are there, and how long we wait. One attempt a
//! request, and every failure in our own kinds.

use std::{sync::Arc, time::SystemTime};

use busbar_core::{Context, Error, ErrorKind, Result};
use busbar_wire::upstream::Said;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::Full;
use tokio::time::Instant;

use crate::{
    auth::Auth,
    http::{Answer, Client, Patience, Unanswered},
    status::{self, Refusal},
};

/// More of a refusal is not read.
const MOST_OF_A_REFUSAL: usize = 64 << 10;

/// A place that hosts models.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name among our providers; it stands in every message.
    pub name: Arc<str>,
    /// What requests are sent with.
    pub client: Client,
    /// Who we are there.
    pub auth: Auth,
    /// How long we wait.
    pub patience: Patience,
}

/// What is asked of a host, without the body.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where to.
    pub uri: Uri,
    /// Everything that the format or the vendor wants in the head.
    pub headers: HeaderMap,
}

/// Reads what a refusal says.
pub type ReadSaid<'a> = &'a (dyn Fn(&[u8]) -> Said + Send + Sync);

impl Call {
    /// A call with a JSON body that is answered in a media type.
    pub fn json(uri: Uri, accept: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        Self { uri, headers }
    }

    /// The same call with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }
}

impl Host {
    /// Sends a request once. What comes back is an answer and no refusal.
    ///
    /// # Errors
    /// What the refusal means, or why nothing came.
    pub async fn post(
        &self,
        call: &Call,
        body: Bytes,
        context: &Context,
        said: ReadSaid<'_>,
    ) -> Result<Answer> {
        let deadline = context.deadline.map(Instant::from_std);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(self.explain(Unanswered::Late));
        }
        let mut request = Request::post(call.uri.clone())
            .body(Full::new(body.clone()))
            .map_err(|error| Error::internal("no request can be made of this address").with_source(error))?;
        request.headers_mut().clone_from(&call.headers);
        self.auth.apply(&mut request, &body).await?;
        // The body lives on in the request alone.
        drop(body);
        let answer = self.client.send(request, self.patience, deadline).await;
        let answer = answer.map_err(|why| self.explain(why))?;
        if status::is_answer(answer.status) {
            return Ok(answer);
        }
        let body = answer.body.beginning(MOST_OF_A_REFUSAL).await;
        Err(Refusal {
            host: &self.name,
            status: answer.status,
            headers: &answer.headers,
            said: said(&body),
            now: SystemTime::now(),
        }
        .into_error())
    }

    /// Why nothing came, or not all of it, in our kinds.
    pub fn explain(&self, why: Unanswered) -> Error {
        let host = &self.name;
        let (kind, message) = match &why {
            Unanswered::NoConnection(_) => (ErrorKind::Unavailable, format!("`{host}` cannot be reached")),
            Unanswered::Broken(_) => (
                ErrorKind::BadUpstream,
                format!("the connection to `{host}` failed"),
            ),
            Unanswered::Silent(time) => {
                let seconds = time.as_secs_f32();
                let message = format!("`{host}` said nothing for {seconds} s");
                (ErrorKind::BadUpstream, message)
            }
            Unanswered::Late => {
                let message = format!("`{host}` had not answered when the request's time was up");
                (ErrorKind::DeadlineExceeded, message)
            }
            Unanswered::TooLong(limit) => {
                let message = format!("`{host}` sent more than {limit} bytes");
                (ErrorKind::BadUpstream, message)
            }
        };
        Error::new(kind, message).with_source(why)
    }

    /// An answer that ended before it said that it was whole.
    pub fn cut(&self) -> Error {
        Error::new(
            ErrorKind::BadUpstream,
            format!("the answer of `{}` was cut off", self.name),
        )
    }
}
