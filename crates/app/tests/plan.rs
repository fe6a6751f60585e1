//! From a configuration to the models that are to be run.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, path::Path};

use busbar_app::{Plan, Shelf};
use busbar_config::{Config, Environment, Flag, Sources, load};
use tempfile::TempDir;

/// A configuration in a home of its own, with these settings.
fn config(home: &Path, settings: &[(&str, &str)]) -> Config {
    let flag = |(path, value): &(&str, &str)| Flag {
        name: "--set".into(),
        path: (*path).into(),
        value: (*value).into(),
    };
    let sources = Sources {
        environment: Environment::from_pairs([("HOME", home.to_str().unwrap())]),
        file: None,
        flags: settings.iter().map(flag).collect(),
    };
    load(&sources).unwrap().config
}

fn all(config: &Config) -> Result<Vec<Plan>, String> {
    Plan::all(config, &Shelf::open(config).unwrap()).map_err(|error| error.to_string())
}

/// A catalog whose one model comes from a file beside it, pulled.
fn pulled(home: &Path) -> String {
    fs::write(home.join("weights.gguf"), b"weights").unwrap();
    let catalog = home.join("catalog.toml");
    let entry = "[[model]]\nname = \"own\"\ntitle = \"Own\"\nkind = \"text\"\nformat = \"gguf\"\ndefault = true\n\
        file = \"own.gguf\"\nsource = \"file:weights.gguf\"\n[model.licence]\nname = \"MIT\"\nurl = \"https://example.com\"\n";
    fs::write(&catalog, entry).unwrap();
    let catalog = catalog.to_str().unwrap().to_owned();
    let shelf = Shelf::open(&config(home, &[("models.catalog", &catalog)])).unwrap();
    let entry = shelf.catalog.entry("own").unwrap();
    shelf
        .store
        .pull(entry, &busbar_catalog::Silent, &busbar_catalog::Cancel::new())
        .unwrap();
    catalog
}

#[test]
fn without_a_list_the_catalogs_default_is_served() {
    let home = TempDir::new().unwrap();
    let catalog = pulled(home.path());
    let plans = all(&config(home.path(), &[("models.catalog", &catalog)])).unwrap();
    let [plan] = &*plans else { panic!("{plans:?}") };
    assert_eq!(
        (plan.id.as_str(), &*plan.licence, plan.catalog_name.as_deref()),
        ("own", "MIT", Some("own"))
    );
    assert!(plan.path.is_file());
}

#[test]
fn the_default_comes_first_and_each_model_has_its_settings() {
    let home = TempDir::new().unwrap();
    let catalog = pulled(home.path());
    let file = home.path().join("weights.gguf");
    let text = format!("mine={},own", file.display());
    let settings = [
        ("models.catalog", &*catalog),
        ("models.text", &text),
        ("models.default", "own"),
        ("text.threads", "3"),
    ];
    let plans = all(&config(home.path(), &settings)).unwrap();
    let ids: Vec<_> = plans.iter().map(|plan| plan.id.as_str()).collect();
    assert_eq!(ids, ["own", "mine"]);
    assert_eq!((&plans[1].path, plans[1].engine.threads), (&file, 3));
}

#[test]
fn all_models_that_are_missing_are_named_at_once_with_the_command_that_fetches_them() {
    let home = TempDir::new().unwrap();
    let said = all(&config(
        home.path(),
        &[("models.text", "smollm2,gemma-3-270m,nonsense")],
    ))
    .unwrap_err();
    for part in [
        "busbar models pull smollm2-135m-instruct",
        "busbar models pull gemma-3-270m",
        "'nonsense'",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    let said = all(&config(home.path(), &[("models.text", "gemma-3-270m")])).unwrap_err();
    assert!(!said.contains('\n'), "one alone reads as a line: {said}");
}

#[test]
fn a_command_may_name_a_file_or_a_model_that_is_not_listed() {
    let home = TempDir::new().unwrap();
    let catalog = pulled(home.path());
    let config = config(home.path(), &[("models.catalog", &catalog)]);
    let shelf = Shelf::open(&config).unwrap();
    let file = home.path().join("weights.gguf");
    let plan = Plan::one(&config, &shelf, file.to_str()).unwrap();
    assert_eq!((plan.id.as_str(), &plan.path), ("weights", &file));
    assert_eq!(
        Plan::one(&config, &shelf, Some("own")).unwrap().id.as_str(),
        "own"
    );
    assert!(Plan::one(&config, &shelf, Some("nothing")).is_err());
}
