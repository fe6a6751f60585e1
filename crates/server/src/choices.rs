//! Several answers to one request: asked for at once, told side by side, each under its number.
//!
//! Where one of them fails, all do; who hangs up frees them all.

use std::{pin::Pin, sync::Arc};

use busbar_core::{ChatModel, ChatRequest, Error, Event, EventStream, Result, Trail, Usage};
use futures_util::{
    Stream, StreamExt as _, TryStreamExt as _,
    stream::{self, SelectAll},
};

/// The wish for an answer that nobody else gets: answers that are shared would all be the same.
const FRESH: (&str, &str) = ("x-busbar-cache", "no-store");

type Numbered = Pin<Box<dyn Stream<Item = (u32, Result<Event>)> + Send>>;

/// Where events come from.
pub(crate) enum Source {
    /// One answer.
    One(EventStream),
    /// Several.
    Several(Numbered),
}

impl Source {
    /// Nothing any more.
    pub(crate) fn empty() -> Self {
        Self::One(Box::pin(stream::empty()))
    }

    /// The next event, and of which answer it is.
    pub(crate) async fn next(&mut self) -> Option<(u32, Result<Event>)> {
        match self {
            Self::One(events) => events.next().await.map(|event| (0, event)),
            Self::Several(events) => events.next().await,
        }
    }
}

/// Asks a model for so many answers; resolves once one of them has begun. The courses of all but the first
/// are noted apart.
pub(crate) async fn ask(
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    choices: u32,
) -> Result<(Source, Vec<Trail>)> {
    if choices <= 1 {
        return Ok((Source::One(model.chat(request).await?), Vec::new()));
    }
    let mut all = SelectAll::new();
    let mut trails = Vec::new();
    for index in 0..choices {
        let (model, mut request) = (Arc::clone(&model), request.clone());
        let (name, wish) = FRESH;
        request.context.labels = request.context.labels.with(name, wish);
        // The same seed would give the same answer.
        request.sampling.seed = request
            .sampling
            .seed
            .map(|seed| seed.wrapping_add(u64::from(index)));
        if index > 0 {
            request.context.trail = Trail::default();
            trails.push(request.context.trail.clone());
        }
        let events = stream::once(async move { model.chat(request).await }).try_flatten();
        let numbered: Numbered = Box::pin(events.map(move |event| (index, event)));
        all.push(numbered);
    }
    let (index, first) = all.next().await.ok_or_else(nothing)?;
    let begun = stream::iter([(index, Ok(first?))]);
    Ok((Source::Several(Box::pin(begun.chain(all))), trails))
}

/// What is told of the usage of several answers: their prompt is one and the same.
pub(crate) fn told(used: &[Usage]) -> Usage {
    let Some(longest) = used.iter().max_by_key(|usage| usage.prompt()) else {
        return Usage::default();
    };
    Usage {
        output: used.iter().map(|usage| usage.output).sum(),
        reasoning: used.iter().map(|usage| usage.reasoning).sum(),
        ..*longest
    }
}

fn nothing() -> Error {
    Error::internal("no answer of several began")
}
