//! Every kind of host, in each way that it can be spoken to: whole and streamed, refused, broken, given up,
//! and counted.

use busbar_core::{ChatModelExt as _, ChatRequest, Error, ErrorKind, Event, Model, Prompt};
use busbar_testkit::{
    FakeUpstream, Received, Say,
    conformance::chat::{self, Subject},
};
use futures_util::StreamExt as _;

use super::{
    scene::{ask, host, models},
    speakers::{Speaker, all},
};

fn request(speaker: &Speaker, text: &str) -> ChatRequest {
    let mut request = ask(text);
    if speaker.plain {
        request.prompt = Prompt::Text(text.into());
    }
    request
}

/// A host that streams, unless it is asked for something else; by words in the prompt it refuses, breaks off,
/// or says that it failed.
async fn speaking(speaker: &Speaker) -> FakeUpstream {
    let speaker = speaker.clone();
    host(move |request: &Received| {
        let (text, begun) = (request.text(), &speaker.stream[..speaker.begun]);
        if text.contains("refuse") {
            return Say::whole("400 Bad Request", "application/json", r#"{"message":"no"}"#);
        }
        if text.contains("break") {
            let mut steps = Say::begun(speaker.media_type, begun);
            steps.push(Say::Close);
            return steps;
        }
        if text.contains("fail later") {
            let pieces = [begun, std::slice::from_ref(&speaker.failure)].concat();
            return Say::stream(speaker.media_type, &pieces);
        }
        if text.contains("fail") {
            return Say::stream(speaker.media_type, std::slice::from_ref(&speaker.failure));
        }
        if text.contains("whole") {
            return Say::whole("200 OK", "application/json", &speaker.whole);
        }
        Say::stream(speaker.media_type, &speaker.stream)
    })
    .await
}

fn model_at(upstream: &FakeUpstream, speaker: &Speaker) -> Model {
    let amazon = matches!(speaker.kind, "bedrock" | "sagemaker");
    let region = if amazon { "region = 'us-east-1'\n" } else { "" };
    let (url, settings) = (upstream.url(), speaker.settings);
    let text = format!("{region}endpoint = '{url}'\n[[models]]\nid = 'near'\n{settings}\n");
    models(speaker.kind, Some("key"), &text).remove(0)
}

#[tokio::test]
async fn every_kind_of_host_keeps_the_contract() {
    for speaker in all() {
        let upstream = speaking(&speaker).await;
        let asked = |text: &'static str| {
            let speaker = speaker.clone();
            Box::new(move || request(&speaker, text))
        };
        let subject = Subject {
            model: model_at(&upstream, &speaker).chat.unwrap(),
            answered: asked("answer"),
            refused: asked("refuse"),
            broken: Some(asked("break")),
            live: upstream.counter(),
        };
        chat::all(&subject).await;
        for received in upstream.received() {
            assert!(
                received.path.ends_with(speaker.path),
                "{}: {}",
                speaker.name(),
                received.path
            );
        }
    }
}

#[tokio::test]
async fn every_kind_of_host_is_counted_streamed_and_whole() {
    for speaker in all() {
        let upstream = speaking(&speaker).await;
        let model = model_at(&upstream, &speaker).chat.unwrap();
        let name = speaker.name();
        for whole in [false, true] {
            let mut asked = request(&speaker, if whole { "whole" } else { "answer" });
            asked.whole = whole;
            let answer = model
                .complete(asked)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(answer.text, "one two three", "{name}, whole: {whole}");
            if whole && !speaker.counted_whole {
                continue;
            }
            let usage = answer.usage;
            let numbers = [usage.input.0, usage.cached_input.0, usage.output.0];
            assert_eq!(numbers, speaker.usage, "{name}, whole: {whole}");
        }
    }
}

#[tokio::test]
async fn a_failure_of_any_host_is_one_wherever_it_stands_in_a_success() {
    for speaker in all() {
        let upstream = speaking(&speaker).await;
        let model = model_at(&upstream, &speaker).chat.unwrap();
        let name = speaker.name();
        let busy = |error: &Error| error.is_retryable() && error.kind() != ErrorKind::Internal;

        let at_once = model.chat(request(&speaker, "fail")).await.map(|_| ());
        let error = at_once.expect_err(&name);
        assert!(busy(&error), "{name}, at once: {error:?}");

        let mut events = model.chat(request(&speaker, "fail later")).await.unwrap();
        let (mut text, mut last) = (String::new(), None);
        while let Some(event) = events.next().await {
            assert!(last.is_none(), "{name}: something follows the failure");
            match event {
                Ok(Event::Delta(delta)) => text.push_str(&delta.text),
                Ok(Event::Done(_)) => panic!("{name}: half an answer that looks whole"),
                Ok(_) => {}
                Err(error) => last = Some(error),
            }
        }
        assert_eq!(text, "one two ", "{name}");
        let error = last.unwrap_or_else(|| panic!("{name}: it ended without an end"));
        assert!(busy(&error), "{name}, later: {error:?}");
    }
}

#[tokio::test]
async fn a_whole_answer_that_was_asked_as_a_stream_is_understood_by_every_format() {
    for speaker in all() {
        let whole = speaker.whole.clone();
        let upstream = host(move |_| Say::whole("200 OK", "application/json", &whole)).await;
        let model = model_at(&upstream, &speaker).chat.unwrap();
        let name = speaker.name();
        let answer = model.complete(request(&speaker, "x")).await;
        let answer = answer.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(answer.text, "one two three", "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_hears_closes_its_connection_at_every_host() {
    for speaker in all() {
        let held = speaker.clone();
        let upstream = host(move |_| {
            let mut steps = Say::begun(held.media_type, &held.stream[..held.begun]);
            steps.push(Say::Hold);
            steps
        })
        .await;
        let model = model_at(&upstream, &speaker).chat.unwrap();
        let mut events = model.chat(request(&speaker, "x")).await.unwrap();
        events.next().await.unwrap().unwrap();
        drop(events);
        let idle = async {
            while upstream.live() > 0 {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(20), idle).await;
        assert!(waited.is_ok(), "{}: the connection is still open", speaker.name());
    }
}
