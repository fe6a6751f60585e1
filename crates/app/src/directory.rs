//! A directory of models, as hosting services lay it before their containers (`/opt/ml/model`), or the
//! archive that it comes in (`model.tar.gz`). What is found there is served as if it were listed. Loads nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use busbar_catalog::is_archive;
use busbar_config::{Config, ImageModel, TextModel};
use busbar_core::{Error as ModelError, ErrorKind};

use crate::{Error, Result, Shelf, load::Arrivals};

/// Folders within folders in which models are looked for.
const DEEPEST: usize = 4;
/// What tells the folder of a pipeline that makes pictures from others.
const PIPELINE: &str = "model_index.json";
/// Folders that hold programs of other servers.
const NOT_OURS: &[&str] = &["code", "__pycache__"];

/// A model's file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    /// One that answers in text.
    Text(PathBuf),
    /// One that looks at pictures.
    Vision(PathBuf),
    /// The folder of one that makes pictures.
    Image(PathBuf),
}

/// The configuration with the models of its directory among those that it lists. Archives are unpacked, once.
///
/// # Errors
/// There is no model, or an archive is of no use.
pub(crate) fn listed(mut config: Config, shelf: &Shelf) -> Result<Config> {
    let Some(directory) = config.models.directory.clone() else {
        return Ok(config);
    };
    let mut taken = BTreeSet::new();
    for file in all(&directory, shelf)? {
        let (Found::Text(path) | Found::Vision(path) | Found::Image(path)) = &file;
        let id = name(path, &mut taken);
        tracing::info!(model = id, path = %path.display(), "found");
        list(file, id, &mut config);
    }
    Ok(config)
}

/// The configuration with models that were brought: of each folder the first model, by the name that it was
/// brought under.
///
/// # Errors
/// A folder has no model.
pub(crate) fn with_guests(mut config: Config, guests: &Arrivals, shelf: &Shelf) -> Result<Config> {
    for (name, place) in guests {
        if let Some(file) = all(place, shelf)?.into_iter().next() {
            list(file, name.clone(), &mut config);
        }
    }
    Ok(config)
}

/// All models of a folder, or of an archive; at least one.
fn all(place: &Path, shelf: &Shelf) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    gather(place, shelf, 0, &mut found)?;
    if found.is_empty() {
        let message = format!(
            "there is no model in {}: put a GGUF file there, or an ONNX file with its description (the same name, \
             ending in toml), a pipeline in diffusers' layout, or a model.tar.gz of these",
            place.display()
        );
        return Err(ModelError::new(ErrorKind::NotFound, message).into());
    }
    Ok(found)
}

fn list(file: Found, id: String, config: &mut Config) {
    match file {
        Found::Text(path) => config.models.text.push(TextModel {
            id,
            path: Some(path),
            engine: config.models.text_engine.clone(),
        }),
        Found::Vision(path) => config.models.vision.push(format!("{id}={}", path.display())),
        Found::Image(folder) => config.models.images.push(ImageModel {
            id,
            folder: Some(folder),
        }),
    }
}

fn gather(place: &Path, shelf: &Shelf, depth: usize, found: &mut Vec<Found>) -> Result<()> {
    if is_archive(place) {
        // Its folder has its own depth: nothing in it is unpacked again.
        let folder = shelf.store.unpacked(place)?;
        return match depth <= DEEPEST {
            true => gather(&folder, shelf, DEEPEST - 2, found),
            false => Ok(()),
        };
    }
    if place.join(PIPELINE).is_file() {
        found.push(Found::Image(place.to_owned()));
        return Ok(());
    }
    let failed = |source| Error::Io {
        doing: format!("looking for models in {}", place.display()),
        source,
    };
    let entries = fs::read_dir(place).map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    // The same order everywhere, files before folders: the first text model is the default one.
    paths.sort_by_key(|path| (path.is_dir(), path.clone()));
    for path in paths {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        if file_name.starts_with('.') || NOT_OURS.contains(&&*file_name) {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST {
                gather(&path, shelf, depth + 1, found)?;
            }
            continue;
        }
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        match ending.to_str() {
            Some("gguf") => found.push(Found::Text(path)),
            Some("onnx") => found.push(Found::Vision(path)),
            // Weights alone: the description says what network they are of.
            Some("pth" | "pt") if path.with_extension("toml").is_file() || is_known(&path) => {
                found.push(Found::Vision(path));
            }
            _ if is_archive(&path) && depth == 0 => gather(&path, shelf, 0, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether the engine knows what network the file's weights are of, by its name.
#[cfg(feature = "vision")]
fn is_known(path: &Path) -> bool {
    let stem = path.file_stem().and_then(std::ffi::OsStr::to_str);
    stem.is_some_and(|stem| busbar_engine_vision::Description::built_in(stem).is_some())
}

/// The engine is left out.
#[cfg(not(feature = "vision"))]
fn is_known(_: &Path) -> bool {
    false
}

/// A name that clients can ask for, and that no other one has: the file's, and where that is taken its
/// folder's before it.
fn name(path: &Path, taken: &mut BTreeSet<String>) -> String {
    let clean = |part: Option<&std::ffi::OsStr>| {
        let text = part.unwrap_or_default().to_string_lossy().into_owned();
        let odd = |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '=' | ',');
        text.replace(odd, "-")
    };
    let whole = if path.is_dir() {
        path.file_name()
    } else {
        path.file_stem()
    };
    let mut name = clean(whole);
    if taken.contains(&name) {
        name = format!("{}-{name}", clean(path.parent().and_then(Path::file_name)));
    }
    while !taken.insert(name.clone()) {
        name.push_str("-2");
    }
    name
}

#[cfg(test)]
mod tests {
    use busbar_config::{Flag, Sources, load};
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// The configuration of a directory, and where archives are unpacked for it.
    fn config(home: &Path, directory: &Path) -> Config {
        let flag = |path: &str, value: &Path| Flag {
            name: "--set".into(),
            path: path.into(),
            value: value.display().to_string(),
        };
        let sources = Sources {
            flags: vec![flag("storage.home", home), flag("models.directory", directory)],
            ..Sources::default()
        };
        load(&sources).unwrap().config
    }

    fn found(home: &Path, directory: &Path) -> Result<(Vec<String>, Vec<String>)> {
        let models = models(home, directory)?;
        let texts = models.text.iter().map(|model| model.id.clone()).collect();
        let eyes = models
            .vision
            .iter()
            .map(|text| text.split('=').next().unwrap().to_owned());
        Ok((texts, eyes.collect()))
    }

    fn models(home: &Path, directory: &Path) -> Result<busbar_config::Models> {
        let config = config(home, directory);
        let shelf = Shelf::open(&config)?;
        Ok(listed(config, &shelf)?.models)
    }

    fn put(folder: &Path, name: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }

    #[test]
    fn every_model_of_a_directory_is_served_by_a_name_of_its_own() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in [
            "b.gguf",
            "a/small model.GGUF",
            "eyes/model.onnx",
            "other/model.onnx",
            "model.onnx",
            "README.md",
            "code/model.onnx",
            ".hidden/model.onnx",
            "1/2/3/4/5/deep.gguf",
        ] {
            put(folder.path(), name);
        }
        let (texts, eyes) = found(home.path(), folder.path()).unwrap();
        assert_eq!(texts, ["b", "small-model"]);
        assert_eq!(eyes, ["model", "eyes-model", "other-model"]);
    }

    #[test]
    fn a_folder_of_a_pipeline_is_one_model() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["sd-2.1/model_index.json", "sd-2.1/unet/model.onnx"] {
            put(folder.path(), name);
        }
        let models = models(home.path(), folder.path()).unwrap();
        assert_eq!((models.images[0].id.as_str(), models.vision.len()), ("sd-2.1", 0));
    }

    #[test]
    fn an_archive_is_a_directory_too_by_itself_and_within_one() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, "export/eye.onnx", &b"x"[..])
            .unwrap();
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        let path = folder.path().join("model.tar.gz");
        fs::write(&path, bytes).unwrap();
        for place in [folder.path(), &path] {
            assert_eq!(
                found(home.path(), place).unwrap(),
                (vec![], vec!["eye".to_owned()])
            );
        }
    }

    #[test]
    fn a_directory_without_a_model_says_what_to_put_there() {
        let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let error = found(home.path(), folder.path()).unwrap_err().to_string();
        assert!(error.contains("model.tar.gz"), "{error}");
        fs::write(folder.path().join("model.tar.gz"), b"no archive").unwrap();
        let error = found(home.path(), folder.path()).unwrap_err().to_string();
        assert!(error.contains("no tar.gz"), "{error}");
    }
}
