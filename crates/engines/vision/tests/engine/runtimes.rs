//! What computes agrees with ONNX Runtime, and it is said why it was taken.

use std::{collections::BTreeMap, path::PathBuf};

use busbar_core::{ErrorKind, Picture};
use busbar_engine_vision::{VisionEngineConfig, runtime::Choice};

use crate::support::{ask, bytes, fixture, little, load, pattern, request};

/// How far a score may lie from ONNX Runtime's.
const CLOSE: f32 = 1e-5;

async fn check(model: &str, runtime: Choice, name: &str) {
    check_with(model, runtime, name, None).await;
}

async fn check_with(model: &str, runtime: Choice, name: &str, library: Option<PathBuf>) {
    let config = VisionEngineConfig {
        path: fixture(&format!("{model}.onnx")),
        labels_folder: Some(fixture("")),
        runtime,
        onnxruntime: library,
        ..little()
    };
    let engine = load(&config).unwrap();
    assert_eq!(engine.running().name, name);
    let expected: BTreeMap<String, Vec<f32>> = serde_json::from_slice(&bytes("little.json")).unwrap();
    let mut compared = 0;
    for (width, height) in [(97, 61), (41, 130), (19, 23)] {
        let expected = &expected[&format!("{model}-{width}x{height}")];
        let mut answer = ask(&engine, Picture::Pixels(pattern(width, height))).await;
        let sight = answer.sights.remove(0);
        assert_eq!((sight.width, sight.height), (width, height));
        for found in sight.predictions {
            let difference = (found.score - expected[found.index]).abs();
            assert!(difference < CLOSE, "{found:?} {}", expected[found.index]);
            compared += 1;
        }
    }
    assert_eq!(compared, 3 * 5);
}

#[tokio::test]
async fn our_own_runtime_agrees_with_onnx_runtime() {
    check("little", Choice::Auto, "direct").await;
}

#[tokio::test]
async fn rten_agrees_with_onnx_runtime() {
    check("little", Choice::Rten, "rten").await;
}

#[tokio::test]
async fn a_network_that_ours_does_not_know_is_left_to_another() {
    check("other", Choice::Auto, "rten").await;
}

#[test]
fn it_is_said_which_operator_is_not_known() {
    let mut config = little();
    config.path = fixture("other.onnx");
    let why = load(&config).unwrap().running().why.clone();
    assert!(why.contains("Softplus"), "{why}");
    config.runtime = Choice::Direct;
    let error = load(&config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("Softplus"), "{error}");
}

#[test]
fn a_library_that_is_asked_for_and_absent_is_an_error() {
    let config = VisionEngineConfig {
        runtime: Choice::OnnxRuntime,
        onnxruntime: Some(fixture("no-such-library.so")),
        ..little()
    };
    let error = load(&config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("ONNX Runtime"), "{error}");
}

#[test]
fn what_is_no_model_or_does_not_fit_its_labels_is_refused_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let mut config = VisionEngineConfig {
        path: path.clone(),
        ..little()
    };
    assert_eq!(load(&config).unwrap_err().kind(), ErrorKind::NotFound);
    let whole = bytes("little.onnx");
    for cut in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert_eq!(
            load(&config).unwrap_err().kind(),
            ErrorKind::Unavailable,
            "cut at {cut}"
        );
    }
    config.path = fixture("little.onnx");
    config.description.labels = "imagenet".to_owned();
    let error = load(&config).unwrap_err();
    assert!(error.message().contains("7 classes"), "{error}");
}

#[tokio::test]
async fn an_answer_names_its_model_and_version() {
    let config = VisionEngineConfig {
        version: Some("3".to_owned()),
        ..little()
    };
    let engine = load(&config).unwrap();
    let answer = ask(&engine, Picture::Pixels(pattern(9, 9))).await;
    assert_eq!(
        (answer.model.as_str(), answer.version.as_deref()),
        ("little", Some("3"))
    );
    let mut other = request(vec![Picture::Pixels(pattern(9, 9))]);
    other.model = "default".into();
    let answer = busbar_core::Classifier::classify(&engine, other).await.unwrap();
    assert_eq!(
        answer.model.as_str(),
        "little",
        "the model that served, not the word it was asked by"
    );
}

/// Only with the feature, and only where `BUSBAR_TEST_ONNXRUNTIME` names the shared library.
#[cfg(feature = "onnxruntime")]
#[tokio::test]
async fn onnx_runtime_itself_is_used_where_it_is_found_and_ours_does_not_know_the_network() {
    let Some(library) = std::env::var_os("BUSBAR_TEST_ONNXRUNTIME") else {
        println!("BUSBAR_TEST_ONNXRUNTIME names no library, so ONNX Runtime is not tried");
        return;
    };
    for (model, runtime, name) in [
        ("other", Choice::Auto, "onnxruntime"),
        ("little", Choice::OnnxRuntime, "onnxruntime"),
        ("little", Choice::Auto, "direct"),
    ] {
        check_with(model, runtime, name, Some(library.clone().into())).await;
    }
}
