//! Files that are on this machine already.

use std::{fs, path::Path};

use busbar_catalog::{ByteCount, Cancel, Error, Progress, Status};

use crate::support::{Home, Hook, content, entry_with, settings, size_and_hash};

fn source(path: &Path) -> String {
    format!("\"file:{}\"", path.display())
}

#[test]
fn a_file_is_copied_and_the_original_stays() {
    let home = Home::new(settings());
    let original = home.directory.path().join("original");
    let bytes = content(300_000);
    fs::write(&original, &bytes).unwrap();
    let path = home
        .pull(&entry_with(&source(&original), &size_and_hash(&bytes)))
        .unwrap();
    assert_eq!(fs::read(path).unwrap(), bytes);
    assert_eq!(fs::read(original).unwrap(), bytes);
}

#[test]
fn a_missing_file_and_a_directory_are_refused() {
    let home = Home::new(settings());
    let missing = home
        .pull(&entry_with("\"file:/nowhere/m.gguf\"", ""))
        .unwrap_err();
    assert!(matches!(missing, Error::Gone { .. }), "{missing}");
    let directory = home
        .pull(&entry_with(&source(home.directory.path()), ""))
        .unwrap_err();
    assert!(directory.to_string().contains("it is no file"), "{directory}");
}

#[test]
fn a_copy_goes_on_where_it_stopped_unless_the_original_has_changed() {
    let home = Home::new(settings());
    let original = home.directory.path().join("original");
    let (old, new) = (content(2_000_000), vec![7; 2_000_000]);
    fs::write(&original, &old).unwrap();
    let entry = entry_with(&source(&original), "");
    let stopped_half_way = || {
        let cancel = Cancel::new();
        let stop = Hook(|progress: Progress| {
            if progress.done > ByteCount(1_000_000) {
                cancel.cancel();
            }
        });
        let result = home.store.pull(&entry, &stop, &cancel);
        assert!(matches!(result, Err(Error::Cancelled)));
        assert!(matches!(home.store.status(&entry), Status::Partial { .. }));
    };

    stopped_half_way();
    // If the copy went on from here, this would be in it.
    let mut marked = fs::read(home.partial()).unwrap();
    marked[0] ^= 1;
    fs::write(home.partial(), &marked).unwrap();
    let went_on = fs::read(home.pull(&entry).unwrap()).unwrap();
    assert_eq!((went_on[0], &went_on[1..]), (marked[0], &old[1..]));

    home.store.remove(&entry).unwrap();
    stopped_half_way();
    fs::write(&original, &new).unwrap();
    let later = fs::File::options().write(true).open(&original).unwrap();
    let modified = later.metadata().unwrap().modified().unwrap();
    later
        .set_modified(modified + std::time::Duration::from_secs(1))
        .unwrap();
    assert_eq!(fs::read(home.pull(&entry).unwrap()).unwrap(), new);
}
