//! Summaries by scripted models: what is asked, in what order, what comes out and what stops it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use busbar_core::{
    ChatRequest, Context, Error, ErrorKind, FinishReason, Prompt, RequestId, Result, Tokens, Usage,
};
use busbar_tasks::{Length, Style, Summarizer, SummaryDone, SummaryEvent, SummaryRequest};
use busbar_testkit::{Gate, Scripted, Step};
use futures_util::StreamExt as _;

/// A model's window in words, which are the scripted model's tokens.
const WINDOW: u32 = 500;

fn summarizer(model: &Scripted) -> Summarizer {
    let mut model = model.model("scripted");
    model.card.capabilities.context_window = Tokens(WINDOW);
    Summarizer::new(model.chat.unwrap(), model.tokens.unwrap(), &model.card)
}

fn request(text: impl Into<String>) -> SummaryRequest {
    SummaryRequest::new(Context::new(RequestId::new("r")), "scripted".into(), text)
}

fn words(count: usize) -> String {
    (0..count)
        .map(|number| format!("w{number}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn prompt(request: &ChatRequest) -> String {
    match &request.prompt {
        Prompt::Messages(messages) => messages[0].content.text().into_owned(),
        Prompt::Text(text) => text.clone(),
    }
}

/// What stands between the tags.
fn given(request: &ChatRequest) -> String {
    let prompt = prompt(request);
    let start = prompt.find("<text>\n").unwrap() + "<text>\n".len();
    prompt[start..prompt.rfind("\n</text>").unwrap()].to_owned()
}

async fn events(model: &Scripted, request: SummaryRequest) -> Vec<Result<SummaryEvent>> {
    summarizer(model)
        .summarize(request)
        .await
        .unwrap()
        .collect()
        .await
}

async fn done(model: &Scripted, request: SummaryRequest) -> (String, SummaryDone) {
    let (mut text, mut last) = (String::new(), None);
    for event in events(model, request).await {
        match event.unwrap() {
            SummaryEvent::Delta(delta) => text.push_str(&delta.text),
            SummaryEvent::Done(done) => last = Some(done),
            SummaryEvent::Progress(_) => {}
        }
    }
    (text, last.unwrap())
}

async fn refused(model: &Scripted, request: SummaryRequest) -> Error {
    summarizer(model).summarize(request).await.err().unwrap()
}

/// A model that keeps the requests it gets and answers each as told.
fn recording(
    answer: impl Fn(&ChatRequest) -> String + Send + Sync + 'static,
) -> (Scripted, Arc<Mutex<Vec<ChatRequest>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = seen.clone();
    let model = Scripted::answering(move |request| {
        record.lock().unwrap().push(request.clone());
        vec![Step::text(&answer(request))]
    });
    (model, seen)
}

#[tokio::test]
async fn a_text_that_fits_takes_one_call() {
    let model = Scripted::saying(&["It ", "is short."]);
    let (text, done) = done(&model, request("Some words.")).await;
    assert_eq!(text, "It is short.");
    assert_eq!((done.parts, done.rounds), (1, 0));
    assert_eq!(done.finish, FinishReason::Stop);
    assert_eq!(model.started(), 1);
}

#[tokio::test]
async fn a_long_text_is_summarised_in_parts_and_their_notes_in_order() {
    let (model, seen) = recording(|request| {
        // Each note names the first word of what it is about.
        let given = given(request);
        format!("about {}", given.split_whitespace().next().unwrap())
    });
    let (text, done) = done(&model, request(words(1000))).await;
    let seen = seen.lock().unwrap();
    let (last, parts) = seen.split_last().unwrap();
    assert_eq!(done.parts as usize, parts.len());
    assert!(parts.len() > 2);
    assert_eq!(done.rounds, 1);
    assert_eq!(text, "about about");
    let firsts: Vec<_> = given(last)
        .lines()
        .filter_map(|line| line.strip_prefix("about w"))
        .map(|number| number.parse::<usize>().unwrap())
        .collect();
    assert_eq!(firsts.len(), parts.len());
    assert!(firsts.is_sorted(), "{firsts:?}");
    let joined: Vec<_> = parts.iter().map(given).collect();
    let mut joined: Vec<_> = joined.iter().flat_map(|part| part.split_whitespace()).collect();
    joined.sort_by_key(|word| word[1..].parse::<usize>().unwrap());
    assert_eq!(joined.join(" "), words(1000));
}

#[tokio::test]
async fn a_text_that_only_just_does_not_fit_has_two_parts() {
    for count in 100..420 {
        let (_, done) = done(&Scripted::saying(&["note"]), request(words(count))).await;
        let expected = if done.rounds == 0 { 1 } else { 2 };
        assert!(done.parts == expected, "{count} words: {} parts", done.parts);
    }
}

#[tokio::test]
async fn notes_keep_their_order_when_a_later_part_is_done_first() {
    let gate = Gate::closed();
    let waiting = gate.clone();
    let model = Scripted::answering(move |request| {
        let given = given(request);
        if given.starts_with("w0 ") {
            return vec![Step::text("first"), Step::Wait(waiting.clone())];
        }
        if given.starts_with("first\n\nlater") {
            return vec![Step::text("in order")];
        }
        vec![Step::text("later")]
    });
    let mut events = summarizer(&model).summarize(request(words(1000))).await.unwrap();
    let mut text = String::new();
    while let Some(event) = events.next().await {
        match event.unwrap() {
            // All others are done: now the first may end.
            SummaryEvent::Progress(progress) if progress.done + 1 == progress.total => gate.open(1),
            SummaryEvent::Delta(delta) => text.push_str(&delta.text),
            _ => {}
        }
    }
    assert_eq!(text, "in order");
}

#[tokio::test]
async fn every_call_fits_the_window() {
    let (model, seen) = recording(|request| words(request.max_tokens.unwrap().0 as usize));
    done(&model, request(words(20_000))).await;
    for request in seen.lock().unwrap().iter() {
        let prompt = Tokens::from_len(prompt(request).split_whitespace().count());
        let all = prompt + request.max_tokens.unwrap();
        assert!(all <= Tokens(WINDOW), "{all} tokens");
    }
}

#[tokio::test]
async fn progress_counts_the_parts_and_then_the_rounds() {
    let model = Scripted::saying(&["note"]);
    let events = events(&model, request(words(1000))).await;
    let progress: Vec<_> = events
        .into_iter()
        .filter_map(|event| match event.unwrap() {
            SummaryEvent::Progress(progress) => Some((progress.stage, progress.done, progress.total)),
            _ => None,
        })
        .collect();
    let parts = progress[0].2;
    let expected: Vec<_> = (0..=parts)
        .map(|done| ("map", done, parts))
        .chain([("reduce", 0, 1)])
        .collect();
    assert_eq!(progress, expected);
}

#[tokio::test]
async fn it_ends_even_with_a_model_that_writes_more_than_it_reads() {
    let model = Scripted::answering(|request| vec![Step::text(&format!("{0} {0}", given(request)))]);
    let (text, done) = done(&model, request(words(30_000))).await;
    assert!(done.rounds >= 2, "{} rounds", done.rounds);
    assert!(!text.is_empty());
}

#[tokio::test]
async fn usage_is_that_of_all_calls() {
    let (model, seen) = recording(|_| "note".into());
    let (_, done) = done(&model, request(words(1000))).await;
    let seen = seen.lock().unwrap();
    let input = seen
        .iter()
        .map(|request| Tokens::from_len(prompt(request).split_whitespace().count()))
        .sum();
    let expected = Usage {
        input,
        cached_input: Tokens::ZERO,
        output: Tokens::from_len(seen.len()),
        ..Usage::default()
    };
    assert_eq!(done.usage, expected);
}

#[tokio::test]
async fn at_most_so_many_parts_are_asked_for_at_the_same_time() {
    let gate = Gate::closed();
    let waiting = gate.clone();
    let model = Scripted::answering(move |_| vec![Step::Wait(waiting.clone()), Step::text("note")]);
    let summarizer = summarizer(&model).at_once(3);
    let running = tokio::spawn(summarizer.summarize(request(words(3000))));
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(model.live(), 3);
    gate.open(1000);
    let (text, started) = (running.await.unwrap().unwrap().count().await, model.started());
    assert!(text > 0 && started > 3);
}

#[tokio::test]
async fn dropping_the_stream_cancels_every_call() {
    let model = Scripted::new(vec![Step::text("note"), Step::Stall]);
    let mut events = summarizer(&model).summarize(request(words(3000))).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(model.live() > 0);
    drop(events);
    assert_eq!((model.live(), model.finished()), (0, 0));
}

#[tokio::test]
async fn dropping_the_call_cancels_it_before_the_first_event() {
    let model = Scripted::new(vec![Step::Stall]);
    let mut call = summarizer(&model).summarize(request("Some words."));
    assert!(futures_util::future::poll_immediate(&mut call).await.is_none());
    assert_eq!(model.live(), 1);
    drop(call);
    assert_eq!(model.live(), 0);
}

#[tokio::test]
async fn a_part_that_fails_at_once_fails_the_call() {
    let model = Scripted::failing(Error::new(ErrorKind::Unavailable, "loading"));
    let error = refused(&model, request(words(1000))).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_error_later_is_the_last_item() {
    let model = Scripted::answering(|request| {
        if given(request).starts_with("note") {
            return vec![Step::Fail(Error::internal("broken"))];
        }
        vec![Step::text("note")]
    });
    let events = events(&model, request(words(1000))).await;
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last.as_ref().unwrap_err().message(), "broken");
    assert!(before.iter().all(Result::is_ok));
    assert_eq!(model.live(), 0);
}

#[tokio::test]
async fn empty_text_is_refused_by_name() {
    for text in ["", " \n\t"] {
        let error = refused(&Scripted::saying(&["x"]), request(text)).await;
        assert_eq!((error.kind(), error.param()), (ErrorKind::Invalid, Some("text")));
    }
}

#[tokio::test]
async fn no_tokens_are_refused_by_name() {
    let mut request = request("words");
    request.max_tokens = Some(Tokens::ZERO);
    let error = refused(&Scripted::saying(&["x"]), request).await;
    assert_eq!(error.param(), Some("max_tokens"));
}

#[tokio::test]
async fn a_window_too_small_for_any_text_is_refused() {
    let mut model = Scripted::saying(&["x"]).model("tiny");
    model.card.capabilities.context_window = Tokens(128);
    let summarizer = Summarizer::new(model.chat.unwrap(), model.tokens.unwrap(), &model.card);
    let error = summarizer.summarize(request("words")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_model_that_writes_nothing_is_an_error_and_not_an_empty_summary() {
    let model = Scripted::saying(&[" "]);
    let events = events(&model, request(words(1000))).await;
    assert!(events.last().unwrap().is_err());
}

#[tokio::test]
async fn sampling_goes_with_every_call_and_max_tokens_with_the_last() {
    let (model, seen) = recording(|_| "note".into());
    let mut request = request(words(1000));
    request.sampling.seed = Some(7);
    request.sampling.temperature = Some(0.5);
    request.max_tokens = Some(Tokens(33));
    done(&model, request).await;
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter()
            .all(|call| call.sampling.seed == Some(7) && call.sampling.temperature == Some(0.5))
    );
    let (last, parts) = seen.split_last().unwrap();
    assert_eq!(last.max_tokens, Some(Tokens(33)));
    assert!(parts.iter().all(|part| part.max_tokens != Some(Tokens(33))));
}

#[tokio::test]
async fn style_and_length_shape_the_last_prompt() {
    let (model, seen) = recording(|_| "note".into());
    let mut wanted = request(words(1000));
    wanted.style = Style::Bullets;
    wanted.length = Length::Short;
    done(&model, wanted).await;
    let seen = seen.lock().unwrap();
    let (last, parts) = seen.split_last().unwrap();
    assert!(prompt(last).contains("3 main points"));
    assert!(parts.iter().all(|part| !prompt(part).contains("main points")));
}

#[tokio::test]
async fn the_same_request_makes_the_same_calls() {
    let prompts = async || {
        let (model, seen) = recording(|request| given(request).chars().take(40).collect());
        done(&model, request(words(5000))).await;
        let mut prompts: Vec<_> = seen.lock().unwrap().iter().map(prompt).collect();
        prompts.sort();
        prompts
    };
    assert_eq!(prompts().await, prompts().await);
}
