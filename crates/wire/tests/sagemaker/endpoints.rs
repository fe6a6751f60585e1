//! Endpoints, failures, and work that is done later.

use busbar_core::{Error, ErrorKind};
use busbar_wire::{
    sagemaker::{
        AsyncAsked, AsyncTaken, CHAT_FORMAT, EndpointName, Operation,
        error::{class, error_body, kind, original_status, said},
    },
    upstream::ChatFormat as _,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const MODEL_ERROR: &[u8] = include_bytes!("../golden/sagemaker/model_error.json");

#[test]
fn a_name_is_letters_digits_and_hyphens_between_them() {
    for name in ["e", "jumpstart-dft-hf-llm-falcon-7b", "E2", &"a".repeat(63)] {
        assert_eq!(EndpointName::parse(name).unwrap().as_str(), name);
    }
    for wrong in [
        "",
        "-a",
        "a-",
        "a_b",
        "a.b",
        "..",
        "a/b",
        "a%2Fb",
        "é",
        "a b",
        &"a".repeat(64),
    ] {
        let error = EndpointName::parse(wrong).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Invalid, Some("EndpointName")),
            "{wrong}"
        );
    }
}

#[test]
fn paths_are_those_of_the_service() {
    let name = EndpointName::parse("falcon").unwrap();
    for (operation, path) in [
        (Operation::Invoke, "/endpoints/falcon/invocations"),
        (
            Operation::InvokeStream,
            "/endpoints/falcon/invocations-response-stream",
        ),
        (Operation::InvokeAsync, "/endpoints/falcon/async-invocations"),
    ] {
        assert_eq!(operation.path(&name), path);
        let (read, endpoint) = Operation::of_path(path).unwrap();
        assert_eq!((read, endpoint.unwrap()), (operation, name.clone()));
    }
    for other in [
        "/endpoints/falcon/explode",
        "/endpoints/falcon",
        "/model/falcon/invocations",
        "",
    ] {
        assert!(Operation::of_path(other).is_none(), "{other}");
    }
    let (_, endpoint) = Operation::of_path("/endpoints/../invocations").unwrap();
    assert!(endpoint.is_err());
}

#[test]
fn classes_are_those_of_the_service_in_both_directions() {
    for (class, expected) in [
        ("ValidationError", ErrorKind::Invalid),
        ("ServiceUnavailable", ErrorKind::Unavailable),
        ("ModelNotReadyException", ErrorKind::Unavailable),
        ("ModelError", ErrorKind::BadUpstream),
        ("InternalFailure", ErrorKind::BadUpstream),
        ("InternalDependencyException", ErrorKind::BadUpstream),
        ("AccessDeniedException", ErrorKind::BadUpstream),
    ] {
        assert_eq!(kind(class), Some(expected), "{class}");
    }
    assert!(matches!(
        kind("ThrottlingException"),
        Some(ErrorKind::RateLimited { .. })
    ));
    assert_eq!(kind("Whatever"), None);
    assert_eq!(class(ErrorKind::Invalid), "ValidationError");
    assert_eq!(class(ErrorKind::BadUpstream), "ModelError");
    assert_eq!(class(ErrorKind::Internal), "InternalFailure");
}

#[test]
fn what_the_container_said_is_what_is_said() {
    assert_eq!(original_status(MODEL_ERROR), Some(422));
    let said_ = said(MODEL_ERROR).message.unwrap();
    assert!(said_.starts_with("{\"error\":"), "{said_}");
    let message = CHAT_FORMAT.said(MODEL_ERROR).message.unwrap();
    assert_eq!(
        message,
        "Input validation error: `inputs` must have less than 1024 tokens."
    );
    assert_eq!(said(b"<html>").message, None);
    assert_eq!(original_status(b""), None);
}

#[test]
fn a_failure_of_the_model_has_the_status_that_it_had() {
    let body = |kind| {
        let body = error_body(&Error::new(kind, "no"), Some(502));
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    let expected = json!({"Message": "no", "OriginalStatusCode": 502, "OriginalMessage": "no"});
    assert_eq!(body(ErrorKind::BadUpstream), expected);
    assert_eq!(body(ErrorKind::Invalid), json!({"Message": "no"}));
}

#[test]
fn work_for_later_is_asked_for_in_headers() {
    let asked = AsyncAsked {
        content_type: Some("application/json".into()),
        accept: None,
        custom_attributes: Some("a=b".into()),
        inference_id: Some("mine".into()),
        input_location: Some("s3://bucket/input.json".into()),
        ttl: Some(60),
        timeout: Some(3600),
    };
    let headers = asked.headers();
    let find = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        find("x-amzn-sagemaker-inputlocation"),
        Some("s3://bucket/input.json")
    );
    assert_eq!(AsyncAsked::read(find).unwrap(), asked);
    assert_eq!(AsyncAsked::read(|_| None).unwrap(), AsyncAsked::default());
    for (header, wrong) in [
        ("x-amzn-sagemaker-inputlocation", "file:///etc/passwd"),
        ("x-amzn-sagemaker-requestttlseconds", "59"),
        ("x-amzn-sagemaker-requestttlseconds", "soon"),
        ("x-amzn-sagemaker-invocationtimeoutseconds", "3601"),
    ] {
        let error = AsyncAsked::read(|name| (name == header).then_some(wrong)).unwrap_err();
        assert_eq!(error.param(), Some(header));
    }
}

#[test]
fn work_for_later_is_answered_with_where_it_will_be() {
    let taken = AsyncTaken {
        inference_id: Some("mine".into()),
        output_location: Some("s3://bucket/out".into()),
        failure_location: None,
    };
    assert_eq!(taken.body(), br#"{"InferenceId":"mine"}"#.as_slice());
    let headers = taken.headers();
    assert_eq!(
        headers,
        [("x-amzn-sagemaker-outputlocation", "s3://bucket/out".to_owned())]
    );
    let find = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(AsyncTaken::read(&taken.body(), find), taken);
    assert_eq!(AsyncTaken::read(b"<html>", |_| None), AsyncTaken::default());
}

proptest! {
    #[test]
    fn no_name_changes_a_path(name in "[a-z./%\\-]{1,12}") {
        let Ok(name) = EndpointName::parse(&name) else { return Ok(()) };
        for operation in Operation::ALL {
            let path = operation.path(&name);
            prop_assert_eq!(path.split('/').count(), 4);
            prop_assert!(!path.contains("..") && !path.contains('%'));
        }
    }
}
