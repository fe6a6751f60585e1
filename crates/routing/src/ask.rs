//! What a target can be asked: a conversation read, a body as it was written, or vectors. Trying again,
//! racing and waiting are the same for all of them.

use std::{pin::Pin, sync::Arc};

use busbar_core::{
    BoxFuture, ChatRequest, Context, Done, EmbedRequest, Embeddings, Event, FinishReason, Model, RelayItem,
    RelayRequest, Result, Usage,
};
use futures_util::{Stream, stream};

use crate::run::seam::Seam;

/// What comes back.
pub(crate) type Items<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// A request that can be made again.
pub(crate) trait Ask: Clone + Send + Sync + 'static {
    /// A piece of what comes back.
    type Item: Send + 'static;

    fn context(&self) -> &Context;

    fn context_mut(&mut self) -> &mut Context;

    /// Whether the answer comes in one piece.
    fn is_whole(&self) -> bool;

    /// Whether this model can be asked in this way at all.
    fn suits(&self, model: &Model) -> bool;

    /// Asks. The model suits.
    fn start(self, model: &Model) -> BoxFuture<'static, Result<Items<Self::Item>>>;

    /// Whether an item is a part of the answer: what comes before it can still be taken back.
    fn says_something(item: &Self::Item) -> bool;

    /// The end, if it is that.
    fn done(item: &Self::Item) -> Option<Done>;

    /// What has been used so far, where the item tells that before the end.
    fn usage(item: &Self::Item) -> Option<Usage>;
}

/// A request that was read; perhaps the rest of an answer that was cut.
#[derive(Clone, Debug)]
pub(crate) struct Chat {
    pub(crate) request: ChatRequest,
    pub(crate) seam: Option<Arc<Seam>>,
}

impl Ask for Chat {
    type Item = Event;

    fn context(&self) -> &Context {
        &self.request.context
    }

    fn context_mut(&mut self) -> &mut Context {
        &mut self.request.context
    }

    fn is_whole(&self) -> bool {
        self.request.whole
    }

    fn suits(&self, model: &Model) -> bool {
        model.chat.is_some()
    }

    fn start(self, model: &Model) -> BoxFuture<'static, Result<Items<Event>>> {
        let Some(chat) = model.chat.clone() else {
            return unsuited();
        };
        let mut request = self.request;
        request.model = model.card.id.clone();
        if let Some(seam) = self.seam {
            request = seam.rest_of(request, model.card.capabilities.prefill);
        }
        Box::pin(async move { chat.chat(request).await })
    }

    fn says_something(item: &Event) -> bool {
        match item {
            Event::Delta(delta) => !delta.text.is_empty() || !delta.logprobs.is_empty(),
            Event::Thought(_)
            | Event::ToolCallStart { .. }
            | Event::ToolCallDelta { .. }
            | Event::Done(_) => true,
            Event::Progress(_) | Event::Usage(_) | Event::Resumed(_) => false,
        }
    }

    fn done(item: &Event) -> Option<Done> {
        match item {
            Event::Done(done) => Some(done.clone()),
            _ => None,
        }
    }

    fn usage(item: &Event) -> Option<Usage> {
        match item {
            Event::Usage(usage) => Some(*usage),
            _ => None,
        }
    }
}

impl Ask for RelayRequest {
    type Item = RelayItem;

    fn context(&self) -> &Context {
        &self.context
    }

    fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    fn is_whole(&self) -> bool {
        !self.stream
    }

    fn suits(&self, model: &Model) -> bool {
        model
            .relay
            .as_ref()
            .is_some_and(|relay| relay.speaks(self.format))
    }

    fn start(self, model: &Model) -> BoxFuture<'static, Result<Items<RelayItem>>> {
        let Some(relay) = model.relay.clone() else {
            return unsuited();
        };
        Box::pin(async move { relay.relay(self).await })
    }

    fn says_something(item: &RelayItem) -> bool {
        !matches!(item, RelayItem::Usage(_))
    }

    fn done(item: &RelayItem) -> Option<Done> {
        match item {
            RelayItem::Done(done) => Some(done.clone()),
            RelayItem::Bytes(_) | RelayItem::Usage(_) => None,
        }
    }

    fn usage(item: &RelayItem) -> Option<Usage> {
        match item {
            RelayItem::Usage(usage) => Some(*usage),
            RelayItem::Bytes(_) | RelayItem::Done(_) => None,
        }
    }
}

impl Ask for EmbedRequest {
    type Item = Embeddings;

    fn context(&self) -> &Context {
        &self.context
    }

    fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn suits(&self, model: &Model) -> bool {
        model.embed.is_some()
    }

    fn start(mut self, model: &Model) -> BoxFuture<'static, Result<Items<Embeddings>>> {
        let Some(embed) = model.embed.clone() else {
            return unsuited();
        };
        self.model = model.card.id.clone();
        Box::pin(async move {
            let embeddings = embed.embed(self).await?;
            let items: Items<Embeddings> = Box::pin(stream::iter([Ok(embeddings)]));
            Ok(items)
        })
    }

    fn says_something(_: &Embeddings) -> bool {
        true
    }

    fn done(item: &Embeddings) -> Option<Done> {
        Some(Done::new(FinishReason::Stop, item.usage))
    }

    fn usage(_: &Embeddings) -> Option<Usage> {
        None
    }
}

/// A plan has only targets that suit.
fn unsuited<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
    let error = busbar_core::Error::internal("a model was asked for something that it does not do");
    Box::pin(std::future::ready(Err(error)))
}
