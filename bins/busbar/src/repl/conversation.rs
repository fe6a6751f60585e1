//! What was said so far, and the request that follows from it.

use busbar_app::{Error, Talk};
use busbar_core::{ChatRequest, EventStream, Message, Prompt, Role};

use crate::{exit::Result, options::SamplingOptions};

/// What was said so far.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    system: Option<String>,
    turns: Vec<Message>,
    sampling: SamplingOptions,
}

impl Conversation {
    pub(crate) fn new(system: Option<String>, sampling: SamplingOptions) -> Self {
        Self {
            system,
            turns: Vec::new(),
            sampling,
        }
    }

    pub(crate) fn ask(&mut self, text: &str) {
        self.turns.push(Message::user(text));
    }

    pub(super) fn answered(&mut self, text: String) {
        self.turns.push(Message::assistant(text));
    }

    /// The last question was not answered; it is as if it had not been asked.
    pub(super) fn take_back(&mut self) {
        if self.turns.last().is_some_and(|turn| turn.role == Role::User) {
            self.turns.pop();
        }
    }

    /// Puts the last question again; false where there is none.
    pub(super) fn retry(&mut self) -> bool {
        if self.turns.last().is_some_and(|turn| turn.role == Role::Assistant) {
            self.turns.pop();
        }
        self.turns.last().is_some_and(|turn| turn.role == Role::User)
    }

    pub(super) fn clear(&mut self) {
        self.turns.clear();
    }

    pub(super) fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    pub(super) fn set_system(&mut self, text: String) {
        self.system = Some(text);
    }

    /// All turns, instructions first.
    pub(super) fn messages(&self) -> Vec<Message> {
        let system = self.system.as_deref().map(Message::system);
        system.into_iter().chain(self.turns.iter().cloned()).collect()
    }

    /// Starts the answer to the last question. Where the conversation has outgrown the model's window,
    /// the oldest turns are forgotten; how many, is told.
    pub(super) async fn start(&mut self, talk: &Talk) -> Result<(EventStream, usize)> {
        let mut forgotten = 0;
        loop {
            match talk.chat(self.request(talk)?).await {
                Err(Error::Model(error))
                    if error.code() == Some("context_length_exceeded") && self.turns.len() > 2 =>
                {
                    // A question with its answer.
                    self.turns.drain(..2);
                    forgotten += 2;
                }
                answer => return Ok((answer?, forgotten)),
            }
        }
    }

    fn request(&self, talk: &Talk) -> Result<ChatRequest> {
        let prompt = match talk.follows_chat {
            true => Prompt::Messages(self.messages()),
            false => Prompt::Text(self.as_text()),
        };
        let mut request = ChatRequest::new(Talk::context(), talk.name.clone(), prompt);
        self.sampling.apply(&mut request)?;
        Ok(request)
    }

    /// For a model without a chat template: what stands there, to be continued.
    fn as_text(&self) -> String {
        let texts: Vec<String> = self
            .messages()
            .into_iter()
            .map(|turn| turn.content.text().into_owned())
            .collect();
        texts.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(conversation: &Conversation) -> Vec<String> {
        conversation
            .messages()
            .into_iter()
            .map(|turn| turn.content.text().into_owned())
            .collect()
    }

    fn one_exchange() -> Conversation {
        let mut conversation = Conversation::new(Some("s".into()), SamplingOptions::default());
        conversation.ask("q");
        conversation.answered("a".into());
        conversation
    }

    #[test]
    fn a_retry_puts_the_last_question_again() {
        let mut conversation = one_exchange();
        assert!(conversation.retry());
        assert_eq!(contents(&conversation), ["s", "q"]);
        conversation.clear();
        assert!(!conversation.retry());
        assert_eq!(contents(&conversation), ["s"]);
    }

    #[test]
    fn a_question_without_an_answer_is_as_if_it_had_not_been_asked() {
        let mut conversation = one_exchange();
        conversation.ask("never mind");
        conversation.take_back();
        conversation.take_back();
        assert_eq!(contents(&conversation), ["s", "q", "a"]);
    }
}
