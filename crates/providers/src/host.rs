//! A place that hosts models: how it is reached, who we are there, and how long we wait. One attempt a
//! request, and every failure in our own kinds.

use std::{sync::Arc, time::SystemTime};

use busbar_core::{Context, Error, ErrorKind, Result, Trace};
use busbar_wire::{trace, upstream::Said};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
};
use http_body_util::Full;
use tokio::time::Instant;

use crate::{
    auth::Auth,
    http::{Answer, Client, Patience, Unanswered},
    status::{self, Refusal},
};

/// What we call ourselves: some hosts turn away who says nothing.
const WHO: &str = concat!("busbar/", env!("CARGO_PKG_VERSION"));
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
    /// How.
    pub method: Method,
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
        Self {
            method: Method::POST,
            uri,
            headers,
        }
    }

    /// A call that fetches what is there.
    pub fn get(uri: Uri) -> Self {
        Self {
            method: Method::GET,
            uri,
            headers: HeaderMap::new(),
        }
    }

    /// The same call by another method.
    #[must_use]
    pub fn by(mut self, method: Method) -> Self {
        self.method = method;
        self
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
        let answer = self.exchange(call, body, context).await?;
        self.accepted(answer, said).await
    }

    /// The same, of something that may not be there: then there is no answer.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn find(
        &self,
        call: &Call,
        body: Bytes,
        context: &Context,
        said: ReadSaid<'_>,
    ) -> Result<Option<Answer>> {
        let answer = self.exchange(call, body, context).await?;
        self.unless(status::is_missing, answer, said).await
    }

    /// The same, to somebody who may have left for good: then there is no answer.
    ///
    /// # Errors
    /// As [`Host::post`].
    pub async fn hand_over(
        &self,
        call: &Call,
        body: Bytes,
        context: &Context,
        said: ReadSaid<'_>,
    ) -> Result<Option<Answer>> {
        let answer = self.exchange(call, body, context).await?;
        self.unless(status::is_gone, answer, said).await
    }

    /// The answer, unless its status says that there is none.
    async fn unless(
        &self,
        is_none: fn(StatusCode) -> bool,
        answer: Answer,
        said: ReadSaid<'_>,
    ) -> Result<Option<Answer>> {
        if is_none(answer.status) {
            answer.body.finish();
            return Ok(None);
        }
        self.accepted(answer, said).await.map(Some)
    }

    /// An answer, and no refusal.
    async fn accepted(&self, answer: Answer, said: ReadSaid<'_>) -> Result<Answer> {
        match status::is_answer(answer.status) {
            true => Ok(answer),
            // Apart, since it is large and seldom.
            false => Err(Box::pin(self.refusal(answer, said)).await),
        }
    }

    async fn exchange(&self, call: &Call, body: Bytes, context: &Context) -> Result<Answer> {
        let deadline = context.deadline.map(Instant::from_std);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(self.explain(Unanswered::Late));
        }
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(call.uri.clone())
            .body(Full::new(body.clone()))
            .map_err(|error| Error::internal("no request can be made of this address").with_source(error))?;
        request.headers_mut().clone_from(&call.headers);
        request
            .headers_mut()
            .insert(USER_AGENT, HeaderValue::from_static(WHO));
        if self.auth.is_at_hand() {
            self.auth.apply(&mut request, &body).await?;
        } else {
            Box::pin(self.sign(&mut request, &body, deadline)).await?;
        }
        // After the signature: whoever stands in between may put its own call in place of ours.
        if let Some(trace) = &context.trace {
            self.go_on(trace, request.headers_mut());
        }
        // The body lives on in the request alone.
        drop(body);
        let patience = Patience {
            connect: context.connect(),
            ..self.patience
        };
        let answer = self.client.send(request, patience, deadline).await;
        answer.map_err(|why| self.explain(why))
    }

    /// Says who we are, where that has to be fetched first, from services that may hang too.
    async fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        body: &Bytes,
        deadline: Option<Instant>,
    ) -> Result<()> {
        let patience = Instant::now() + self.patience.answer;
        let until = deadline.map_or(patience, |deadline| deadline.min(patience));
        match tokio::time::timeout_at(until, self.auth.apply(request, body)).await {
            Ok(applied) => applied,
            Err(_) if until < patience => Err(self.explain(Unanswered::Late)),
            Err(_) => Err(self.explain(Unanswered::Silent(self.patience.answer))),
        }
    }

    /// Tells the host which trace this is a part of, in a form that it understands.
    fn go_on(&self, trace: &Trace, headers: &mut HeaderMap) {
        let mut set = |name, text: String| {
            // All are written of letters, digits and signs that headers may have.
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        let parent = trace::write_parent(trace);
        if parent.is_none() || matches!(self.auth, Auth::Signed(_)) {
            set(trace::XRAY, trace::write_xray(trace));
        }
        if let Some(parent) = parent {
            set(trace::PARENT, parent);
            if let Some(state) = &trace.state {
                set(trace::STATE, state.to_string());
            }
        }
    }

    async fn refusal(&self, answer: Answer, said: ReadSaid<'_>) -> Error {
        if status::is_about_us(answer.status) {
            self.auth.refused();
        }
        let body = answer.body.beginning(MOST_OF_A_REFUSAL).await;
        Refusal {
            host: &self.name,
            status: answer.status,
            headers: &answer.headers,
            said: said(&body),
            now: SystemTime::now(),
        }
        .into_error()
    }

    /// Why nothing came, or not all of it, in our kinds.
    pub fn explain(&self, why: Unanswered) -> Error {
        let host = &self.name;
        let (kind, message) = match &why {
            Unanswered::NoConnection(_) => (ErrorKind::Unavailable, format!("`{host}` cannot be reached")),
            Unanswered::Unconnected(time) => {
                let seconds = time.as_secs_f32();
                let message = format!("`{host}` cannot be reached within {seconds} s");
                (ErrorKind::Unavailable, message)
            }
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
