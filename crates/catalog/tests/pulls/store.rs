//! What is taken for whole, and what is not any more.

use std::{fs, io::Write, path::PathBuf};

use busbar_catalog::{ByteCount, Cancel, Catalog, Entry, Error, Phase, Status};

use crate::support::{Home, Seen, content, entry_with, settings, sha256, size_and_hash};

/// A store with one model in it, pulled from a file beside it.
fn stocked(bytes: &[u8]) -> (Home, Entry, PathBuf) {
    let home = Home::new(settings());
    let entry = entry(&home, bytes);
    let path = home.pull(&entry).unwrap();
    (home, entry, path)
}

fn entry(home: &Home, bytes: &[u8]) -> Entry {
    let original = home.directory.path().join("original");
    fs::write(&original, bytes).unwrap();
    entry_with(&format!("\"file:{}\"", original.display()), &size_and_hash(bytes))
}

fn why(status: &Status) -> &str {
    match status {
        Status::Unusable { why } => why,
        other => panic!("the status is {other:?}"),
    }
}

#[test]
fn a_sound_model_is_verified() {
    let bytes = content(300_000);
    let (home, entry, _) = stocked(&bytes);
    let seen = Seen::default();
    let verified = home.store.verify(&entry, &seen, &Cancel::new()).unwrap();
    assert_eq!(verified.size, ByteCount(300_000));
    assert_eq!(verified.sha256.to_string(), sha256(&bytes));
    assert_eq!(seen.phases(), [Phase::Verifying]);
    assert!(matches!(home.store.status(&entry), Status::Present { .. }));
}

#[test]
fn a_changed_byte_is_found_and_the_model_is_not_used_any_more() {
    let bytes = content(300_000);
    let (home, entry, path) = stocked(&bytes);
    let mut changed = bytes.clone();
    changed[150_000] ^= 1;
    fs::write(&path, &changed).unwrap();

    let error = home
        .store
        .verify(&entry, &Seen::default(), &Cancel::new())
        .unwrap_err();
    let says = error.to_string();
    assert!(
        says.contains(&sha256(&changed)) && says.contains(&sha256(&bytes)),
        "{says}"
    );
    assert!(matches!(home.store.path(&entry), Err(Error::Unusable { .. })));

    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
}

#[test]
fn a_shortened_model_is_not_taken_for_whole_and_is_pulled_again() {
    let bytes = content(300_000);
    let (home, entry, path) = stocked(&bytes);
    fs::write(&path, &bytes[..1000]).unwrap();
    assert_eq!(
        why(&home.store.status(&entry)),
        "it has 1000 bytes, and 300000 were pulled"
    );
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
}

#[test]
fn a_file_that_nobody_verified_is_not_taken_for_whole() {
    let bytes = content(300_000);
    let home = Home::new(settings());
    let entry = entry(&home, &bytes);
    let place = home.directory.path().join("models/m");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("m.gguf"), &bytes).unwrap();
    assert!(why(&home.store.status(&entry)).contains("no record"));
    fs::write(place.join("busbar.toml"), "\u{0}nonsense").unwrap();
    assert!(why(&home.store.status(&entry)).contains("no record"));
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
}

#[test]
fn another_version_in_the_catalog_takes_the_place_of_the_old_one() {
    let (home, old, _) = stocked(&content(300_000));
    let bytes = vec![3; 300_000];
    let new = entry(&home, &bytes);
    assert!(why(&home.store.status(&new)).contains("another version"));
    assert_eq!(fs::read(home.pull(&new).unwrap()).unwrap(), bytes);
    assert!(why(&home.store.status(&old)).contains("another version"));
}

#[test]
fn a_version_under_another_file_name_leaves_nothing_of_the_old_one() {
    let (home, old, path) = stocked(&content(300_000));
    let mut new = old.clone();
    new.file = busbar_catalog::FileName::parse("renamed.gguf").unwrap();
    assert_eq!(home.store.status(&new), Status::Absent);
    home.pull(&new).unwrap();
    assert!(!path.exists());
    assert_eq!(home.store.status(&old), Status::Absent);
}

#[test]
fn removing_frees_the_space_and_leaves_nothing() {
    let (home, entry, _) = stocked(&content(300_000));
    let mut left_over = fs::File::create(home.partial()).unwrap();
    left_over.write_all(&[0; 5000]).unwrap();
    let freed = home.store.remove(&entry).unwrap();
    assert!(
        freed >= ByteCount(305_000) && freed < ByteCount(306_000),
        "{freed:?}"
    );
    assert_eq!(home.files(), ["original"]);
    assert_eq!(home.store.status(&entry), Status::Absent);
    assert_eq!(home.store.remove(&entry).unwrap(), ByteCount(0));
}

#[test]
fn a_sidecar_that_promises_more_than_there_is_is_not_believed() {
    let bytes = content(300_000);
    let home = Home::new(settings());
    let entry = entry(&home, &bytes);
    let place = home.directory.path().join("models/m");
    fs::create_dir_all(&place).unwrap();
    let source = &entry.source.places()[0];
    let sidecar = format!(
        "of = [\"{source}\", \"{}\"]\ncomplete = [300000]\n",
        sha256(&bytes)
    );
    fs::write(place.join("m.gguf.part.toml"), sidecar).unwrap();
    fs::write(home.partial(), &bytes[..1000]).unwrap();
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
}

#[test]
fn a_crash_just_before_the_model_takes_its_name_costs_nothing() {
    let bytes = content(300_000);
    let (home, entry, path) = stocked(&bytes);
    // As a crash between writing the record and renaming the file would leave it.
    fs::rename(&path, home.partial()).unwrap();
    let source = &entry.source.places()[0];
    let sidecar = format!(
        "of = [\"{source}\", \"{}\"]\ncomplete = [300000]\n",
        sha256(&bytes)
    );
    fs::write(home.directory.path().join("models/m/m.gguf.part.toml"), sidecar).unwrap();
    fs::remove_file(home.directory.path().join("original")).unwrap();

    assert_eq!(
        home.store.status(&entry),
        Status::Partial {
            have: ByteCount(300_000)
        }
    );
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), bytes);
}

#[test]
fn a_name_or_a_path_leads_to_the_file() {
    let (home, _, path) = stocked(&content(1000));
    let catalog = Catalog::builtin().unwrap();
    assert_eq!(home.store.locate(&catalog, path.to_str().unwrap()).unwrap(), path);
    let error = home.store.locate(&catalog, "smollm2").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("busbar models pull smollm2-135m-instruct"),
        "{error}"
    );
}
