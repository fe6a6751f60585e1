//! Pass-through: the client's own body goes to the host, and what comes back goes to the client as it
//! came, frame by frame. Its end and what it used are read in passing.

use std::{
    borrow::Cow,
    fmt,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use busbar_core::{
    BoxFuture, Error, ErrorKind, Format, Relay, RelayItem, RelayRequest, RelayStream, Result, Usage,
};
use busbar_wire::{splice::splice_model, watch::Watch};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderName, HeaderValue};

use crate::{
    chat::{HostedChat, MOST_OF_AN_ANSWER, is_framed, not_framed},
    framing::{Cutter, Fate, Frames},
    host::{Call, Host},
    http::{Answer, Body},
};

/// A hosted model that takes requests as they were written.
#[derive(Clone, Debug)]
pub struct HostedRelay {
    /// The model as one that is asked in our own words: where it is, and what it speaks.
    pub chat: HostedChat,
    /// Makes a watch for one answer.
    pub watch: Watcher,
    /// Whether bodies name the model; otherwise the address does.
    pub named_in_body: bool,
    /// How a stream is asked for its usage where its client did not ask; `None`: it always comes.
    pub usage: Option<AskForUsage>,
}

/// Makes a watch for one answer.
#[derive(Clone)]
pub struct Watcher(pub Arc<dyn Fn() -> Box<dyn Watch> + Send + Sync>);

impl Watcher {
    /// One that makes these.
    pub fn new<W: Watch + 'static>(make: impl Fn() -> W + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::new(make())))
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watcher")
    }
}

/// How a stream is asked for its usage on our own account: the client does not get what it did not want.
#[derive(Clone, Copy, Debug)]
pub struct AskForUsage {
    /// Whether the body asks already.
    pub asked: fn(&[u8]) -> bool,
    /// The body with the wish added, where it can be.
    pub ask: fn(&[u8]) -> Option<Bytes>,
    /// Whether an event is there only because we asked.
    pub is_only_usage: IsOurs,
}

/// Whether an event is for us alone.
pub type IsOurs = fn(&[u8]) -> bool;

impl Relay for HostedRelay {
    fn speaks(&self, format: Format) -> bool {
        self.chat.format.name() == format
    }

    fn relay(&self, request: RelayRequest) -> BoxFuture<'_, Result<RelayStream>> {
        Box::pin(self.pass(request))
    }
}

impl HostedRelay {
    async fn pass(&self, request: RelayRequest) -> Result<RelayStream> {
        let RelayRequest {
            context,
            format,
            body,
            heads,
            stream,
        } = request;
        let host = &self.chat.host;
        let (call, whole) = self.chat.calls.choose(!stream);
        if !self.speaks(format) || whole == stream {
            let message = format!("`{}` cannot be passed this request as it was written", host.name);
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let (body, hide) = self.with_usage(self.named(body)?, stream);
        let said = |body: &[u8]| self.chat.format.said(body);
        let call = headed(call, heads)?;
        let answer = host.post(&call, body, &context, &said).await?;
        if whole {
            return self.whole(answer).await;
        }
        if !is_framed(&answer, self.chat.framing) {
            return Err(not_framed(host));
        }
        let mut passing = Passing {
            host: host.clone(),
            body: Some(answer.body),
            cutter: Cutter::new(self.chat.framing),
            frames: Frames::new(self.chat.framing),
            watch: (self.watch.0)(),
            hide,
            told: Usage::default(),
            passed: None,
            failure: None,
        };
        let first = passing.next().await.unwrap_or_else(|| Err(host.cut()))?;
        Ok(Box::pin(stream::iter([Ok(first)]).chain(passing)))
    }

    fn named(&self, body: Bytes) -> Result<Bytes> {
        if !self.named_in_body {
            return Ok(body);
        }
        splice_model(&body, &self.chat.model)
            .ok_or_else(|| Error::invalid("model", "the body must be one JSON object that says `model` once"))
    }

    /// The body that asks for its usage, and how to tell the event that comes of our asking only.
    fn with_usage(&self, body: Bytes, stream: bool) -> (Bytes, Option<IsOurs>) {
        let Some(usage) = self.usage.filter(|usage| stream && !(usage.asked)(&body)) else {
            return (body, None);
        };
        match (usage.ask)(&body) {
            Some(asking) => (asking, Some(usage.is_only_usage)),
            // The client says something of its own about it, which stays as it is.
            None => (body, None),
        }
    }

    async fn whole(&self, answer: Answer) -> Result<RelayStream> {
        let host = &self.chat.host;
        let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
        let body = body.map_err(|why| host.explain(why))?;
        let Some(mut done) = (self.watch.0)().whole(&body) else {
            // A failure in the guise of an answer has its own words for what it is.
            self.chat.format.whole(&body)?;
            let message = format!("`{}` answered with something else than an answer", host.name);
            return Err(Error::new(ErrorKind::BadUpstream, message));
        };
        if let Some(counts) = self.chat.counts
            && done.usage == Usage::default()
        {
            done.usage = counts.read(&answer.headers);
        }
        let items = [RelayItem::Bytes(body), RelayItem::Done(done)];
        Ok(Box::pin(stream::iter(items.map(Ok))))
    }
}

/// The call with what the client's head says.
fn headed<'a>(call: &'a Call, heads: Vec<(&'static str, String)>) -> Result<Cow<'a, Call>> {
    let mut call = Cow::Borrowed(call);
    for (name, value) in heads {
        let value = HeaderValue::from_str(&value)
            .map_err(|_| Error::invalid(name, format!("`{name}` has a character that no header may have")))?;
        let headers = &mut call.to_mut().headers;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(call)
}

/// A streamed answer on its way. Dropping it closes its connection.
struct Passing {
    host: Host,
    body: Option<Body>,
    cutter: Cutter,
    frames: Frames,
    watch: Box<dyn Watch>,
    hide: Option<IsOurs>,
    /// The usage that was told last.
    told: Usage,
    /// Bytes that wait until the usage in them was told.
    passed: Option<Bytes>,
    failure: Option<Error>,
}

impl Passing {
    /// The whole frames that are there with the next bytes.
    fn pass(&mut self, bytes: Bytes) -> Bytes {
        let Self {
            frames, watch, hide, ..
        } = self;
        let (passed, seen) = self.cutter.cut(bytes, |frame| {
            let mut fate = Fate::PassedOn;
            frames.read(frame, &mut |event| {
                watch.see(event);
                if hide.is_some_and(|is_ours| is_ours(event.data)) {
                    fate = Fate::LeftOut;
                }
                Ok(ControlFlow::Continue(()))
            })?;
            watch.failure().map_or(Ok(fate), Err)
        });
        self.failure = seen.err();
        passed
    }

    /// A host that has said all, and keeps the stream open, does not keep the client waiting.
    fn hurry(&mut self) {
        if self.watch.done().is_some()
            && let Some(body) = &mut self.body
        {
            body.hurry();
        }
    }

    /// The end of the body, by itself or by this error. A host may close its connection in any way once
    /// it has said all.
    fn end(&mut self, error: Error) -> Poll<Option<Result<RelayItem>>> {
        self.body = None;
        Poll::Ready(Some(match self.watch.done() {
            Some(done) => Ok(RelayItem::Done(done)),
            None => Err(error),
        }))
    }
}

impl Stream for Passing {
    type Item = Result<RelayItem>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(passed) = self.passed.take() {
                return Poll::Ready(Some(Ok(RelayItem::Bytes(passed))));
            }
            if let Some(error) = self.failure.take() {
                self.body = None;
                return Poll::Ready(Some(Err(error)));
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            match ready!(body.poll_next_unpin(context)) {
                Some(Ok(bytes)) => {
                    let passed = self.pass(bytes);
                    self.hurry();
                    self.passed = (!passed.is_empty()).then_some(passed);
                    // Told before the bytes are: whoever leaves after them is billed for it.
                    let usage = self.watch.usage();
                    if usage != std::mem::replace(&mut self.told, usage) {
                        return Poll::Ready(Some(Ok(RelayItem::Usage(usage))));
                    }
                }
                Some(Err(why)) => {
                    let error = self.host.explain(why);
                    return self.end(error);
                }
                None => {
                    self.watch.over();
                    let error = self.host.cut();
                    return self.end(error);
                }
            }
        }
    }
}
