//! Model ids: what they are, whose they are, and that none of them chooses a path.

use busbar_core::ErrorKind;
use busbar_wire::bedrock::{BedrockModelId, Family, Operation};
use proptest::prelude::*;

#[test]
fn ids_profiles_and_arns_are_read_as_clients_write_them() {
    for (segment, id) in [
        (
            "anthropic.claude-3-haiku-20240307-v1:0",
            "anthropic.claude-3-haiku-20240307-v1:0",
        ),
        (
            "anthropic.claude-3-haiku-20240307-v1%3A0",
            "anthropic.claude-3-haiku-20240307-v1:0",
        ),
        ("us.amazon.nova-micro-v1%3a0", "us.amazon.nova-micro-v1:0"),
        (
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
        ),
        (
            "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdef012345",
            "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/abcdef012345",
        ),
        ("smollm2-135m-instruct", "smollm2-135m-instruct"),
    ] {
        assert_eq!(BedrockModelId::from_path(segment).unwrap().as_str(), id);
        let path = format!("/model/{segment}/converse-stream");
        let (operation, model) = Operation::of_path(&path).unwrap();
        assert_eq!(
            (operation, model.unwrap().as_str()),
            (Operation::ConverseStream, id)
        );
    }
}

#[test]
fn what_could_choose_a_path_is_no_id() {
    for wrong in [
        "", ".", "..", "...", "../x", "x/..", "x/../y", "x/./y", "x//y", "/x", "x/", "x\\..\\y", "x?y",
        "x#y", "x%y", "x y", "x;y", "x\ny", "x\0", "é", "%2e%2e",
    ] {
        let error = BedrockModelId::parse(wrong).unwrap_err();
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Invalid, Some("modelId")),
            "{wrong}"
        );
    }
    for wrong in [
        "%2e%2e",
        "%2E%2E%2Fx",
        "x%2F..%2Fy",
        "x%2F%2e%2e",
        "%252e%252e%252f",
        "x%00",
        "x%",
        "x%2",
        "x%zz",
        "%ff",
        "x%3Fy",
        "x%23",
    ] {
        assert!(BedrockModelId::from_path(wrong).is_err(), "{wrong}");
    }
    assert!(BedrockModelId::parse(&"a".repeat(2048)).is_ok());
    assert!(BedrockModelId::parse(&"a".repeat(2049)).is_err());
}

#[test]
fn an_id_tells_whose_the_model_is_in_any_region_and_within_an_arn() {
    for (id, family) in [
        ("anthropic.claude-3-opus-20240229-v1:0", Family::Claude),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", Family::Claude),
        ("global.anthropic.claude-sonnet-4-20250514-v1:0", Family::Claude),
        ("us-gov.anthropic.claude-3-haiku-20240307-v1:0", Family::Claude),
        ("amazon.nova-micro-v1:0", Family::Nova),
        ("apac.amazon.nova-pro-v1:0", Family::Nova),
        ("amazon.nova-canvas-v1:0", Family::NovaCanvas),
        ("amazon.titan-text-express-v1", Family::TitanText),
        ("amazon.titan-tg1-large", Family::TitanText),
        ("amazon.titan-embed-text-v2:0", Family::TitanEmbed),
        ("amazon.titan-image-generator-v2:0", Family::TitanImage),
        ("eu.meta.llama3-2-1b-instruct-v1:0", Family::Llama),
        ("mistral.mistral-7b-instruct-v0:2", Family::Mistral),
        ("stability.sd3-5-large-v1:0", Family::Stability),
        ("us.mistral.pixtral-large-2502-v1:0", Family::MistralChat),
        ("mistral.mistral-large-2407-v1:0", Family::MistralChat),
        ("mistral.mixtral-8x7b-instruct-v0:1", Family::Mistral),
        ("cohere.command-r-plus-v1:0", Family::Cohere),
        ("cohere.embed-english-v3", Family::CohereEmbed),
        ("cohere.rerank-v3-5:0", Family::Other),
        ("smollm2-135m-instruct", Family::Other),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            Family::Claude,
        ),
        (
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
            Family::Nova,
        ),
        (
            "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc",
            Family::Other,
        ),
        (
            "arn:aws:bedrock:us-east-1:111122223333:provisioned-model/meta.llama",
            Family::Other,
        ),
    ] {
        assert_eq!(Family::of(id), family, "{id}");
        assert_eq!(BedrockModelId::parse(id).unwrap().family(), family);
    }
}

#[test]
fn a_path_of_another_service_is_none_of_ours() {
    for path in [
        "/model/x/explode",
        "/models/x/invoke",
        "/model/invoke",
        "model/x/invoke",
        "/",
        "/v1/chat",
    ] {
        assert!(Operation::of_path(path).is_none(), "{path}");
    }
    let (_, model) = Operation::of_path("/model/../invoke").unwrap();
    assert!(model.is_err());
    let (_, model) = Operation::of_path("/model//invoke").unwrap();
    assert!(model.is_err());
}

/// Texts that look like paths.
fn path_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "B7",
        ".",
        "..",
        "/",
        "//",
        "\\",
        "%",
        "%2e",
        "%2F",
        "%252f",
        ":",
        "-",
        "_",
        "@",
        "?",
        "#",
        "&",
        ";",
        " ",
        "é",
        "\u{0}",
        "invoke",
        "model",
        "arn:aws:bedrock:",
    ]);
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_id_changes_a_path(id in path_like()) {
        let Ok(model) = BedrockModelId::parse(&id) else { return Ok(()) };
        for operation in Operation::ALL {
            let path = operation.path(&model);
            // Three segments, whoever decodes what before dividing it.
            let segments: Vec<_> = path.split('/').collect();
            prop_assert_eq!(segments.len(), 4);
            prop_assert_eq!((segments[0], segments[1], segments[3]), ("", "model", operation.segment()));
            prop_assert!(segments[2].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~%".contains(&byte)));
            prop_assert!(segments[2].bytes().any(|byte| byte != b'.'));
            let decoded = path.replace("%2F", "/").replace("%3A", ":");
            prop_assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."));
            let (read, same) = Operation::of_path(&path).unwrap();
            prop_assert_eq!((read, same.unwrap()), (operation, model.clone()));
        }
    }

    #[test]
    fn any_path_is_read_or_refused(path in "\\PC{0,64}") {
        let _ = Operation::of_path(&path);
        let _ = Operation::of_path(&format!("/model/{path}/invoke"));
        let _ = BedrockModelId::from_path(&path);
        let _ = Family::of(&path);
    }
}
