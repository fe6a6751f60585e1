//! Requests for pictures, and pictures in answers.

use busbar_core::{Error, ErrorKind, ImageRequest, ImageScheduler};
use busbar_wire::openai::images::{
    ImageAnswerFormat, ImageBody, ImageFileFormat, ImageList, ImageObject, write_images,
};

use crate::support::requests::context;

fn asked(body: &str) -> Result<ImageRequest, Error> {
    ImageBody::read(body.as_bytes())?.into_request(context())
}

fn with(fields: &str) -> Result<ImageRequest, Error> {
    asked(&format!(r#"{{"prompt":"a red apple",{fields}}}"#))
}

#[track_caller]
fn refused(result: Result<ImageRequest, Error>, param: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.param(), Some(param), "{error}");
    assert!(
        matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported),
        "{error}"
    );
}

#[test]
fn everything_that_the_official_clients_can_send_is_read() {
    let body = ImageBody::read(
        br#"{"model":"tiny","prompt":"a red apple","n":2,"size":"512x256","response_format":"url",
            "quality":"high","style":"vivid","background":"auto","moderation":"low","user":"u",
            "output_format":"webp","output_compression":80,"negative_prompt":"worm","seed":7,"steps":4,
            "guidance":7.5,"scheduler":"euler_a"}"#,
    )
    .unwrap();
    assert_eq!(body.answer_format(), ImageAnswerFormat::Url);
    assert_eq!(body.file_format(), ImageFileFormat::Webp);
    let request = body.into_request(context()).unwrap();
    assert_eq!(
        (request.model.as_str(), &*request.prompt),
        ("tiny", "a red apple")
    );
    assert_eq!(
        (request.width, request.height, request.count),
        (Some(512), Some(256), 2)
    );
    assert_eq!(
        (request.seed, request.steps, request.guidance),
        (Some(7), Some(4), Some(7.5))
    );
    assert_eq!(request.scheduler, Some(ImageScheduler::EulerAncestral));
    assert_eq!(request.negative_prompt, "worm");
}

#[test]
fn the_least_means_the_models_own_ways() {
    let body = ImageBody::read(br#"{"prompt":"a","size":"auto"}"#).unwrap();
    assert_eq!(body.answer_format(), ImageAnswerFormat::B64Json);
    let request = body.into_request(context()).unwrap();
    assert_eq!((request.width, request.height, request.count), (None, None, 1));
}

#[test]
fn what_is_wrong_is_named_as_the_client_wrote_it() {
    refused(asked("{}"), "prompt");
    refused(asked(r#"{"prompt":" "}"#), "prompt");
    refused(with(r#""n":0"#), "n");
    refused(with(r#""n":17"#), "n");
    for size in ["big", "1x", "513x512", "8x8", "-1x4"] {
        refused(with(&format!(r#""size":"{size}""#)), "size");
    }
    refused(with(r#""background":"transparent""#), "background");
    refused(with(r#""stream":true"#), "stream");
    refused(with(r#""response_format":"file""#), "response_format");
    refused(with(r#""scheduler":"best""#), "scheduler");
    refused(with(r#""steps":0"#), "steps");
}

#[test]
fn an_answer_is_read_as_it_was_written() {
    let list = ImageList {
        created: 1_767_225_600,
        data: vec![ImageObject::within(b"png"), ImageObject::at("https://x/1.png")],
        output_format: Some(ImageFileFormat::Png),
        size: Some("512x512".into()),
        busbar: None,
    };
    let encoded = list.encode();
    let golden = include_str!("../golden/openai/images.json");
    let read = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&encoded), read(golden.as_bytes()));
    let back = ImageList::read(&encoded).unwrap();
    assert_eq!(back, list);
    assert_eq!(back.data[0].file().unwrap().as_deref(), Some(&b"png"[..]));
    assert_eq!(back.data[1].file().unwrap(), None);
    assert_eq!(ImageList::read(b"{}").unwrap_err().kind(), ErrorKind::BadUpstream);
}

#[test]
fn hosts_are_asked_for_what_they_have_words_for() {
    let mut request = with(r#""n":2,"size":"512x256""#).unwrap();
    let body = write_images(&request, "gpt-image-1").unwrap();
    let back = ImageBody::read(&body).unwrap();
    assert_eq!(back.model.as_deref(), Some("gpt-image-1"));
    let back = back.into_request(context()).unwrap();
    assert_eq!((back.width, back.height, back.count), (Some(512), Some(256), 2));
    request.seed = Some(1);
    let error = write_images(&request, "m").unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Unsupported, Some("seed"))
    );
    request.seed = None;
    request.height = None;
    assert_eq!(write_images(&request, "m").unwrap_err().param(), Some("size"));
}
