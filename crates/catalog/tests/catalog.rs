//! The list of models: what is compiled in, what a user adds, and what is wrong with either.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare its stage has failed"
)]

use std::{fs, path::Path};

use busbar_catalog::{Catalog, Entry, Error, Kind, Wanted};

fn user_file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, text).unwrap();
    file
}

fn extended(text: &str) -> Result<Catalog, Error> {
    Catalog::builtin().unwrap().extended_by(user_file(text))
}

/// The faults of a user's file, as `where: what`.
fn faults(text: &str) -> Vec<String> {
    match extended(text) {
        Err(Error::Catalog { faults, .. }) => faults.iter().map(ToString::to_string).collect(),
        Err(other) => vec![format!("another error: {other}")],
        Ok(_) => Vec::new(),
    }
}

const SOUND: &str = "[[model]]\nname = \"mine\"\ntitle = \"Mine\"\nkind = \"text\"\nformat = \"gguf\"\n\
                     file = \"mine.gguf\"\nsource = \"file:mine.gguf\"\n\
                     licence = { name = \"MIT\", url = \"https://example.com/mit\" }\n";

#[test]
fn the_catalog_compiled_in_is_sound() {
    let catalog = Catalog::builtin().unwrap();
    let names: Vec<&str> = catalog
        .entries()
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    for family in ["smollm2", "gemma", "falcon", "qwen", "llama", "mistral"] {
        assert!(
            names.iter().any(|name| name.starts_with(family)),
            "no {family} among {names:?}"
        );
    }
}

#[test]
fn the_files_of_a_folder_are_those_of_its_repository() {
    let catalog = Catalog::builtin().unwrap();
    let entry = catalog.entry("sd-turbo").unwrap();
    assert_eq!(entry.kind, Kind::Image);
    // The file that says what the model is comes last, and vouches for the others.
    let last = "hf:stabilityai/sd-turbo/model_index.json";
    assert_eq!(entry.source.places(), [last]);
    assert_eq!(entry.folder.len(), 12);
}

#[test]
fn the_default_text_model_needs_a_package_index_only() {
    let catalog = Catalog::builtin().unwrap();
    let default = catalog.default_of(Kind::Text).unwrap();
    assert_eq!(default.name.as_str(), "smollm2-135m-instruct");
    assert!(
        default
            .source
            .places()
            .iter()
            .all(|place| place.starts_with("pypi:"))
    );
    assert!(default.size.is_some() && default.sha256.is_some());
    assert!(catalog.default_of(Kind::Image).is_none());
}

#[test]
fn the_base_model_says_that_it_is_one() {
    let catalog = Catalog::builtin().unwrap();
    let gemma = catalog.entry("gemma-3-270m").unwrap();
    assert!(gemma.title.contains("base model"));
    assert!(
        gemma
            .licence
            .to_string()
            .contains("Gemma Terms of Use found at ai.google.dev/gemma/terms")
    );
}

#[test]
fn a_model_goes_by_its_name_and_its_aliases_in_any_case() {
    let catalog = Catalog::builtin().unwrap();
    for name in ["smollm2-135m-instruct", "smollm2", "SmolLM2"] {
        assert_eq!(
            catalog.entry(name).unwrap().name.as_str(),
            "smollm2-135m-instruct"
        );
    }
}

#[test]
fn an_unknown_name_is_answered_with_its_likes_or_with_all() {
    let catalog = Catalog::builtin().unwrap();
    let near = catalog.entry("llama-4").unwrap_err().to_string();
    assert!(
        near.contains("did you mean llama-3.2-3b-instruct or llama-3.1-8b-instruct?"),
        "{near}"
    );
    let far = catalog.entry("zzz").unwrap_err().to_string();
    assert!(far.contains("smollm2-135m-instruct, gemma-3-270m"), "{far}");
}

#[test]
fn a_name_comes_before_a_file_and_a_path_is_a_file() {
    let catalog = Catalog::builtin().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("some.bin");
    fs::write(&file, "model").unwrap();

    assert!(matches!(catalog.resolve("smollm2"), Ok(Wanted::Entry(_))));
    let found = catalog.resolve(file.to_str().unwrap());
    assert!(matches!(found, Ok(Wanted::File(path)) if path == file));
    let missing = catalog.resolve("models/none.gguf");
    assert!(matches!(missing, Err(Error::NoFile(path)) if path == Path::new("models/none.gguf")));
    assert!(matches!(catalog.resolve("none.gguf"), Err(Error::NoFile(_))));
    assert!(matches!(catalog.resolve("none"), Err(Error::Unknown { .. })));
}

#[test]
fn a_users_file_adds_models() {
    let catalog = extended(SOUND).unwrap();
    assert_eq!(catalog.entry("mine").unwrap().title, "Mine");
    assert!(catalog.entry("smollm2").is_ok());
}

#[test]
fn a_users_model_takes_the_place_of_its_namesake() {
    let catalog = extended(&SOUND.replace("\"mine\"", "\"gemma-3-270m\"")).unwrap();
    assert_eq!(catalog.entry("gemma-3-270m").unwrap().title, "Mine");
    assert_eq!(
        catalog.entries().len(),
        Catalog::builtin().unwrap().entries().len()
    );
}

#[test]
fn a_users_default_takes_over() {
    let catalog = extended(&SOUND.replace("file =", "default = true\nfile =")).unwrap();
    assert_eq!(catalog.default_of(Kind::Text).unwrap().name.as_str(), "mine");
    let of_its_kind = |entry: &&Entry| entry.default && entry.kind == Kind::Text;
    assert_eq!(catalog.entries().iter().filter(of_its_kind).count(), 1);
    assert!(
        catalog.default_of(Kind::Vision).is_some(),
        "other kinds keep theirs"
    );
}

#[test]
fn the_default_vision_model_needs_a_package_index_only() {
    let catalog = Catalog::builtin().unwrap();
    let default = catalog.default_of(Kind::Vision).unwrap();
    assert_eq!(default.name.as_str(), "efficientnet-lite0");
    assert!(
        default
            .source
            .places()
            .iter()
            .all(|place| place.starts_with("pypi:"))
    );
    assert!(default.size.is_some() && default.sha256.is_some());
}

#[test]
fn a_relative_file_starts_where_its_catalog_lies() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("catalog.toml");
    fs::write(&file, SOUND).unwrap();
    let catalog = Catalog::builtin().unwrap().extended_by(&file).unwrap();
    let expected = format!("file:{}", directory.path().join("mine.gguf").display());
    assert_eq!(catalog.entry("mine").unwrap().source.places(), [expected]);
}

#[test]
fn a_sound_file_has_no_fault() {
    assert_eq!(faults(SOUND), [""; 0]);
    assert_eq!(faults(""), [""; 0]);
}

#[test]
fn every_fault_is_reported_at_once() {
    let faults = faults(
        "[[model]]\nname = \"Upper\"\naliases = [\"ok\", \"no good\"]\ntitle = \" \"\nkind = \"text\"\n\
         format = \"gguf\"\nfile = \"../../up.gguf\"\nsize = 0\nsha256 = \"abc\"\n\
         source = [\"pypi:a==1/x\", \"gopher:x\"]\ncontext_window = 0\n\
         licence = { name = \"MIT\", url = \"http://example.com\" }\n\
         [[model]]\nname = \"second\"\ntitle = 3\n",
    );
    let expected = [
        "model[0] (Upper).name: may have lower-case",
        "model[0] (Upper).aliases[1]: may have lower-case",
        "model[0] (Upper).title: is empty",
        "model[0] (Upper).file: may have letters",
        "model[0] (Upper).size: must be more than 0",
        "model[0] (Upper).sha256: must be 64 hexadecimal digits",
        "model[0] (Upper).source: 'gopher:' is none of hf:, pypi:, https:, http:, file:",
        "model[0] (Upper).licence: needs a url that starts with https://",
        "model[0] (Upper).context_window: must be more than 0",
        "model[1] (second): ",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, start) in faults.iter().zip(expected) {
        assert!(
            fault.starts_with(start),
            "{fault:?} does not start with {start:?}"
        );
    }
}

#[test]
fn a_misspelt_key_is_a_fault() {
    let wrong = faults(&SOUND.replace("title", "titel"));
    assert!(wrong[0].contains("titel"), "{wrong:?}");
    let wrong = faults(&SOUND.replace("[[model]]", "[[models]]"));
    assert!(wrong[0].contains("unknown key 'models'"), "{wrong:?}");
    let wrong = faults(&SOUND.replace("[[model]]", "[model]"));
    assert!(wrong[0].contains("write [[model]]"), "{wrong:?}");
    let wrong = faults("[[model]\n");
    assert!(
        wrong[0].starts_with("the file: TOML parse error at line 1"),
        "{wrong:?}"
    );
}

#[test]
fn two_models_share_no_name() {
    let alias = faults(&SOUND.replace("title", "aliases = [\"falcon\"]\ntitle"));
    assert_eq!(
        alias,
        ["mine: the name 'falcon' is also one of falcon-7b-instruct's"]
    );
    let twice = faults(&format!("{SOUND}{SOUND}"));
    assert_eq!(twice, ["mine: the name 'mine' is also one of mine's"]);
    let own = faults(&SOUND.replace("title", "aliases = [\"a\", \"a\"]\ntitle"));
    assert_eq!(own, ["mine.aliases: 'a' is there twice"]);
}

#[test]
fn a_place_that_could_lead_elsewhere_is_refused() {
    for place in [
        "pypi:a==1/../../etc/passwd",
        "pypi:a==1//etc/passwd",
        "pypi:--index-url==1/x",
        "pypi:a==1 --pre/x",
        "pypi:a/x",
        "hf:owner/repo",
        "hf:owner/../repo/x.gguf",
        "hf:owner/repo/x.gguf?download=true",
        "hf:owner/repo/x.gguf@../main",
        "hf:ow ner/repo/x.gguf",
        "https:/nohost",
        "http://example.com/x.gguf",
        "https://user:secret@example.com/x.gguf",
        "file:",
        "x.gguf",
    ] {
        let found = faults(&SOUND.replace("file:mine.gguf", place));
        assert_eq!(found.len(), 1, "{place} was let through: {found:?}");
        assert!(
            found[0].starts_with("model[0] (mine).source: "),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Catalog::builtin()
        .unwrap()
        .extended_by("nowhere/catalog.toml")
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("could not read the catalog nowhere/catalog.toml"),
        "{error}"
    );
}
