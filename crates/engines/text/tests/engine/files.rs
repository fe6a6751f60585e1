//! Model files that are damaged are errors, not crashes.

use std::{fs, sync::Arc};

use busbar_core::ErrorKind;
use busbar_engine_text::{TextEngine, TextEngineConfig};

use crate::support::{RealClock, SMOLLM2, model_file};

fn load(bytes: &[u8], name: &str) -> busbar_core::Result<TextEngine> {
    let path = std::env::temp_dir().join(format!("busbar-{}-{name}.gguf", std::process::id()));
    fs::write(&path, bytes).unwrap();
    let loaded = TextEngine::load(
        &TextEngineConfig::new(name.into(), path.clone()),
        Arc::new(RealClock),
    );
    fs::remove_file(&path).unwrap();
    loaded
}

#[test]
fn damaged_files_are_refused_with_a_reason() {
    let whole = fs::read(model_file(SMOLLM2)).unwrap();
    let mut scrambled = whole[..2_000_000].to_vec();
    scrambled[24..1000].fill(0xff);
    let cases: [(&str, &[u8]); 5] = [
        ("empty", &[]),
        ("html", b"<html>404 not found</html>"),
        ("half", &whole[..whole.len() / 2]),
        ("short", &whole[..whole.len() - 4096]),
        ("scrambled", &scrambled),
    ];
    for (name, bytes) in cases {
        let error = load(bytes, name)
            .err()
            .unwrap_or_else(|| panic!("{name} was loaded"));
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{name}: {error}");
        assert!(
            error.message().contains(&format!("{name}.gguf")),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let config = TextEngineConfig::new("gone".into(), "/nowhere/gone.gguf".into());
    let error = TextEngine::load(&config, Arc::new(RealClock)).err().unwrap();
    assert!(error.message().contains("/nowhere/gone.gguf"), "{error}");
}
