//! Models that are pulled by their place instead of a name: which file is meant, and what is remembered.

use std::fs;

use busbar_catalog::{Cancel, Catalog, Entry, Error, Hub, Result, Settings, Silent, Wanted};

use crate::support::{
    Home, content, settings, sha256,
    site::{Answer, Site},
};

/// A hub with one repository that has these files, all of the same content.
fn hub(files: &'static [&'static str], card: &'static str) -> Site {
    let bytes = content(1000);
    let siblings: Vec<String> = files
        .iter()
        .map(|file| {
            let sha256 = sha256(&bytes);
            format!(r#"{{"rfilename":"{file}","size":1000,"lfs":{{"sha256":"{sha256}","size":1000}}}}"#)
        })
        .collect();
    let listing = format!(r#"{{"cardData":{card},"siblings":[{}]}}"#, siblings.join(","));
    Site::start(move |asked, _| match asked.path.as_str() {
        "/api/models/o/r/revision/main?blobs=true" => Answer {
            body: listing.clone().into_bytes(),
            ..Answer::status(200)
        }
        .with("content-type", "application/json"),
        path if path.starts_with("/o/r/resolve/main/") => Answer::file(asked, &bytes, "\"v1\""),
        _ => Answer::status(404),
    })
}

fn home_of(site: &Site) -> Home {
    let hub = Hub::new(&site.address, None).unwrap();
    Home::new(Settings { hub, ..settings() })
}

fn catalog(home: &Home) -> Catalog {
    Catalog::builtin().unwrap().with_pulled(&home.store).unwrap()
}

fn at(home: &Home, place: &str, name: Option<&str>) -> Result<Entry> {
    let found = home.store.at(&catalog(home), place, name, &Cancel::new())?;
    Ok(found.unwrap())
}

fn pull(home: &Home, entry: &Entry) {
    home.pull(entry).unwrap();
    home.store.remember(entry, &Silent, &Cancel::new()).unwrap();
}

const THREE: &[&str] = &[
    "README.md",
    "M-Q4_K_M.gguf",
    "M-Q8_0.gguf",
    "M-F16-00001-of-00002.gguf",
    "M-F16-00002-of-00002.gguf",
    "mmproj-M.gguf",
];

#[test]
fn a_pulled_place_has_a_name_from_then_on() {
    let site = hub(THREE, r#"{"license":"apache-2.0"}"#);
    let home = home_of(&site);
    let entry = at(&home, "hf:o/r:q8_0", None).unwrap();
    assert_eq!(entry.name.as_str(), "m-q8_0");
    assert_eq!(entry.licence.name, "apache-2.0");
    assert_eq!(entry.licence.url, format!("{}/o/r", site.address));
    pull(&home, &entry);

    let later = catalog(&home);
    for called in ["m-q8_0", "hf:o/r:Q8_0", "hf:o/r/M-Q8_0.gguf"] {
        let Wanted::Entry(found) = later.resolve(called).unwrap() else {
            unreachable!("{called} is no file")
        };
        assert_eq!(home.store.path(found).unwrap(), home.store.path(&entry).unwrap());
    }
    assert_eq!(at(&home, "hf:o/r:Q8_0", None).unwrap().name, entry.name);
}

#[test]
fn of_several_files_the_usual_one_is_taken_and_else_it_is_asked() {
    let site = hub(THREE, "{}");
    let home = home_of(&site);
    assert_eq!(at(&home, "hf:o/r", None).unwrap().file.as_str(), "M-Q4_K_M.gguf");
    let error = at(&home, "hf:o/r:Q5_0", None).unwrap_err().to_string();
    assert!(error.contains("it has M-Q4_K_M.gguf, M-Q8_0.gguf"), "{error}");

    let home = home_of(&hub(&["A-Q8_0.gguf", "B-Q8_0.gguf"], "{}"));
    let error = at(&home, "hf:o/r", None).unwrap_err().to_string();
    assert!(error.contains("name one of A-Q8_0.gguf, B-Q8_0.gguf"), "{error}");
}

#[test]
fn terms_that_the_hub_does_not_know_are_said_to_be_unknown() {
    for (card, licence) in [
        ("null", "not said; see its page"),
        (r#"{"license":["mit","apache-2.0"]}"#, "not said; see its page"),
        (r#"{"license":"other","license_name":"llama3.2"}"#, "llama3.2"),
    ] {
        let site = hub(THREE, card);
        let entry = at(&home_of(&site), "hf:o/r", None).unwrap();
        assert_eq!(entry.licence.name, licence, "{card}");
    }
}

#[test]
fn what_is_no_model_of_one_file_is_refused_before_anything_is_fetched() {
    let site = hub(THREE, "{}");
    let home = home_of(&site);
    for (place, says) in [
        ("hf:o/r/README.md", "catalog of your own"),
        ("hf:o/r/M-F16-00001-of-00002.gguf", "part of a model"),
        ("https://example.com/m.gguf?token=x", "without '?'"),
        ("http://example.com/m.gguf", "https"),
    ] {
        let error = at(&home, place, None).unwrap_err().to_string();
        assert!(error.contains(says), "{place}: {error}");
    }
    assert!(site.asked().is_empty());
}

#[test]
fn a_name_is_never_given_to_two_models() {
    let site = hub(&["SmolLM2.gguf", "Other.gguf"], "{}");
    let home = home_of(&site);
    let error = at(&home, "hf:o/r/SmolLM2.gguf", None).unwrap_err();
    assert!(matches!(error, Error::Taken { .. }), "{error}");
    let entry = at(&home, "hf:o/r/SmolLM2.gguf", Some("mine")).unwrap();
    pull(&home, &entry);
    let error = at(&home, "hf:o/r/Other.gguf", Some("mine")).unwrap_err();
    assert!(matches!(error, Error::Taken { .. }), "{error}");
    let error = at(&home, "hf:o/r/Other.gguf", Some("No Name"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("lower-case"), "{error}");
}

#[test]
fn a_web_address_is_a_place_and_a_forgotten_one_is_pulled_again() {
    let bytes = content(1000);
    let site = Site::start(move |asked, _| Answer::file(asked, &bytes, "\"v1\""));
    let home = Home::new(settings());
    let place = format!("{}/models/Tiny.gguf", site.address);
    let entry = at(&home, &place, None).unwrap();
    assert_eq!(entry.name.as_str(), "tiny");
    pull(&home, &entry);
    assert!(catalog(&home).resolve(&place).is_ok());

    home.store.remove(&entry).unwrap();
    home.store.forget(&entry.name, &Silent, &Cancel::new()).unwrap();
    let error = catalog(&home).resolve(&place).unwrap_err();
    assert!(matches!(error, Error::PlaceNotPulled(_)), "{error}");
    assert!(catalog(&home).entry("tiny").is_err());
}

#[test]
fn a_list_that_somebody_has_spoilt_is_named_and_left_alone() {
    let home = Home::new(settings());
    let models = home.directory.path().join("models");
    fs::create_dir_all(&models).unwrap();
    fs::write(models.join(".pulled.toml"), "not toml").unwrap();
    let error = Catalog::builtin().unwrap().with_pulled(&home.store).unwrap_err();
    assert!(error.to_string().contains(".pulled.toml"), "{error}");
}
