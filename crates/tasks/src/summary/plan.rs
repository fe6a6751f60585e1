//! One summary's calls: what each is given, and how its window is shared out.

use std::sync::Arc;

use busbar_core::{Capabilities, ChatModel, ChatRequest, Error, ErrorKind, EventStream, Result, Tokens};

use super::{
    SummaryRequest,
    prompt::{self, Work},
    ruler::Ruler,
};

/// Tokens kept free for the model's own template around the prompt.
const TEMPLATE: Tokens = Tokens(64);

/// With less room for text than this, notes would hardly be shorter than what they are about.
const LEAST_ROOM: Tokens = Tokens(128);

/// What summaries are made with.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) ruler: Ruler,
    pub(super) capabilities: Capabilities,
    pub(super) at_once: usize,
}

/// What stays the same throughout one summary.
pub(super) struct Plan {
    pub(super) tools: Tools,
    /// Without its text, which only gets shorter.
    pub(super) request: SummaryRequest,
}

/// How a call's window is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// For the text that is summarised.
    pub(super) text: Tokens,
    /// For the answer.
    pub(super) answer: Tokens,
}

impl Plan {
    /// Shares out the window, after what the instructions and the template take.
    pub(super) fn room(&self, work: Work) -> Result<Room> {
        let window = self.tools.capabilities.context_window;
        let taken = self.tools.ruler.count(&prompt::body(work, ""))? + TEMPLATE;
        let free = window.0.saturating_sub(taken.0);
        let (wanted, most) = match work {
            // The summary itself may be long, but half of the room is the text's.
            Work::Whole(..) | Work::Last(..) => (self.request.max_tokens, free / 2),
            // Notes must be much shorter than what they are about, or rounds would not end.
            Work::Part(_) | Work::Notes(_) => (None, free / 8),
        };
        let wanted = wanted.unwrap_or(work.answer());
        let answer = wanted.min(self.tools.capabilities.max_output).min(Tokens(most));
        let text = Tokens(free - answer.0);
        if text < LEAST_ROOM {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("a context window of {window} tokens is too small to summarise in"),
            )
            .with_param("model"));
        }
        Ok(Room { text, answer })
    }

    /// Whether a text can be the whole of such a call's.
    pub(super) async fn fits(&self, work: Work, text: &str) -> Result<bool> {
        let room = self.room(work)?;
        self.tools.ruler.fits(text, room.text).await
    }

    /// A call for each part of a text that is too long for one.
    pub(super) async fn calls(&self, work: Work, text: &str) -> Result<Vec<Call>> {
        let room = self.room(work)?;
        let mut chunks = self.tools.ruler.chunks(text, room.text).await?;
        if chunks.len() == 1 {
            // It fits only because a note is shorter than a summary. A summary of one note says less
            // than one of two.
            let half = Tokens(room.text.0.div_ceil(2));
            chunks = self.tools.ruler.chunks(text, half).await?;
        }
        Ok(chunks
            .into_iter()
            .map(|chunk| text[chunk].trim())
            .filter(|chunk| !chunk.is_empty())
            .map(|chunk| self.call(work, chunk, room.answer))
            .collect())
    }

    /// One such call.
    pub(super) fn call(&self, work: Work, text: &str, answer: Tokens) -> Call {
        let prompt = prompt::prompt(work, text, self.tools.capabilities.chat);
        let request = ChatRequest {
            sampling: self.request.sampling.clone(),
            max_tokens: Some(answer),
            ..ChatRequest::new(self.request.context.clone(), self.request.model.clone(), prompt)
        };
        Call {
            model: self.tools.model.clone(),
            request,
        }
    }
}

/// One call that is ready to be made.
pub(super) struct Call {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
}

impl Call {
    pub(super) async fn start(self) -> Result<EventStream> {
        self.model.chat(self.request).await
    }
}
