//! An answer that outlives its model: where a stream is cut, another model goes on from the text that was
//! sent, and says so.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use busbar_core::{
    BoxFuture, Delta, Done, Error, ErrorKind, Event, FinishReason, ModelId, OutputFormat, Result, Resumed,
    Tokens, Usage,
};
use futures_util::{Stream, StreamExt as _};

use super::{
    Known, Run,
    attempt::Begun,
    flow::Flow,
    seam::{Seam, Splice, StartsAgain},
    spend,
};
use crate::{
    ask::Chat,
    route::Route,
    spec::{ON_CUT, OnCut},
};

/// An answer is gone on with so often at most.
const MOST: u32 = 3;

type GoingOn = BoxFuture<'static, (Box<Run<Chat>>, Result<Begun<Event>>)>;

/// An answer that outlives its model.
pub(crate) struct Lasting {
    /// `None` while another model is looked for.
    run: Option<Box<Run<Chat>>>,
    flow: Flow<Chat>,
    ready: VecDeque<Event>,
    /// What was sent.
    seam: Seam,
    /// What of the seam earlier models wrote.
    earlier: u32,
    /// What the model that answers now has told of its use.
    told: Usage,
    splice: Option<Splice>,
    /// The search for another model, and what was lost.
    going_on: Option<(GoingOn, Lost)>,
    /// Whether it can be gone on with.
    can: bool,
    left: u32,
    ended: bool,
}

struct Lost {
    model: ModelId,
    error: Error,
}

impl Lasting {
    /// Whether an answer to this request is to outlive its model.
    pub(crate) fn is_wanted(route: &Route, ask: &Chat) -> bool {
        let request = &ask.request;
        let wanted = match request.context.labels.get(ON_CUT) {
            Some("fail") => false,
            Some("go-on") => true,
            _ => route.spec.on_cut == OnCut::GoOn,
        };
        // The rest of a text of a given form cannot be had alone, and a whole answer has no rest.
        wanted && !request.whole && request.output == OutputFormat::Text
    }

    pub(crate) fn new(run: Run<Chat>, begun: Begun<Event>) -> Self {
        let can = Self::is_wanted(&run.route, &run.ask);
        let trail = run.ask.request.context.trail.clone();
        Self {
            flow: Flow::new(&run.route, begun, trail),
            run: Some(Box::new(run)),
            ready: VecDeque::new(),
            seam: Seam::default(),
            earlier: 0,
            told: Usage::default(),
            splice: None,
            going_on: None,
            can,
            left: MOST,
            ended: false,
        }
    }

    /// Takes an event for the client; what was sent before is not sent again.
    fn take(&mut self, event: Event) -> Result<(), StartsAgain> {
        match event {
            Event::Delta(delta) => return self.say(delta),
            // What another model thinks is no part of what the first one thought.
            Event::Thought(_) if self.splice.is_some() => return Ok(()),
            Event::ToolCallStart { .. } | Event::ToolCallDelta { .. } => {
                self.say_what_is_held()?;
                // Half a call cannot be gone on with.
                self.can = false;
                self.ready.push_back(event);
            }
            Event::Usage(usage) => {
                self.told = usage;
                self.ready.push_back(Event::Usage(self.together(usage)));
            }
            Event::Done(done) => {
                self.say_what_is_held()?;
                self.ended = true;
                let usage = self.together(done.usage);
                self.ready.push_back(Event::Done(Done { usage, ..done }));
            }
            other => self.ready.push_back(other),
        }
        Ok(())
    }

    /// What this model used, and what those before it wrote.
    fn together(&self, usage: Usage) -> Usage {
        Usage {
            output: usage.output + Tokens(self.earlier),
            ..usage
        }
    }

    fn say(&mut self, delta: Delta) -> Result<(), StartsAgain> {
        let Delta { text, logprobs } = delta;
        let text = match &mut self.splice {
            Some(splice) => splice.join(&self.seam.sent, text)?,
            None => text,
        };
        if text.is_empty() && logprobs.is_empty() {
            return Ok(());
        }
        if self.can {
            self.seam.sent.push_str(&text);
            self.seam.pieces = self.seam.pieces.saturating_add(1);
        }
        self.ready.push_back(Event::Delta(Delta { text, logprobs }));
        Ok(())
    }

    fn say_what_is_held(&mut self) -> Result<(), StartsAgain> {
        let Some(splice) = &mut self.splice else {
            return Ok(());
        };
        let text = splice.rest(&self.seam.sent)?;
        if !text.is_empty() {
            self.seam.sent.push_str(&text);
            self.ready.push_back(Event::text(text));
        }
        Ok(())
    }

    /// The model was lost: looks for another one, or ends.
    fn lost(&mut self, error: Error) -> Option<Error> {
        let resumable = self.can && error.is_retryable();
        if resumable && self.left == 0 {
            self.ended = true;
            return Some(interrupted(&error, &[], &error));
        }
        let Some(mut run) = self.run.take().filter(|_| resumable) else {
            self.ended = true;
            return Some(error);
        };
        let target = Arc::clone(&self.flow.target);
        let written = self.seam.pieces.saturating_sub(self.earlier);
        let used = Usage {
            output: Tokens(written).max(self.told.output),
            ..match self.told.prompt() {
                Tokens::ZERO => Usage {
                    input: run.needs.prompt,
                    ..self.told
                },
                _ => self.told,
            }
        };
        // A host that said how much it read, and counted as it wrote, is believed to the token.
        let known = match self.told.prompt() > Tokens::ZERO && self.told.output.0 >= written {
            true => Known::Told,
            false => Known::Estimated,
        };
        self.told = Usage::default();
        spend(&run.ask.request.context, &target, &used, known);
        self.earlier = self.seam.pieces;
        if run
            .ask
            .request
            .max_tokens
            .is_some_and(|most| self.seam.pieces >= most.0)
        {
            self.ended = true;
            let usage = Usage {
                output: Tokens(self.seam.pieces),
                ..used
            };
            self.ready
                .push_back(Event::Done(Done::new(FinishReason::Length, usage)));
            return None;
        }
        self.left -= 1;
        let ask = Chat {
            request: run.ask.request.clone(),
            seam: Some(Arc::new(self.seam.clone())),
        };
        run.again(ask, &target, error.clone());
        let lost = Lost {
            model: target.id.clone(),
            error,
        };
        let going_on: GoingOn = Box::pin(async move {
            let begun = run.begin().await;
            (run, begun)
        });
        self.going_on = Some((going_on, lost));
        None
    }

    /// Another model was found, or none.
    fn found(&mut self, run: Box<Run<Chat>>, begun: Result<Begun<Event>>, lost: Lost) -> Option<Error> {
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.ended = true;
                run.ask.request.context.trail.note(|course| {
                    // What was sent has been counted; nothing more will be.
                    course.total = Some(course.spent).filter(|_| !course.unpriced);
                });
                return Some(interrupted(&lost.error, &run.others(), &error));
            }
        };
        let target = &begun.choice.target;
        let prefill = target.can().is_some_and(|can| can.prefill);
        self.splice = Some(self.seam.splice(&run.ask.request.prompt, prefill));
        let to = target.id.clone();
        let trail = run.ask.request.context.trail.clone();
        trail.note(|course| course.resumed += 1);
        self.ready
            .push_back(Event::Resumed(Resumed { from: lost.model, to }));
        self.flow = Flow::new(&run.route, begun, trail);
        self.run = Some(run);
        None
    }
}

/// What the client is told where nobody goes on: why the answer was cut off, and what was wrong with each of
/// those who could have gone on; what is said already is not said again.
fn interrupted(lost: &Error, others: &[String], why: &Error) -> Error {
    let kind = why.kind();
    let mut message = format!("the answer was cut off and could not be gone on with: {lost}");
    // Where none of them was asked, or not for that, it is the time that was up.
    let why = why.to_string();
    let told = others.is_empty() || kind == ErrorKind::DeadlineExceeded;
    let reasons = others.iter().chain(told.then_some(&why));
    for reason in reasons {
        if !message.contains(reason.as_str()) {
            message.push_str("; ");
            message.push_str(reason);
        }
    }
    let kind = match kind {
        ErrorKind::DeadlineExceeded => ErrorKind::DeadlineExceeded,
        _ => ErrorKind::BadUpstream,
    };
    Error::new(kind, message)
        .with_code("stream_interrupted")
        .with_source(lost.clone())
}

fn starts_again() -> Error {
    let message = "the answer was cut off, and the model that was to go on with it began another one instead";
    Error::new(ErrorKind::BadUpstream, message).with_code("stream_interrupted")
}

impl Stream for Lasting {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            let failure = if let Some((going_on, _)) = &mut this.going_on {
                let (run, begun) = ready!(going_on.as_mut().poll(context));
                match this.going_on.take() {
                    Some((_, lost)) => this.found(run, begun, lost),
                    None => None,
                }
            } else {
                match ready!(this.flow.poll_next_unpin(context)) {
                    Some(Ok(event)) => this.take(event).err().map(|StartsAgain| {
                        this.ended = true;
                        starts_again()
                    }),
                    Some(Err(error)) => this.lost(error),
                    None => {
                        this.ended = true;
                        None
                    }
                }
            };
            if let Some(error) = failure {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
