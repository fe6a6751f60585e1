//! One precedence for every setting: flag, environment, file, default.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{fs, path::PathBuf};

use busbar_config::{
    Config, Environment, Flag, GpuLayers, Loaded, LogFormat, Origin, Origins, Sources, load, template,
};
use tempfile::TempDir;

/// A directory with a configuration file of this text.
fn file(text: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("busbar.toml");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn flag(name: &str, path: &str, value: &str) -> Flag {
    Flag {
        name: name.into(),
        path: path.into(),
        value: value.into(),
    }
}

fn sources(variables: &[(&str, &str)], file: Option<&PathBuf>, flags: &[Flag]) -> Sources {
    let home = [("HOME", "/home/somebody")];
    Sources {
        environment: Environment::from_pairs(home.iter().chain(variables).copied()),
        file: file.cloned(),
        flags: flags.to_vec(),
    }
}

fn loaded(variables: &[(&str, &str)], file: Option<&PathBuf>, flags: &[Flag]) -> Loaded {
    load(&sources(variables, file, flags)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn config(variables: &[(&str, &str)]) -> Config {
    loaded(variables, None, &[]).config
}

#[test]
fn nothing_at_all_gives_the_embedded_default() {
    let config = config(&[]);
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.server.body_limit, 32 * 1024 * 1024);
    assert_eq!(config.tls, None);
    assert_eq!(config.cors.origins, Origins::None);
    assert!(config.models.text.is_empty());
    let engine = config.models.text_engine;
    assert_eq!((engine.sequences, engine.queue, engine.context), (4, 64, None));
    assert_eq!(engine.gpu_layers, GpuLayers::Auto);
    assert!(engine.threads >= 1);
    assert_eq!(config.log.format, LogFormat::Pretty);
    assert_eq!(config.hub.token, None);
}

#[test]
fn each_source_wins_over_the_next() {
    let (_directory, path) =
        file("[server]\nlisten = \"127.0.0.1:1\"\nbody_limit = \"1 MiB\"\ndrain_timeout = \"1s\"\n");
    let variables = [
        ("BUSBAR_SERVER__LISTEN", "127.0.0.1:2"),
        ("BUSBAR_SERVER__BODY_LIMIT", "2 MiB"),
    ];
    let flags = [flag("--listen", "server.listen", "127.0.0.1:3")];
    let loaded = loaded(&variables, Some(&path), &flags);
    let server = &loaded.config.server;
    assert_eq!(server.listen.port(), 3);
    assert_eq!(server.body_limit, 2 * 1024 * 1024);
    assert_eq!(server.drain_timeout.as_secs(), 1);
    let origin = |path: &str| {
        loaded
            .shown
            .iter()
            .find(|shown| shown.path == path)
            .unwrap()
            .origin
            .clone()
    };
    assert_eq!(origin("server.listen"), Origin::Flag("--listen".into()));
    assert_eq!(
        origin("server.body_limit"),
        Origin::Environment("BUSBAR_SERVER__BODY_LIMIT".into())
    );
    assert_eq!(origin("server.drain_timeout"), Origin::File(path));
    assert_eq!(origin("server.request_timeout"), Origin::Default);
}

#[test]
fn our_own_name_of_a_variable_wins_over_the_common_one() {
    let filter = |variables: &[(&str, &str)]| config(variables).log.filter;
    assert_eq!(filter(&[("RUST_LOG", "trace")]), "trace");
    assert_eq!(filter(&[("RUST_LOG", "trace"), ("BUSBAR_LOG", "warn")]), "warn");
    assert_eq!(
        filter(&[("BUSBAR_LOG", "warn"), ("BUSBAR_LOG__FILTER", "error")]),
        "error"
    );
}

#[test]
fn a_bare_port_is_this_machine_only() {
    for text in ["9000", ":9000", "localhost:9000"] {
        assert_eq!(
            config(&[("BUSBAR_LISTEN", text)]).server.listen.to_string(),
            "127.0.0.1:9000"
        );
    }
    assert_eq!(
        config(&[("BUSBAR_LISTEN", "0.0.0.0:9000")])
            .server
            .listen
            .to_string(),
        "0.0.0.0:9000"
    );
}

#[test]
fn a_model_takes_from_the_text_section_what_it_leaves_open() {
    let (_directory, path) = file(
        "[text]\nthreads = 3\nqueue = 9\n[models]\ntext = [\"first\", { id = \"second\", threads = 5, context = 512 }]\n",
    );
    let models = loaded(&[("BUSBAR_TEXT__QUEUE", "11")], Some(&path), &[])
        .config
        .models;
    let [first, second] = &*models.text else {
        panic!("{models:?}")
    };
    assert_eq!(
        (first.engine.threads, first.engine.queue, first.engine.context),
        (3, 11, None)
    );
    assert_eq!(
        (second.engine.threads, second.engine.queue, second.engine.context),
        (5, 11, Some(512))
    );
}

#[test]
fn the_environment_may_list_models() {
    let models = config(&[("BUSBAR_MODELS", "a, b")]).models;
    let ids: Vec<_> = models.text.iter().map(|model| &*model.id).collect();
    assert_eq!(ids, ["a", "b"]);
}

#[test]
fn home_is_the_variable_or_the_platforms_directory() {
    assert_eq!(
        config(&[("BUSBAR_HOME", "/data/bb")]).storage.home,
        PathBuf::from("/data/bb")
    );
    assert_eq!(
        config(&[("BUSBAR_HOME", "~/bb")]).storage.home,
        PathBuf::from("/home/somebody/bb")
    );
    let default = config(&[]).storage.home;
    assert!(
        default.starts_with("/home/somebody") && default.ends_with("busbar"),
        "{default:?}"
    );
}

#[test]
fn the_hubs_variables_are_read_and_its_token_shows_nowhere() {
    let loaded = loaded(
        &[("HF_ENDPOINT", "https://mirror.example/"), ("HF_TOKEN", "hf_abc")],
        None,
        &[],
    );
    let hub = &loaded.config.hub;
    assert_eq!(hub.endpoint, "https://mirror.example");
    assert_eq!(hub.token.as_ref().unwrap().expose(), "hf_abc");
    let everything = format!("{loaded:?} {:?}", loaded.shown);
    assert!(!everything.contains("hf_abc"), "{everything}");
}

#[test]
fn the_template_changes_nothing() {
    let (_directory, path) = file(&template());
    assert_eq!(loaded(&[], Some(&path), &[]).config, config(&[]));
}

#[test]
fn a_variable_that_is_nearly_ours_is_warned_about() {
    let variables = [
        ("BUSBAR_SEVER__LISTEN", "x"),
        ("BUSBAR_QZXW", "y"),
        ("PATH", "/bin"),
    ];
    let warnings = loaded(&variables, None, &[]).warnings;
    assert_eq!(
        warnings,
        [
            "the environment variable BUSBAR_QZXW means nothing to Busbar",
            "the environment variable BUSBAR_SEVER__LISTEN means nothing to Busbar; did you mean BUSBAR_SERVER__LISTEN?",
        ]
    );
}
