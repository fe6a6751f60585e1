//! The contract of [`ChatModel`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{fmt, sync::Arc, time::Duration};

use busbar_core::{ChatModel, ChatRequest, Event, EventStream, Tokens};
use futures_util::{FutureExt as _, StreamExt as _};

/// An implementation under test, and the requests that bring it into each situation.
pub struct Subject {
    /// The implementation.
    pub model: Arc<dyn ChatModel>,
    /// A request that is answered with at least three pieces of text.
    pub answered: Box<dyn Fn() -> ChatRequest + Send + Sync>,
    /// A request that is refused before its first event.
    pub refused: Box<dyn Fn() -> ChatRequest + Send + Sync>,
    /// A request whose stream fails after its first event, where that can be brought about.
    pub broken: Option<Box<dyn Fn() -> ChatRequest + Send + Sync>>,
    /// How many answers are under way, by the implementation's own count.
    pub live: Box<dyn Fn() -> usize + Send + Sync>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// Runs every check.
pub async fn all(subject: &Subject) {
    the_first_event_is_there_when_the_call_resolves(subject).await;
    there_is_exactly_one_done_and_nothing_after_it(subject).await;
    usage_is_reported_and_keeps_within_max_tokens(subject).await;
    dropping_the_stream_frees_it(subject).await;
    dropping_the_call_frees_it(subject).await;
    an_error_before_the_first_event_is_a_result(subject).await;
    an_error_after_the_first_event_is_the_last_item(subject).await;
}

async fn start(subject: &Subject) -> EventStream {
    match subject.model.chat((subject.answered)()).await {
        Ok(events) => events,
        Err(error) => panic!("the request that is to be answered was refused: {error}"),
    }
}

/// A call resolves with its first event: before it an error is a `Result`. Usage is none.
pub async fn the_first_event_is_there_when_the_call_resolves(subject: &Subject) {
    let events = start(subject).await;
    let is_usage = |event: &busbar_core::Result<Event>| matches!(event, Ok(Event::Usage(_)));
    let mut events = events.skip_while(|event| std::future::ready(is_usage(event)));
    let first = events.next().now_or_never();
    assert!(
        matches!(first, Some(Some(Ok(_)))),
        "the call resolved before its first event was there: {first:?}"
    );
}

/// Exactly one `Done`, and it is the last item.
pub async fn there_is_exactly_one_done_and_nothing_after_it(subject: &Subject) {
    let mut events = start(subject).await;
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => seen.push(event),
            Err(error) => panic!("the answer failed: {error}"),
        }
    }
    let dones = seen
        .iter()
        .filter(|event| matches!(event, Event::Done(_)))
        .count();
    assert_eq!(dones, 1, "an answer has exactly one Done");
    assert!(
        matches!(seen.last(), Some(Event::Done(_))),
        "Done is the last item"
    );
    let pieces = seen
        .iter()
        .filter(|event| matches!(event, Event::Delta(_)))
        .count();
    assert!(
        pieces >= 2,
        "an answer of several tokens comes in several pieces, not in {pieces}"
    );
}

/// `Done` reports what was read and written, and `max_tokens` holds.
pub async fn usage_is_reported_and_keeps_within_max_tokens(subject: &Subject) {
    let request = (subject.answered)();
    let most = request.max_tokens;
    let mut events = start(subject).await;
    let mut done = None;
    while let Some(event) = events.next().await {
        if let Ok(Event::Done(end)) = event {
            done = Some(end);
        }
    }
    let Some(done) = done else { panic!("no Done came") };
    assert!(
        done.usage.prompt() > Tokens::ZERO,
        "the prompt's tokens are counted"
    );
    assert!(
        done.usage.output > Tokens::ZERO,
        "the answer's tokens are counted"
    );
    if let Some(most) = most {
        assert!(
            done.usage.output <= most,
            "{} tokens came where {most} were allowed",
            done.usage.output
        );
    }
}

/// Dropping a stream cancels the work and frees what it held.
pub async fn dropping_the_stream_frees_it(subject: &Subject) {
    let mut events = start(subject).await;
    let _first = events.next().await;
    drop(events);
    becomes_idle(subject, "a dropped stream").await;
}

/// Dropping the call before it resolves cancels the work too.
pub async fn dropping_the_call_frees_it(subject: &Subject) {
    let call = subject.model.chat((subject.answered)());
    // Polled once so that the work begins, then dropped.
    drop(Box::pin(call).now_or_never());
    becomes_idle(subject, "a dropped call").await;
}

/// What fails before the first event fails the call.
pub async fn an_error_before_the_first_event_is_a_result(subject: &Subject) {
    let answer = subject.model.chat((subject.refused)()).await;
    assert!(answer.is_err(), "the request that is to be refused was answered");
    becomes_idle(subject, "a refused call").await;
}

/// What fails later is an item, and nothing follows it.
pub async fn an_error_after_the_first_event_is_the_last_item(subject: &Subject) {
    let Some(broken) = &subject.broken else { return };
    let mut events = match subject.model.chat(broken()).await {
        Ok(events) => events,
        Err(error) => panic!("it failed before its first event: {error}"),
    };
    let mut failed = false;
    while let Some(event) = events.next().await {
        assert!(!failed, "an item follows the error: {event:?}");
        assert!(
            !matches!(event, Ok(Event::Done(_))),
            "a broken answer has no Done"
        );
        failed = event.is_err();
    }
    assert!(failed, "the stream ended without its error");
    becomes_idle(subject, "a broken stream").await;
}

async fn becomes_idle(subject: &Subject, after: &str) {
    const PATIENCE: Duration = Duration::from_secs(20);
    const PAUSE: Duration = Duration::from_millis(5);
    let waited = tokio::time::timeout(PATIENCE, async {
        while (subject.live)() > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    });
    assert!(
        waited.await.is_ok(),
        "{after} still holds {} slots",
        (subject.live)()
    );
}

#[cfg(test)]
mod tests {
    use busbar_core::{Context, Error, Message, Prompt, RequestId};

    use super::*;
    use crate::{Scripted, Step};

    fn subject(scripted: &Scripted) -> Subject {
        let request = |text: &'static str| {
            move || {
                let prompt = Prompt::Messages(vec![Message::user(text)]);
                ChatRequest::new(Context::new(RequestId::new("t")), "m".into(), prompt)
            }
        };
        let counted = scripted.clone();
        Subject {
            model: Arc::new(scripted.clone()),
            answered: Box::new(request("answer")),
            refused: Box::new(request("refuse")),
            broken: Some(Box::new(request("break"))),
            live: Box::new(move || counted.live()),
        }
    }

    fn by_prompt(answer: Vec<Step>) -> Scripted {
        Scripted::answering(move |request| match &request.prompt {
            Prompt::Messages(messages) if messages[0].content.text() == "refuse" => {
                vec![Step::Fail(Error::internal("no"))]
            }
            Prompt::Messages(messages) if messages[0].content.text() == "break" => {
                vec![Step::text("a"), Step::Fail(Error::internal("cut"))]
            }
            _ => answer.clone(),
        })
    }

    #[tokio::test]
    async fn a_scripted_model_keeps_the_contract() {
        let scripted = by_prompt(vec![Step::text("a"), Step::text("b"), Step::text("c")]);
        all(&subject(&scripted)).await;
    }

    #[tokio::test]
    #[should_panic(expected = "an answer has exactly one Done")]
    async fn an_answer_that_is_done_twice_is_caught() {
        let done = Event::Done(busbar_core::Done::new(
            busbar_core::FinishReason::Stop,
            busbar_core::Usage::default(),
        ));
        let model = Twice(vec![Event::text("a"), Event::text("b"), done.clone(), done]);
        let mut subject = subject(&by_prompt(Vec::new()));
        subject.model = Arc::new(model);
        there_is_exactly_one_done_and_nothing_after_it(&subject).await;
    }

    /// A model that breaks the contract.
    #[derive(Debug)]
    struct Twice(Vec<Event>);

    impl ChatModel for Twice {
        fn chat(&self, _: ChatRequest) -> busbar_core::BoxFuture<'_, busbar_core::Result<EventStream>> {
            let events = self.0.clone();
            Box::pin(async move {
                let stream: EventStream = Box::pin(futures_util::stream::iter(events.into_iter().map(Ok)));
                Ok(stream)
            })
        }
    }
}
