//! A hosted model that answers in text: one attempt, whose first event decides whether it is an answer.

use std::{
    borrow::Cow,
    collections::VecDeque,
    ops::ControlFlow,
    pin::Pin,
    task::{Context, Poll, ready},
};

use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, Error, ErrorKind, Event, EventStream, Prompt, Result, Tokens, Usage,
};
use busbar_wire::upstream::{AnswerReader, ChatFormat};
use futures_util::{Stream, StreamExt as _, stream};
use http::{HeaderMap, header::CONTENT_TYPE};

use crate::{
    framing::{Frames, Framing},
    host::{Call, Host},
    http::{Answer, Body},
    whole,
};

/// More of an answer that comes in one piece is not read.
pub const MOST_OF_AN_ANSWER: usize = 64 << 20;

/// A hosted model that answers in text.
#[derive(Clone, Debug)]
pub struct HostedChat {
    /// Where it is.
    pub host: Host,
    /// What it is asked in.
    pub format: &'static dyn ChatFormat,
    /// How its stream is framed.
    pub framing: Framing,
    /// Its name there.
    pub model: String,
    /// How it is called.
    pub calls: Calls,
    /// How it is called with a text to be continued, where that has an address of its own.
    pub text_calls: Option<Calls>,
    /// The headers in which a whole answer's tokens are counted, where its body does not do so.
    pub counts: Option<CountHeaders>,
    /// What a request says in the head rather than in the body, where its format does so.
    pub heads: Option<Heads>,
}

/// The headers in which a whole answer's tokens are counted.
#[derive(Clone, Copy, Debug)]
pub struct CountHeaders {
    /// Those of the prompt.
    pub input: &'static str,
    /// Those of the answer.
    pub output: &'static str,
    /// Those of the prompt that were found computed, which `input` does not count.
    pub cached: &'static str,
    /// Those of the prompt that were computed and kept, which `input` does not count.
    pub kept: &'static str,
}

/// Puts what a request says in the head there.
pub type Heads = fn(&ChatRequest, &mut HeaderMap);

/// How a model is called. A host that cannot do one of the two is called in the other way, and what
/// comes is turned into what was asked for.
#[derive(Clone, Debug)]
pub struct Calls {
    /// For a whole answer.
    pub whole: Call,
    /// For a stream, where the host can.
    pub stream: Option<Call>,
}

impl Calls {
    /// How to ask for a stream, or for a whole answer; and whether it is the latter that will come.
    pub fn choose(&self, want_whole: bool) -> (&Call, bool) {
        match &self.stream {
            Some(stream) if !want_whole => (stream, false),
            _ => (&self.whole, true),
        }
    }
}

impl ChatModel for HostedChat {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        Box::pin(self.ask(request))
    }
}

impl HostedChat {
    async fn ask(&self, mut request: ChatRequest) -> Result<EventStream> {
        let calls = match (&request.prompt, &self.text_calls) {
            (Prompt::Text(_), Some(calls)) => calls,
            _ => &self.calls,
        };
        let (call, whole) = calls.choose(request.whole);
        request.whole = whole;
        let body = self.format.write(&request, &self.model)?;
        let mut call = Cow::Borrowed(call);
        if let Some(heads) = self.heads {
            heads(&request, &mut call.to_mut().headers);
        }
        let context = request.context.clone();
        // Pictures and long histories need not lie here twice while the model thinks.
        drop(request);
        let said = |body: &[u8]| self.format.said(body);
        let answer = self.host.post(&call, body, &context, &said).await?;
        // Some hosts do not stream although they were asked to.
        if whole || !is_framed(&answer, self.framing) {
            return self.whole(answer).await;
        }
        let mut answering = Answering {
            host: self.host.clone(),
            body: Some(answer.body),
            frames: Frames::new(self.framing),
            reader: self.format.reader(),
            ready: VecDeque::new(),
            failure: None,
        };
        let mut begun = Vec::with_capacity(2);
        // A host may count before it answers. That is no answer yet: it may still be cut.
        while !matches!(begun.last(), Some(event) if !matches!(event, Event::Usage(_))) {
            begun.push(answering.next().await.unwrap_or_else(|| Err(self.host.cut()))?);
        }
        Ok(Box::pin(stream::iter(begun.into_iter().map(Ok)).chain(answering)))
    }

    async fn whole(&self, answer: Answer) -> Result<EventStream> {
        let body = answer.body.whole(MOST_OF_AN_ANSWER).await;
        let body = body.map_err(|why| self.host.explain(why))?;
        let mut transcript = self.format.whole(&body)?;
        if let Some(counts) = self.counts
            && transcript.usage == Usage::default()
        {
            transcript.usage = counts.read(&answer.headers);
        }
        let events = whole::events(transcript);
        Ok(Box::pin(stream::iter(events.into_iter().map(Ok))))
    }
}

impl CountHeaders {
    /// What they say; a header that is not there says nothing.
    pub fn read(self, headers: &HeaderMap) -> Usage {
        let count = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
        Usage {
            input: Tokens(count(self.input).unwrap_or(0)),
            output: Tokens(count(self.output).unwrap_or(0)),
            cached_input: Tokens(count(self.cached).unwrap_or(0)),
            cache_write: Tokens(count(self.kept).unwrap_or(0)),
            reasoning: Tokens::ZERO,
        }
    }
}

/// Whether the answer is what was asked for; one that does not say so is taken for it.
pub fn is_framed(answer: &Answer, framing: Framing) -> bool {
    let media_type = answer
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    media_type.is_none_or(|media_type| media_type.trim_start().starts_with(framing.media_type()))
}

/// A streamed answer. Dropping it closes its connection.
struct Answering {
    host: Host,
    body: Option<Body>,
    frames: Frames,
    reader: Box<dyn AnswerReader>,
    ready: VecDeque<Event>,
    failure: Option<Error>,
}

impl Answering {
    /// Reads the next bytes.
    fn read(&mut self, bytes: &[u8]) {
        let Self {
            frames,
            reader,
            ready,
            ..
        } = self;
        let mut events = Vec::new();
        let read = frames.read(bytes, &mut |frame| {
            let read = reader.read(frame, &mut events);
            let done = events.iter().position(|event| matches!(event, Event::Done(_)));
            // What a host says after its end is not a part of the answer.
            events.truncate(done.map_or(events.len(), |done| done + 1));
            ready.extend(events.drain(..));
            read.map(|()| match done {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            })
        });
        self.failure = read.err();
    }

    /// Ends the exchange by a failure: the connection is closed.
    fn fail(&mut self, error: Error) -> Poll<Option<Result<Event>>> {
        self.body = None;
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for Answering {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                if matches!(event, Event::Done(_))
                    && let Some(body) = self.body.take()
                {
                    body.finish();
                }
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(error) = self.failure.take() {
                return self.fail(error);
            }
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            match ready!(body.poll_next_unpin(context)) {
                Some(Ok(bytes)) => self.read(&bytes),
                Some(Err(why)) => {
                    let error = self.host.explain(why);
                    return self.fail(error);
                }
                None => {
                    let mut events = Vec::new();
                    let over = self.reader.over(&mut events);
                    if events.is_empty() || over.is_err() {
                        let error = over.err().unwrap_or_else(|| self.host.cut());
                        return self.fail(error);
                    }
                    self.ready.extend(events);
                }
            }
        }
    }
}

/// A host that answers in one piece where only a stream will do.
pub fn not_framed(host: &Host) -> Error {
    Error::new(
        ErrorKind::BadUpstream,
        format!(
            "`{}` did not stream its answer although it was asked to",
            host.name
        ),
    )
}
