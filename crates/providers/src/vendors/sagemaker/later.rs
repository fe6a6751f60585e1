//! An endpoint that works later: the request is put into a store of objects, the endpoint takes note of
//! it, and its answer appears in the store. Dropping the call stops the waiting; the service has no word
//! for stopping the work.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use busbar_core::{BoxFuture, ChatModel, ChatRequest, Context, Error, ErrorKind, EventStream, Result};
use busbar_wire::{
    sagemaker::{AsyncAsked, AsyncTaken},
    upstream::ChatFormat,
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::{
    host::{Call, Host},
    http::Unanswered,
    vendors::aws::{Location, Objects},
    whole,
};

/// The store is looked into so often at first, and then ever more rarely.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LAST_LOOK: Duration = Duration::from_secs(5);
/// What requests are.
const JSON: &str = "application/json";
/// What the service answers is small.
const MOST: usize = 64 << 10;

/// A hosted model that answers later.
#[derive(Clone, Debug)]
pub(super) struct HostedLater {
    /// Where the endpoint is.
    pub(super) host: Host,
    /// What it is asked in.
    pub(super) format: &'static dyn ChatFormat,
    /// Its name.
    pub(super) model: String,
    /// How it is told of a request.
    pub(super) call: Call,
    /// Where requests and answers lie.
    pub(super) objects: Objects,
    /// Where requests are put.
    pub(super) inputs: Location,
}

impl ChatModel for HostedLater {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(self.ask(request))
    }
}

impl HostedLater {
    async fn ask(&self, mut request: ChatRequest) -> Result<EventStream> {
        request.whole = true;
        let body = self.format.write(&request, &self.model)?;
        let patience = std::time::Instant::now() + self.host.patience.answer;
        let context = request.context.clone().due(patience);
        drop(request);
        let input = self.inputs.within(&name());
        self.objects.put(&input, body, JSON, &context).await?;
        let taken = self.tell(&input, &context).await?;
        let body = self.wait(&taken, &context).await?;
        let events = whole::events(self.format.whole(&body)?);
        Ok(Box::pin(stream::iter(events.into_iter().map(Ok))))
    }

    async fn tell(&self, input: &Location, context: &Context) -> Result<AsyncTaken> {
        let asked = AsyncAsked {
            content_type: Some("application/json".into()),
            accept: Some("application/json".into()),
            input_location: Some(input.to_string()),
            ..AsyncAsked::default()
        };
        let mut call = self.call.clone();
        for (name, value) in asked.headers() {
            let value = HeaderValue::from_str(&value);
            let value =
                value.map_err(|error| Error::internal("a header cannot be written").with_source(error))?;
            call.headers.insert(HeaderName::from_static(name), value);
        }
        let said = |body: &[u8]| self.format.said(body);
        let answer = self.host.post(&call, Bytes::new(), context, &said).await?;
        let headers = answer.headers;
        let body = answer
            .body
            .whole(MOST)
            .await
            .map_err(|why| self.host.explain(why))?;
        Ok(AsyncTaken::read(&body, |name| headers.get(name)?.to_str().ok()))
    }

    async fn wait(&self, taken: &AsyncTaken, context: &Context) -> Result<Bytes> {
        let place = |location: &Option<String>| {
            let location = location.as_deref().map(Location::new);
            location
                .transpose()
                .map_err(|why| Error::new(ErrorKind::BadUpstream, why))
        };
        let Some(output) = place(&taken.output_location)? else {
            let message = format!("`{}` did not say where its answer will be", self.host.name);
            return Err(Error::new(ErrorKind::BadUpstream, message));
        };
        let failure = place(&taken.failure_location)?;
        let deadline = context.deadline.map(Instant::from_std);
        let mut pause = FIRST_LOOK;
        loop {
            if let Some(body) = self.objects.get(&output, context).await? {
                return Ok(body);
            }
            if let Some(failure) = &failure
                && self.objects.get(failure, context).await?.is_some()
            {
                let message = format!("`{}` failed at the request", self.host.name);
                return Err(Error::new(ErrorKind::BadUpstream, message));
            }
            let next = Instant::now() + pause;
            if deadline.is_some_and(|deadline| deadline <= next) {
                return Err(self.host.explain(Unanswered::Late));
            }
            tokio::time::sleep_until(next).await;
            pause = (pause * 2).min(LAST_LOOK);
        }
    }
}

/// A name that no other request has.
fn name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}-{count:x}.json", now.as_nanos(), std::process::id())
}
