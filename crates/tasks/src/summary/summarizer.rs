//! What makes summaries.

use std::sync::Arc;

use busbar_core::{BoxFuture, ChatModel, Error, ModelCard, Result, TokenCounter, Tokens};
use futures_util::{StreamExt as _, stream};

use super::{SummaryRequest, SummaryStream, plan::Tools, ruler::Ruler, run::Run};

/// Parts that are summarised at the same time, unless told otherwise: as many as the text engine
/// answers in one batch by default.
const AT_ONCE: usize = 4;

/// Makes summaries of text of any length with one model.
#[derive(Clone, Debug)]
pub struct Summarizer {
    tools: Tools,
}

impl Summarizer {
    /// Summarises with this model, whose tokens are counted so and whose card is this.
    pub fn new(chat: Arc<dyn ChatModel>, tokens: Arc<dyn TokenCounter>, card: &ModelCard) -> Self {
        Self {
            tools: Tools {
                model: chat,
                ruler: Ruler::new(tokens),
                capabilities: card.capabilities.clone(),
                at_once: AT_ONCE,
            },
        }
    }

    /// The same with another number of parts at the same time; 0 counts as 1.
    #[must_use]
    pub fn at_once(mut self, calls: usize) -> Self {
        self.tools.at_once = calls.max(1);
        self
    }

    /// Starts a summary. Resolves with its first event: of the only call where the text fits, of
    /// the first part's call where it does not. Dropping the future or the stream cancels it all.
    ///
    /// # Errors
    /// `Invalid` where the text is empty (`text`) or no tokens are wanted (`max_tokens`);
    /// `Unsupported` where the model's window is too small; whatever the first call failed with.
    pub fn summarize(&self, request: SummaryRequest) -> BoxFuture<'static, Result<SummaryStream>> {
        let tools = self.tools.clone();
        Box::pin(async move {
            check(&request)?;
            let mut run = Run::new(tools, request);
            let first = run.next().await.transpose()?;
            let rest = stream::unfold(run, |mut run| async {
                run.next().await.map(|event| (event, run))
            });
            let events: SummaryStream = Box::pin(stream::iter(first.map(Ok)).chain(rest));
            Ok(events)
        })
    }
}

fn check(request: &SummaryRequest) -> Result<()> {
    if request.text.trim().is_empty() {
        return Err(Error::invalid(
            "text",
            "`text` is empty: there is nothing to summarise",
        ));
    }
    if request.max_tokens == Some(Tokens::ZERO) {
        return Err(Error::invalid(
            "max_tokens",
            "`max_tokens` must be at least 1, not 0",
        ));
    }
    Ok(())
}
