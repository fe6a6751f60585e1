//! Models that are folders: whole when every file is, and each file checked like a model of one file.

use std::{fs, path::Path};

use busbar_catalog::{ByteCount, Cancel, Catalog, Entry, Silent, Status};

use crate::support::{Home, settings};

const FILES: [(&str, &str); 3] = [
    ("unet/config.json", "{}"),
    ("unet/weights.safetensors", "weights"),
    ("model_index.json", "{\"_class_name\": 1}"),
];

/// An entry whose files lie in a folder.
fn entry(folder: &Path) -> Entry {
    for (path, text) in FILES {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let names = FILES.map(|(path, _)| format!("\"{path}\"")).join(", ");
    let text = format!(
        "[[model]]\nname = \"m\"\ntitle = \"M\"\nkind = \"image\"\nformat = \"diffusers\"\nfiles = [{names}]\n\
         source = \"file:{}\"\nimage = {{ steps = 2 }}\n\
         licence = {{ name = \"MIT\", url = \"https://example.com/mit\" }}\n",
        folder.display()
    );
    let catalog = tempfile::NamedTempFile::new().unwrap();
    fs::write(&catalog, text).unwrap();
    let catalog = Catalog::builtin().unwrap().extended_by(&catalog).unwrap();
    catalog.entry("m").unwrap().clone()
}

#[test]
fn a_folder_is_whole_once_all_its_files_are() {
    let (home, from) = (Home::new(settings()), tempfile::tempdir().unwrap());
    let entry = entry(from.path());
    assert_eq!(entry.image.steps, Some(2));
    assert_eq!(home.store.status(&entry), Status::Absent);
    // The last file is missing: what came before it stays, and is not taken for the model.
    fs::rename(from.path().join("model_index.json"), from.path().join("away")).unwrap();
    home.pull(&entry).unwrap_err();
    let have = ByteCount(9);
    assert_eq!(home.store.status(&entry), Status::Partial { have });
    assert!(home.store.path(&entry).is_err());
    fs::rename(from.path().join("away"), from.path().join("model_index.json")).unwrap();
    let folder = home.pull(&entry).unwrap();
    for (path, text) in FILES {
        assert_eq!(fs::read_to_string(folder.join(path)).unwrap(), text);
    }
    let size = ByteCount(FILES.iter().map(|(_, text)| text.len() as u64).sum());
    assert_eq!(home.store.status(&entry), Status::Present { path: folder, size });
    assert_eq!(
        home.store.verify(&entry, &Silent, &Cancel::new()).unwrap().size,
        size
    );
}

#[test]
fn a_file_that_changed_is_found_named_and_fetched_anew() {
    let (home, from) = (Home::new(settings()), tempfile::tempdir().unwrap());
    let entry = entry(from.path());
    let folder = home.pull(&entry).unwrap();
    fs::write(folder.join("unet/weights.safetensors"), "Weights").unwrap();
    let error = home.store.verify(&entry, &Silent, &Cancel::new()).unwrap_err();
    assert!(error.to_string().contains("weights.safetensors"), "{error}");
    assert!(matches!(home.store.status(&entry), Status::Unusable { .. }));
    home.pull(&entry).unwrap();
    let mended = fs::read_to_string(folder.join("unet/weights.safetensors")).unwrap();
    assert_eq!(mended, "weights");
    home.store.remove(&entry).unwrap();
    assert_eq!(home.store.status(&entry), Status::Absent);
}

#[test]
fn no_file_of_a_folder_leads_out_of_it() {
    for path in [
        "../up.json",
        "/etc/passwd",
        "a/../b.json",
        "scratch/a.json",
        "a/busbar.toml",
    ] {
        let text = format!(
            "[[model]]\nname = \"m\"\ntitle = \"M\"\nkind = \"image\"\nformat = \"diffusers\"\nfiles = [\"{path}\"]\n\
             source = \"hf:a/b@main\"\nlicence = {{ name = \"MIT\", url = \"https://example.com/mit\" }}\n"
        );
        let catalog = tempfile::NamedTempFile::new().unwrap();
        fs::write(&catalog, text).unwrap();
        let refused = Catalog::builtin().unwrap().extended_by(&catalog).unwrap_err();
        assert!(refused.to_string().contains("files"), "{path}: {refused}");
    }
}
