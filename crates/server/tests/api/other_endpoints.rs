//! Plain completions, embeddings, the list of models and summaries.

use crate::support::{saying, serving};
use busbar_testkit::{Scripted, Step};
use serde_json::{Value, json};

#[tokio::test]
async fn a_completion_comes_whole_and_streamed() {
    let rig = saying(&["upon ", "a time"]);
    let mut body = json!({"prompt": "Once"});
    let whole = rig.post("/v1/completions", &body).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.json()["object"], "text_completion");
    assert_eq!(whole.json()["choices"][0]["text"], "upon a time");
    assert_eq!(whole.json()["busbar"]["tokens_out"], 2);
    assert_eq!(whole.header("x-busbar-model"), Some("scripted"));
    assert!(whole.json()["id"].as_str().unwrap().starts_with("cmpl-"));

    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let chunks = rig.post("/v1/completions", &body).await.chunks();
    let said: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["text"].as_str())
        .collect();
    assert_eq!(said, "upon a time");
    assert_eq!(chunks.last().unwrap()["usage"]["completion_tokens"], 2);
}

#[tokio::test]
async fn embeddings_come_as_numbers_and_as_base64() {
    let rig = saying(&[]);
    let answer = rig.post("/v1/embeddings", &json!({"input": ["ab", "cd"]})).await;
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    let vector: Vec<f32> = serde_json::from_value(body["data"][1]["embedding"].clone()).unwrap();
    assert_eq!(body["data"][1]["index"], 1);
    assert_eq!(body["usage"], json!({"prompt_tokens": 2, "total_tokens": 2}));
    assert_eq!(body["model"], "scripted");
    assert_eq!(answer.header("x-busbar-tokens-in"), Some("2"));

    let packed = json!({"input": ["ab", "cd"], "encoding_format": "base64"});
    let packed = rig.post("/v1/embeddings", &packed).await.json();
    assert_eq!(decode(packed["data"][1]["embedding"].as_str().unwrap()), vector);
}

/// Base64 of little-endian floats, read without the library that wrote it.
fn decode(text: &str) -> Vec<f32> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let six = ALPHABET.iter().position(|letter| *letter == byte).unwrap() as u32;
        bits = bits << 6 | six;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect()
}

#[tokio::test]
async fn models_are_listed_and_found_by_name() {
    let rig = saying(&[]);
    let list = rig.get("/v1/models").await.json();
    assert_eq!(list["object"], "list");
    let model = &list["data"][0];
    assert_eq!(
        (&model["id"], &model["object"]),
        (&json!("scripted"), &json!("model"))
    );
    assert_eq!(
        (&model["context_window"], &model["default"]),
        (&json!(2048), &json!(true))
    );
    assert_eq!(model["created"], 1_767_225_600);
    assert_eq!(&rig.get("/v1/models/scripted").await.json(), model);
}

#[tokio::test]
async fn a_summary_of_a_short_text_is_one_call() {
    let rig = saying(&["In ", "short."]);
    let body = json!({"text": "A long story.", "style": "headline", "length": "short", "seed": 1});
    let answer = rig.post("/v1/summaries", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let summary = answer.json();
    assert_eq!(summary["object"], "summary");
    assert_eq!(summary["summary"], "In short.");
    assert_eq!((&summary["parts"], &summary["rounds"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&summary["model"], &summary["finish_reason"]),
        (&json!("scripted"), &json!("stop"))
    );
    assert_eq!(
        summary["busbar"]["tokens_out"],
        summary["usage"]["completion_tokens"]
    );
    assert_eq!(answer.header("x-busbar-model"), Some("scripted"));
}

#[tokio::test]
async fn a_streamed_summary_tells_how_far_it_is() {
    let rig = saying(&["In ", "short."]);
    let body = json!({"text": "word ".repeat(6000), "stream": true});
    let answer = rig.post("/v1/summaries", &body).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let events = answer.events();
    let of = |name: &str| -> Vec<Value> {
        let named = events.iter().filter(|event| event.event == name);
        named
            .map(|event| serde_json::from_str(&event.data).unwrap())
            .collect()
    };
    let progress = of("progress");
    assert!(
        progress
            .iter()
            .any(|one| one["stage"] == "map" && one["done"] == one["total"]),
        "{progress:?}"
    );
    let said: String = of("delta")
        .iter()
        .map(|delta| delta["text"].as_str().unwrap().to_owned())
        .collect();
    let done = of("done");
    assert_eq!(done.len(), 1);
    assert_eq!(done[0]["summary"], said);
    assert!(done[0]["parts"].as_u64().unwrap() > 1);
    assert!(done[0]["rounds"].as_u64().unwrap() > 0);
    assert_eq!(events.last().unwrap().event, "done");
}

#[tokio::test(start_paused = true)]
async fn a_streamed_summary_that_fails_says_so_last() {
    let rig = serving(Scripted::new(vec![Step::text("In "), Step::Stall]));
    let answer = rig
        .post("/v1/summaries", &json!({"text": "A story.", "stream": true}))
        .await;
    assert_eq!(answer.status, 200);
    let events = answer.events();
    let last = events.last().unwrap();
    let problem: Value = serde_json::from_str(&last.data).unwrap();
    assert_eq!(last.event, "error");
    assert_eq!(problem["status"], 504);
    assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
}

#[tokio::test]
async fn the_console_was_made_for_the_api_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/openapi.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let described = saying(&["x"]).get("/openapi.json").await.json();
    let paths = |document: &Value| document["paths"].as_object().unwrap().clone();
    for (path, item) in paths(&described) {
        assert_eq!(
            kept["paths"][&path], item,
            "{path}: run `npm run api` in console/"
        );
    }
    assert_eq!(kept, described, "run `npm run api` in console/");
}
