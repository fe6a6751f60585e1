//! Pictures from words, and labels of pictures.

use busbar_core::{ErrorKind, ImageRequest, Pixels, Prediction};
use busbar_wire::sagemaker::{
    image::{self, ImageBody, ImageForm, Shown},
    label::{self, LabelForm},
};
use bytes::Bytes;
use serde_json::Value;

use super::support::requests::context;

const REQUEST: &[u8] = include_bytes!("../golden/sagemaker/image_request.json");
const ANSWER: &[u8] = include_bytes!("../golden/sagemaker/image_answer.json");
const VERBOSE: &[u8] = include_bytes!("../golden/sagemaker/label_verbose.json");
const LIST: &[u8] = include_bytes!("../golden/sagemaker/label_list.json");

fn request(body: &[u8], media_type: &str) -> busbar_core::Result<ImageRequest> {
    ImageBody::read(body, media_type)?.into_request(context(), "sd".into())
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn what_pictures_are_asked_for_is_understood_and_written() {
    let asked = request(REQUEST, "application/json").unwrap();
    assert_eq!(
        (&*asked.prompt, &*asked.negative_prompt),
        ("a red apple", "pears")
    );
    assert_eq!(
        (asked.width, asked.steps, asked.guidance, asked.seed),
        (Some(512), Some(50), Some(7.5), Some(42))
    );
    assert_eq!(json(&ImageBody::write(&asked).unwrap()), json(REQUEST));
    let plain = request("ein Apfel".as_bytes(), "application/x-text; charset=utf-8").unwrap();
    assert_eq!(plain.prompt, "ein Apfel");
    assert!(request(b"\xff", "application/x-text").is_err());
    assert_eq!(
        request(b"{}", "application/json").unwrap_err().param(),
        Some("prompt")
    );
    let mut scheduled = asked;
    scheduled.scheduler = Some(busbar_core::ImageScheduler::Ddim);
    let error = ImageBody::write(&scheduled).unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::Unsupported, Some("scheduler"))
    );
}

#[test]
fn pictures_come_as_pixels_or_as_files() {
    let pixels = Pixels::new(
        2,
        2,
        Bytes::from_static(&[255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]),
    )
    .unwrap();
    assert_eq!(json(&image::write_pixels(&pixels, "a red apple")), json(ANSWER));
    assert_eq!(image::read_answer(ANSWER).unwrap(), [Shown::Pixels(pixels)]);
    let file = Bytes::from_static(b"\xff\xd8");
    let body = image::write_files(std::slice::from_ref(&file), "a red apple");
    assert_eq!(image::read_answer(&body).unwrap(), [Shown::File(file)]);
    for (accept, form) in [
        (None, ImageForm::Pixels),
        (Some("application/json"), ImageForm::Pixels),
        (Some("application/json;jpeg"), ImageForm::Jpeg),
        (Some("application/json;png"), ImageForm::Png),
    ] {
        assert_eq!(ImageForm::of(accept), form);
    }
    for wrong in [
        &b"{}"[..],
        b"<html>",
        br#"{"generated_image":[]}"#,
        br#"{"generated_image":[[[1,2,3]],[]]}"#,
        br#"{"generated_image":[[[1,2,300]]]}"#,
        br#"{"generated_images":["!"]}"#,
    ] {
        assert_eq!(
            image::read_answer(wrong).unwrap_err().kind(),
            ErrorKind::BadUpstream
        );
    }
}

#[test]
fn labels_come_in_the_form_that_was_asked_for() {
    let label = |label: &str, index, score| Prediction {
        label: label.into(),
        index,
        score,
    };
    let predictions = [label("tabby", 0, 0.75), label("tiger cat", 1, 0.25)];
    for (accept, golden) in [("application/json;verbose", VERBOSE), ("application/json", LIST)] {
        let form = LabelForm::of(Some(accept));
        assert_eq!(json(&label::write_answer(&predictions, form)), json(golden));
        assert_eq!(label::read_answer(golden).unwrap(), predictions);
    }
    let scores = label::write_answer(
        &predictions,
        LabelForm::of(Some("application/json;probabilities")),
    );
    assert_eq!(scores, br#"{"probabilities":[0.75,0.25]}"#.as_slice());
    // The likeliest first, whatever the order.
    let unordered = label::read_answer(br#"{"probabilities":[0.25,0.75]}"#).unwrap();
    assert_eq!(unordered, [label("1", 1, 0.75), label("0", 0, 0.25)]);
    for wrong in [&b"{}"[..], b"<html>", br#"{"probabilities":[1.0],"labels":[]}"#] {
        assert_eq!(
            label::read_answer(wrong).unwrap_err().kind(),
            ErrorKind::BadUpstream
        );
    }
}
