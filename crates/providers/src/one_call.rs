//! One call of a tool at a time, at hosts that cannot be told so: of an answer's calls the first is passed on, and
//! those beside it are not. A model that still wants them calls again once it has the result.

use std::{future::ready, sync::Arc};

use busbar_core::{BoxFuture, ChatModel, ChatRequest, Event, EventStream, Result};
use futures_util::TryStreamExt as _;

/// A model whose host has no word for one call at a time.
#[derive(Debug)]
pub struct OneCall {
    /// The model.
    pub model: Arc<dyn ChatModel>,
}

impl ChatModel for OneCall {
    fn chat(&self, mut request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        if request.parallel_tool_calls != Some(false) {
            return self.model.chat(request);
        }
        request.parallel_tool_calls = None;
        Box::pin(async move {
            let events = self.model.chat(request).await?;
            let events: EventStream = Box::pin(events.try_filter(|event| ready(!is_of_a_call_beside(event))));
            Ok(events)
        })
    }
}

fn is_of_a_call_beside(event: &Event) -> bool {
    let (Event::ToolCallStart { index, .. } | Event::ToolCallDelta { index, .. }) = event else {
        return false;
    };
    *index > 0
}
