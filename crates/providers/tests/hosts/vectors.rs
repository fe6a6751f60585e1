//! Hosts that make vectors.

use std::time::Duration;

use busbar_core::{Context, EmbedPurpose, EmbedRequest, ErrorKind, Model, RequestId};
use busbar_testkit::{FakeUpstream, Say};

use super::scene::{host, models};

fn bedrock_at(upstream: &FakeUpstream, model: &str) -> Model {
    let url = upstream.url();
    let text = format!("region = 'us-east-1'\nendpoint = '{url}'\n[[models]]\nid = 'near'\n{model}\n");
    models("bedrock", Some("bearer-key"), &text).remove(0)
}

#[tokio::test]
async fn vectors_come_in_order_from_a_host_that_takes_one_text_a_request() {
    let upstream = host(|request| {
        let second = request.text().contains("second");
        let vector = if second { "[0.0, 2.0]" } else { "[3.0, 4.0]" };
        let body = format!(r#"{{"embedding":{vector},"inputTextTokenCount":3}}"#);
        let mut steps = Say::whole("200 OK", "application/json", body);
        if !second {
            steps.insert(0, Say::Pause(Duration::from_millis(30)));
        }
        steps
    })
    .await;
    let model = bedrock_at(
        &upstream,
        "upstream = 'amazon.titan-embed-text-v2:0'\ntask = 'embed'",
    );
    let context = Context::new(RequestId::new("r"));
    let request = EmbedRequest::new(context, "near".into(), vec!["first".into(), "second".into()]);
    let answer = model.embed.unwrap().embed(request).await.unwrap();
    assert_eq!(answer.vectors, [[0.6, 0.8], [0.0, 1.0]]);
    assert_eq!(answer.usage.input.0, 6);
}

#[tokio::test]
async fn coheres_vectors_are_counted_by_the_services_headers_and_told_what_they_are_for() {
    let upstream = host(|_| {
        let headers = [
            ("content-type", "application/json"),
            ("x-amzn-bedrock-input-token-count", "6"),
        ];
        let body = r#"{"id":"i","response_type":"embeddings_floats","embeddings":[[3.0,4.0],[0.0,2.0]],"texts":["a","b"]}"#;
        Say::with("200 OK", &headers, body)
    })
    .await;
    let model = bedrock_at(&upstream, "upstream = 'cohere.embed-english-v3'\ntask = 'embed'");
    let embed = model.embed.unwrap();
    let request = |dimensions| EmbedRequest {
        purpose: Some(EmbedPurpose::Query),
        dimensions,
        ..EmbedRequest::new(
            Context::new(RequestId::new("r")),
            "near".into(),
            vec!["a".into(), "b".into()],
        )
    };
    let answer = embed.embed(request(None)).await.unwrap();
    assert_eq!(answer.vectors, [[0.6, 0.8], [0.0, 1.0]]);
    assert_eq!(answer.usage.input.0, 6);
    assert_eq!(
        model.card.price.unwrap().of(&answer.usage).to_string(),
        "0.0000006"
    );
    assert!(
        upstream.received()[0]
            .path
            .ends_with("/model/cohere.embed-english-v3/invoke")
    );
    assert!(
        upstream.received()[0]
            .text()
            .contains(r#""input_type":"search_query""#)
    );
    // Vectors of another length than was asked for are no answer.
    let error = embed.embed(request(Some(3))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadUpstream);
}

#[tokio::test]
async fn vectors_that_are_missing_are_noticed() {
    let upstream = host(|_| {
        let body = r#"{"data":[{"index":0,"embedding":[1.0]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#;
        Say::whole("200 OK", "application/json", body)
    })
    .await;
    let text = format!(
        "endpoint = '{}/v1'\n[[models]]\nid = 'e'\ntask = 'embed'\n",
        upstream.url()
    );
    let model = models("vllm", None, &text).remove(0);
    let request = |inputs: &[&str]| {
        let inputs = inputs.iter().map(|&text| text.to_owned()).collect();
        EmbedRequest::new(Context::new(RequestId::new("r")), "e".into(), inputs)
    };
    let embed = model.embed.unwrap();
    assert_eq!(embed.embed(request(&["a"])).await.unwrap().vectors, [[1.0]]);
    let error = embed.embed(request(&["a", "b"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadUpstream);
    assert_eq!(upstream.received()[0].path, "/v1/embeddings");
    assert_eq!(upstream.received()[0].header("authorization"), None);
}
