//! Pictures and vectors of the service's models.

use busbar_core::{Capabilities, EmbedPurpose, EmbedRequest, ErrorKind, ImageRequest, Result};
use busbar_wire::bedrock::{
    Family,
    invoke::{
        cohere,
        embed::{self, TitanEmbedBody},
        images::{self, ImageBody, Made},
    },
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::support::requests::context;

const TITAN: &[u8] = include_bytes!("../golden/bedrock/titan_image_request.json");
const STABILITY: &[u8] = include_bytes!("../golden/bedrock/stability_request.json");
const XL: &[u8] = include_bytes!("../golden/bedrock/stability_xl_request.json");

fn read(body: &[u8], family: Family) -> Result<ImageRequest> {
    ImageBody::read(body, family)?.into_request(context(), "m".into())
}

fn made() -> Vec<Made> {
    let made = |file: &'static [u8], seed| Made {
        file: Bytes::from_static(file),
        seed,
    };
    vec![made(b"png1", 42), made(b"png2", 43)]
}

#[test]
fn what_pictures_are_asked_for_is_understood_and_written() {
    for (body, family, model, size) in [
        (
            TITAN,
            Family::TitanImage,
            "amazon.titan-image-generator-v2:0",
            (768, 512),
        ),
        (TITAN, Family::NovaCanvas, "amazon.nova-canvas-v1:0", (768, 512)),
        (
            STABILITY,
            Family::Stability,
            "stability.stable-image-core-v1:1",
            (1344, 768),
        ),
        (
            XL,
            Family::Stability,
            "us.stability.stable-diffusion-xl-v1",
            (512, 768),
        ),
    ] {
        let request = read(body, family).unwrap();
        assert_eq!(
            (&*request.prompt, &*request.negative_prompt),
            ("a red apple", "pears")
        );
        assert_eq!(
            (request.width, request.height, request.seed),
            (Some(size.0), Some(size.1), Some(42))
        );
        let again = read(&images::write(&request, model).unwrap(), family).unwrap();
        assert_eq!(format!("{again:?}"), format!("{request:?}"), "{model}");
    }
    assert_eq!(read(TITAN, Family::TitanImage).unwrap().count, 2);
    assert_eq!(read(XL, Family::Stability).unwrap().steps, Some(30));
}

#[test]
fn answers_come_in_the_form_that_was_asked_in() {
    for (body, family, model) in [
        (TITAN, Family::TitanImage, "amazon.titan-image-generator-v2:0"),
        (STABILITY, Family::Stability, "stability.stable-image-core-v1:1"),
        (XL, Family::Stability, "stability.stable-diffusion-xl-v1"),
    ] {
        let answer = ImageBody::read(body, family).unwrap().answer(&made());
        let files = images::read_answer(&answer, model).unwrap();
        assert_eq!(files, [Bytes::from_static(b"png1"), Bytes::from_static(b"png2")]);
    }
    let answer = ImageBody::read(STABILITY, Family::Stability)
        .unwrap()
        .answer(&made());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let expected =
        json!({"seeds": [42, 43], "finish_reasons": [null, null], "images": ["cG5nMQ==", "cG5nMg=="]});
    assert_eq!(answer, expected);
    let answer = ImageBody::read(XL, Family::Stability)
        .unwrap()
        .answer(&made()[..1]);
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(
        answer["artifacts"][0],
        json!({"base64": "cG5nMQ==", "seed": 42, "finishReason": "SUCCESS"})
    );
}

#[test]
fn a_picture_that_the_host_keeps_is_no_picture() {
    let stability = "stability.sd3-5-large-v1:0";
    let titan = "amazon.titan-image-generator-v2:0";
    let kept = |body: &[u8], model: &str| images::read_answer(body, model).unwrap_err();
    let error = kept(br#"{"finish_reasons":["Filter reason: prompt"]}"#, stability);
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Invalid, Some("content_policy_violation"))
    );
    let error = kept(br#"{"finish_reasons":["Inference error"]}"#, stability);
    assert_eq!(error.kind(), ErrorKind::BadUpstream);
    let error = kept(
        br#"{"images":[],"error":"This request has been blocked by our content filters."}"#,
        titan,
    );
    assert_eq!(error.kind(), ErrorKind::Invalid);
    for (model, body) in [
        (titan, &b"{}"[..]),
        (stability, b"{}"),
        (titan, b"<html>"),
        (titan, br#"{"images":["!"]}"#),
    ] {
        assert_eq!(kept(body, model).kind(), ErrorKind::BadUpstream);
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_by_name() {
    let refused = |body: Value, family: Family, param: &str| {
        let error = read(body.to_string().as_bytes(), family).unwrap_err();
        assert_eq!(error.param(), Some(param), "{error}");
    };
    refused(json!({"taskType": "INPAINTING"}), Family::TitanImage, "taskType");
    refused(
        json!({"taskType": "TEXT_IMAGE"}),
        Family::TitanImage,
        "textToImageParams",
    );
    let styled =
        json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "x", "conditionImage": "AAAA"}});
    refused(styled, Family::NovaCanvas, "textToImageParams.conditionImage");
    refused(
        json!({"prompt": "x", "image": "AAAA"}),
        Family::Stability,
        "image",
    );
    refused(
        json!({"prompt": "x", "aspect_ratio": "7:1"}),
        Family::Stability,
        "aspect_ratio",
    );
    refused(
        json!({"text_prompts": [{"text": "x", "weight": 0.5}]}),
        Family::Stability,
        "text_prompts[0].weight",
    );
    refused(json!({}), Family::Stability, "prompt");
    let mut request = read(STABILITY, Family::Stability).unwrap();
    request.steps = Some(3);
    assert_eq!(
        images::write(&request, "stability.sd3-5-large-v1:0")
            .unwrap_err()
            .param(),
        Some("steps")
    );
    request.steps = None;
    request.width = Some(1000);
    assert_eq!(
        images::write(&request, "stability.sd3-5-large-v1:0")
            .unwrap_err()
            .param(),
        Some("width")
    );
}

#[test]
fn vectors_are_asked_for_one_by_one_and_are_of_length_one() {
    let mut request = EmbedRequest::new(context(), "m".into(), vec!["a".into(), "b".into()]);
    let bodies = TitanEmbedBody::write(&request);
    assert_eq!(bodies, [r#"{"inputText":"a"}"#, r#"{"inputText":"b"}"#]);
    request.dimensions = Some(256);
    let bodies = TitanEmbedBody::write(&request);
    assert_eq!(bodies[0], r#"{"inputText":"a","dimensions":256}"#);
    let answer = embed::read_answer(include_bytes!("../golden/bedrock/titan_embed_answer.json")).unwrap();
    assert_eq!((answer.vectors, answer.usage.input.0), (vec![vec![0.6, 0.8]], 5));
    for wrong in [
        &b"{}"[..],
        br#"{"embedding":[],"inputTextTokenCount":1}"#,
        br#"{"embedding":[0.0],"inputTextTokenCount":1}"#,
    ] {
        assert_eq!(
            embed::read_answer(wrong).unwrap_err().kind(),
            ErrorKind::BadUpstream
        );
    }
}

#[test]
fn coheres_vectors_are_asked_for_by_the_ninety_six_and_read_in_either_shape() {
    let texts: Vec<_> = (0..100).map(|number| format!("text {number}")).collect();
    let mut request = EmbedRequest::new(context(), "m".into(), texts);
    let bodies: Vec<Value> = cohere::embed::write(&request)
        .iter()
        .map(|body| serde_json::from_slice(body).unwrap())
        .collect();
    let lengths: Vec<_> = bodies
        .iter()
        .map(|body| body["texts"].as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [96, 4]);
    assert_eq!(bodies[1]["texts"][3], "text 99");
    assert_eq!(
        (&bodies[0]["input_type"], &bodies[0]["truncate"]),
        (&json!("search_document"), &json!("NONE"))
    );
    request.purpose = Some(EmbedPurpose::Query);
    request.dimensions = Some(256);
    let body: Value = serde_json::from_slice(&cohere::embed::write(&request)[0]).unwrap();
    assert_eq!(
        (&body["input_type"], &body["output_dimension"]),
        (&json!("search_query"), &json!(256))
    );
    for answer in [
        json!({"id": "i", "response_type": "embeddings_floats", "embeddings": [[3.0, 4.0]], "texts": ["a"]}),
        json!({"id": "i", "response_type": "embeddings_by_type", "embeddings": {"float": [[3.0, 4.0]]}, "texts": ["a"]}),
    ] {
        let read = cohere::embed::read_answer(answer.to_string().as_bytes()).unwrap();
        assert_eq!(read.vectors, [[3.0, 4.0]]);
    }
    let wrong = cohere::embed::read_answer(b"{\"embeddings\":{\"int8\":[[1]]}}").unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::BadUpstream);
}

#[test]
fn what_vectors_are_asked_for_is_understood() {
    let can = Capabilities {
        embedding_dimensions: Some(256),
        ..Capabilities::default()
    };
    let read = |body: Value| {
        TitanEmbedBody::read(body.to_string().as_bytes())?.into_request(context(), "m".into(), &can)
    };
    let request =
        read(json!({"inputText": "a", "dimensions": 256, "normalize": true, "embeddingTypes": ["float"]}));
    let request = request.unwrap();
    assert_eq!(request.inputs, ["a"]);
    for (body, param) in [
        (json!({}), "inputText"),
        (json!({"inputText": ""}), "inputText"),
        (json!({"inputText": "a", "dimensions": 512}), "dimensions"),
        (json!({"inputText": "a", "normalize": false}), "normalize"),
        (
            json!({"inputText": "a", "embeddingTypes": ["binary"]}),
            "embeddingTypes",
        ),
    ] {
        assert_eq!(read(body).unwrap_err().param(), Some(param));
    }
    let answer = busbar_core::Embeddings {
        vectors: vec![vec![0.6, 0.8]],
        usage: busbar_core::Usage {
            input: busbar_core::Tokens(5),
            ..busbar_core::Usage::default()
        },
    };
    assert_eq!(embed::read_answer(&embed::write_answer(&answer)).unwrap(), answer);
}

#[test]
fn an_empty_text_is_named_as_the_client_wrote_it() {
    let body = br#"{"taskType": "TEXT_IMAGE", "textToImageParams": {"text": " "}}"#;
    let refused = read(body, Family::TitanImage).unwrap_err();
    assert_eq!(
        (refused.kind(), refused.param()),
        (ErrorKind::Invalid, Some("textToImageParams.text"))
    );
}
