//! Who answers a request that names no model.

use std::fs;

use busbar_config::{Environment, Sources, load};
use tempfile::TempDir;

use super::{Kept, Role, Wanted};
use crate::{Plan, Shelf};

const PROVIDER: &str = "[[providers]]\nname = \"far\"\nkind = \"openai-compatible\"\nendpoint = \"http://127.0.0.1:9\"\n\
    [[providers.models]]\nid = \"first\"\n[[providers.models]]\nid = \"second\"\n";
const ROUTE: &str = "[[routes]]\nname = \"both\"\n[[routes.tiers]]\ntargets = [\"first\", \"second\"]\n";

fn config(home: &TempDir, text: &str) -> busbar_config::Config {
    let file = home.path().join("busbar.toml");
    fs::write(&file, text).unwrap();
    let sources = Sources {
        environment: Environment::from_pairs([("HOME", home.path().to_str().unwrap())]),
        file: Some(file),
        flags: Vec::new(),
    };
    load(&sources).unwrap().config
}

/// The name that a request without one gets, of providers' models and routes; or what is wrong.
fn default(models: &str) -> Result<Option<String>, String> {
    let home = TempDir::new().unwrap();
    let config = config(&home, &format!("[models]\n{models}\n{PROVIDER}{ROUTE}"));
    let wanted = Wanted::of(&config, &Kept::nothing(Role::All)).map_err(|error| error.to_string())?;
    let placed: Vec<_> = wanted.hosted.models().collect();
    let models = wanted.routes.models(&placed);
    Ok(models.default_id().map(|id| id.as_str().to_owned()))
}

#[test]
fn the_default_may_be_a_model_of_a_provider_or_a_route() {
    for (setting, meant) in [
        ("default = \"first\"", "first"),
        ("default = \"second\"", "second"),
        ("default = \"both\"", "both"),
    ] {
        assert_eq!(default(setting), Ok(Some(meant.to_owned())), "{setting}");
    }
}

#[test]
fn a_default_that_is_nothing_is_refused_and_says_what_there_is() {
    assert_eq!(
        default("default = \"secnd\"").unwrap_err(),
        "models.default: no model and no route is called `secnd`; did you mean `second`?"
    );
    let said = default("default = \"wholly-other\"").unwrap_err();
    assert!(said.contains("there are: "), "{said}");
    for name in ["both", "first", "second"] {
        assert!(said.contains(name), "{name} is not in: {said}");
    }
}

#[test]
fn a_default_elsewhere_leaves_the_models_of_this_machine_as_they_are() {
    let home = TempDir::new().unwrap();
    let weights = home.path().join("weights.gguf");
    fs::write(&weights, b"weights").unwrap();
    let models = format!(
        "[models]\ntext = [{{ id = \"mine\", path = \"{}\" }}]\ndefault = \"second\"\n{PROVIDER}",
        weights.display()
    );
    let config = config(&home, &models);
    let shelf = Shelf::open(&config).unwrap();
    let plans = Plan::all(&config, &shelf).unwrap();
    assert_eq!(plans.len(), 1);
    let own = Plan::one(&config, &shelf, None).unwrap();
    assert_eq!(own.id.as_str(), "mine", "a command here runs what is here");
    assert!(Wanted::of(&config, &Kept::nothing(Role::All)).is_ok());
}
