//! What is bounded: the window, the queue, time; and what is freed.

use std::time::{Duration, Instant};

use busbar_core::{ChatModel as _, ChatModelExt as _, ErrorKind, FinishReason, Tokens};
use futures_util::StreamExt as _;

use crate::support::{SMOLLM2, ask, config, engine, go_on};

#[tokio::test]
async fn a_prompt_beyond_the_window_is_refused_with_both_counts() {
    let engine = engine(&config(SMOLLM2));
    let error = engine.complete(ask(&"word ".repeat(3000), 8)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.code(), Some("context_length_exceeded"));
    assert!(
        error.message().contains("1024") && error.message().contains("30"),
        "{error}"
    );
}

#[tokio::test]
async fn an_answer_ends_where_the_window_ends() {
    let mut config = config(SMOLLM2);
    config.context_window = Some(256);
    let engine = engine(&config);
    let mut request = go_on(&"one two three ".repeat(60), 4000);
    request.ignore_end = true;
    let answer = engine.complete(request).await.unwrap();
    assert_eq!(answer.finish, FinishReason::Length);
    assert_eq!(answer.usage.total(), Tokens(256));
}

#[tokio::test]
async fn out_of_range_parameters_are_named() {
    let engine = engine(&config(SMOLLM2));
    let mut request = ask("Hello", 8);
    request.sampling.temperature = Some(9.0);
    assert_eq!(
        engine.complete(request).await.unwrap_err().param(),
        Some("temperature")
    );
    assert_eq!(
        engine.complete(ask("Hello", 0)).await.unwrap_err().param(),
        Some("max_tokens")
    );
}

#[tokio::test]
async fn a_full_queue_refuses_and_those_inside_are_answered() {
    let mut config = config(SMOLLM2);
    config.sequences = 1.try_into().unwrap();
    config.queue = 2;
    let engine = engine(&config);
    let calls = (0..12).map(|_| engine.complete(ask("Tell me a story.", 12)));
    let answers = futures_util::future::join_all(calls).await;
    let (answered, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(answered.len() >= 2, "{} were answered", answered.len());
    assert!(!refused.is_empty(), "nobody was refused");
    for error in refused.into_iter().filter_map(Result::err) {
        assert!(
            matches!(error.kind(), ErrorKind::Overloaded { retry_after } if retry_after >= Duration::from_secs(1))
        );
        assert_eq!(error.code(), Some("queue_full"));
    }
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_generation() {
    let engine = engine(&config(SMOLLM2));
    let mut request = go_on("Once upon a time", 900);
    request.ignore_end = true;
    let mut events = engine.chat(request).await.unwrap();
    events.next().await.unwrap().unwrap();
    drop(events);
    while engine.stats().cancelled == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let stats = engine.stats();
    assert_eq!((stats.active, stats.finished), (0, 0));
    assert!(
        stats.output_tokens < 900,
        "{} tokens were written for nobody",
        stats.output_tokens
    );
}

#[tokio::test]
async fn a_deadline_ends_an_answer_under_way_and_one_that_waits() {
    let mut config = config(SMOLLM2);
    config.sequences = 1.try_into().unwrap();
    let engine = engine(&config);
    let mut running = go_on("Once upon a time", 1000);
    running.ignore_end = true;
    running.context.deadline = Some(Instant::now() + Duration::from_millis(700));
    let waiting = running.clone();
    let (running, waiting) = tokio::join!(engine.complete(running), engine.complete(waiting));
    for ended in [running, waiting] {
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    }
    assert_eq!(engine.stats().expired, 2);
}

#[tokio::test]
async fn a_stream_outlives_the_handle_it_came_from() {
    let engine = engine(&config(SMOLLM2));
    let mut events = engine.chat(ask("Say hello.", 6)).await.unwrap();
    drop(engine);
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(busbar_core::Event::Done(_))));
}
