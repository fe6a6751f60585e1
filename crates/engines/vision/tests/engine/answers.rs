//! Real models say what is on real photos.
//!
//! EfficientNet-Lite0 is pulled as `busbar models pull` does it. The photos and MobileNetV2 lie beside
//! the repository (`../shared/models`, or where `BUSBAR_TEST_MODELS` says); without them it is said
//! that nothing was compared, and the small networks of the fixtures remain.

use std::{collections::BTreeMap, path::PathBuf};

use busbar_catalog::{Cancel, Catalog, Silent, Store};
use busbar_core::{ModelId, Picture};
use busbar_engine_vision::{Description, VisionEngineConfig, runtime::Choice};

use crate::support::{ask, bytes, load};

/// How far a score may lie from the published one.
const CLOSE: f32 = 0.02;

/// The folder of MobileNetV2 and the two photos, where it is.
fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("BUSBAR_TEST_MODELS").map(PathBuf::from);
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/models");
    let folder = named.unwrap_or_else(beside).join("mobilenet-v2");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("the real photos are not here, so nothing is compared with them: see BUSBAR_TEST_MODELS");
    None
}

fn photo(name: &str) -> Option<Picture> {
    let file = std::fs::read(shared()?.join(name)).unwrap();
    Some(Picture::Encoded(file.into()))
}

/// The default model. Pulled if it is not here yet.
fn efficientnet() -> PathBuf {
    let home = std::env::var_os("BUSBAR_HOME").map_or_else(default_home, PathBuf::from);
    let catalog = Catalog::builtin().unwrap();
    let entry = catalog.entry("efficientnet-lite0").unwrap();
    Store::new(home).pull(entry, &Silent, &Cancel::new()).unwrap()
}

fn default_home() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").expect("there is a home directory"));
    if cfg!(target_os = "macos") {
        return home.join("Library/Application Support/busbar");
    }
    std::env::var_os("XDG_DATA_HOME")
        .map_or_else(|| home.join(".local/share"), PathBuf::from)
        .join("busbar")
}

async fn check(config: &VisionEngineConfig, expected: &[(&str, &[(&str, f32)])]) {
    for runtime in [Choice::Direct, Choice::Rten] {
        let engine = load(&VisionEngineConfig {
            runtime,
            ..config.clone()
        })
        .unwrap();
        for (name, expected) in expected {
            let Some(photo) = photo(name) else { return };
            let answer = ask(&engine, photo).await;
            for (found, (label, score)) in answer.sights[0].predictions.iter().zip(*expected) {
                assert_eq!(&found.label, label, "{name} on {runtime:?}");
                assert!(
                    (found.score - score).abs() < CLOSE,
                    "{found:?} instead of {score}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_default_model_knows_a_cat_and_a_bird() {
    let description = Description::built_in("efficientnet-lite0").unwrap().unwrap();
    let config = VisionEngineConfig::new(ModelId::new("efficientnet-lite0"), efficientnet(), description);
    check(
        &config,
        &[
            (
                "cat.bmp",
                &[("Egyptian cat", 0.516), ("tiger cat", 0.160), ("tabby", 0.154)],
            ),
            ("bird.bmp", &[("chickadee", 0.900)]),
        ],
    )
    .await;
}

/// As it was published: stretched to its size, scores made by the model.
fn mobilenet() -> Option<VisionEngineConfig> {
    let mut description = Description::built_in("mobilenet-v2").unwrap().unwrap();
    description.resize = busbar_engine_vision::description::Resize::Stretch {
        filter: busbar_engine_vision::picture::Filter::Bilinear,
    };
    description.softmax = false;
    let path = shared()?.join("mobilenet_v2_1.0_224.onnx");
    Some(VisionEngineConfig::new(
        ModelId::new("mobilenet-v2"),
        path,
        description,
    ))
}

#[tokio::test]
async fn mobilenet_knows_a_cat_and_a_bird() {
    let Some(config) = mobilenet() else { return };
    check(
        &config,
        &[
            ("cat.bmp", &[("Egyptian cat", 0.778), ("tabby", 0.115)]),
            ("bird.bmp", &[("chickadee", 0.981)]),
        ],
    )
    .await;
}

#[tokio::test]
async fn mobilenet_agrees_with_onnx_runtime_in_every_class_that_is_likely() {
    let Some(config) = mobilenet() else { return };
    let expected: BTreeMap<String, Vec<(usize, f32)>> =
        serde_json::from_slice(&bytes("mobilenet-v2.json")).unwrap();
    for runtime in [Choice::Direct, Choice::Rten] {
        let engine = load(&VisionEngineConfig {
            runtime,
            ..config.clone()
        })
        .unwrap();
        for (name, expected) in &expected {
            let answer = ask(&engine, photo(&format!("{name}.bmp")).unwrap()).await;
            for (found, (index, score)) in answer.sights[0].predictions.iter().zip(expected) {
                assert_eq!(found.index, *index, "{name} on {runtime:?}");
                assert!((found.score - score).abs() < 1e-4, "{found:?} instead of {score}");
            }
        }
    }
}
