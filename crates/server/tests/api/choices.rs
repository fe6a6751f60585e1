//! Several answers to one request.

use busbar_core::{Error, ErrorKind, Event};
use busbar_testkit::{Scripted, Step};
use serde_json::{Value, json};

use crate::support::{Answer, Rig, hello, hello_streamed, saying, serving};

/// A model that says its seed, in two pieces.
fn seeded() -> Rig {
    serving(Scripted::answering(|request| {
        let seed = request.sampling.seed.unwrap_or_default();
        vec![Step::text("seed "), Step::text(&seed.to_string())]
    }))
}

async fn ask(rig: &Rig, mut body: Value, n: u32) -> Answer {
    body["n"] = n.into();
    body["seed"] = 7.into();
    rig.post("/v1/chat/completions", &body).await
}

#[tokio::test]
async fn as_many_answers_come_as_were_asked_for_and_the_prompt_counts_once() {
    let rig = seeded();
    let answer = ask(&rig, hello(), 3).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    let choices = body["choices"].as_array().unwrap();
    let said: Vec<_> = choices
        .iter()
        .map(|choice| (choice["index"].clone(), choice["message"]["content"].clone()))
        .collect();
    assert_eq!(
        said,
        [
            (json!(0), json!("seed 7")),
            (json!(1), json!("seed 8")),
            (json!(2), json!("seed 9")),
        ]
    );
    assert!(choices.iter().all(|choice| choice["finish_reason"] == "stop"));
    assert_eq!(body["usage"]["prompt_tokens"], 2);
    assert_eq!(body["usage"]["completion_tokens"], 6);
    // What was read, and is paid for.
    assert_eq!(body["busbar"]["tokens_in"], 6);
    assert_eq!((rig.model.started(), rig.model.live()), (3, 0));
}

#[tokio::test]
async fn streams_tell_pieces_by_their_index_and_end_once() {
    let rig = seeded();
    let mut body = hello_streamed();
    body["stream_options"] = json!({"include_usage": true});
    let answer = ask(&rig, body, 2).await;
    let chunks = answer.chunks();
    let of = |index: u64| {
        chunks.iter().filter_map(move |chunk| {
            let choice = &chunk["choices"][0];
            (choice["index"] == index).then_some(choice)
        })
    };
    for index in 0..2 {
        let said: String = of(index)
            .filter_map(|choice| choice["delta"]["content"].as_str())
            .collect();
        assert_eq!(said, format!("seed {}", 7 + index));
        let roles = of(index).filter(|choice| choice["delta"]["role"] == "assistant");
        assert_eq!(roles.count(), 1);
        let ends: Vec<_> = of(index)
            .filter(|choice| !choice["finish_reason"].is_null())
            .collect();
        assert_eq!(ends.len(), 1);
    }
    let told: Vec<_> = chunks
        .iter()
        .filter(|chunk| chunk.get("busbar").is_some())
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["busbar"]["tokens_out"], 4);
    let last = chunks.last().unwrap();
    assert_eq!(
        (
            &last["usage"]["prompt_tokens"],
            &last["usage"]["completion_tokens"]
        ),
        (&json!(2), &json!(4))
    );
}

#[tokio::test]
async fn no_answer_and_too_many_are_refused() {
    for n in [0, 9] {
        let answer = ask(&seeded(), hello(), n).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["param"], "n");
    }
    let rig = saying(&["a"]);
    let body = json!({"messages": [{"role": "user", "content": "Hi"}], "n": 2});
    let answer = rig
        .post("/model/mistral.mistral-large-2402-v1:0/invoke", &body)
        .await;
    assert_eq!(answer.status, 400, "only one dialect has several answers");
}

#[tokio::test]
async fn where_one_answer_fails_all_do_and_nothing_runs_on() {
    let rig = serving(Scripted::answering(|request| match request.sampling.seed {
        Some(8) => vec![Step::Fail(Error::new(ErrorKind::BadUpstream, "lost"))],
        _ => vec![Step::text("a"), Step::Send(Event::text("b"))],
    }));
    let answer = ask(&rig, hello(), 2).await;
    assert_eq!(answer.status, 502);
    assert_eq!(rig.model.live(), 0);
}
