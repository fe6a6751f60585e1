//! A catalog's text into entries: every fault of every entry in one go.

use std::path::Path;

use serde::Deserialize;

use super::{Entry, FolderFile, Format, ImageDefaults, Kind, Licence};
use crate::{ByteCount, EntryName, Fault, FileName, Sha256, Source, name::inner_path, source::address};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    title: String,
    kind: Kind,
    format: Format,
    #[serde(default)]
    default: bool,
    /// Of a model that is one file.
    file: Option<String>,
    /// Of a model that is a folder: the paths of its files in it, and in its one source.
    #[serde(default)]
    files: Vec<String>,
    size: Option<u64>,
    sha256: Option<String>,
    source: OneOrMore,
    licence: RawLicence,
    context_window: Option<u32>,
    #[serde(default)]
    image: ImageDefaults,
    notes: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLicence {
    name: String,
    url: String,
    notice: Option<String>,
}

/// A file is in one place, or in several parts that are joined in the order they are written.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(place) => vec![place],
            Self::More(places) => places,
        }
    }
}

/// The sound entries of a catalog, and everything that is wrong with the others.
pub(crate) fn parse_all(text: &str, base: &Path) -> (Vec<Entry>, Vec<Fault>) {
    let mut faults = Vec::new();
    let models = match models(text) {
        Ok(models) => models,
        Err(fault) => return (Vec::new(), vec![fault]),
    };
    let entries = models
        .into_iter()
        .enumerate()
        .filter_map(|(index, table)| parse(index, table, base, &mut faults))
        .collect();
    (entries, faults)
}

fn models(text: &str) -> Result<Vec<toml::Value>, Fault> {
    let whole = |says: String| Fault {
        at: "the file".to_owned(),
        says,
    };
    let mut table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| whole(error.to_string().trim_end().to_owned()))?;
    let models = table.remove("model");
    if let Some(other) = table.keys().next() {
        return Err(whole(format!(
            "unknown key '{other}': a catalog is a list of [[model]]"
        )));
    }
    match models {
        None => Ok(Vec::new()),
        Some(toml::Value::Array(models)) => Ok(models),
        Some(_) => Err(whole(
            "'model' must be a list: write [[model]], not [model]".to_owned(),
        )),
    }
}

fn parse(index: usize, table: toml::Value, base: &Path, faults: &mut Vec<Fault>) -> Option<Entry> {
    let called = table
        .get("name")
        .and_then(toml::Value::as_str)
        .unwrap_or("unnamed");
    let place = format!("model[{index}] ({called})");
    let raw: RawEntry = match table.try_into() {
        Ok(raw) => raw,
        Err(error) => {
            let says = error.to_string().trim_end().replace('\n', " ");
            faults.push(Fault { at: place, says });
            return None;
        }
    };
    let mut check = Checks { place, faults };
    // All of them are looked at before the first `?`, so that one run shows every mistake.
    let name = check.field("name", EntryName::parse(&raw.name));
    let aliases = check.list("aliases", &raw.aliases, EntryName::parse);
    let title = check.field("title", line(raw.title));
    let places = raw.source.into_vec();
    let folder = check.field("files", folder(&raw.files, &places, base));
    let file = check.field("file", named(raw.file.as_deref(), &raw.files));
    let size = check.field("size", size(raw.size));
    let sha256 = check.field("sha256", raw.sha256.as_deref().map(Sha256::parse).transpose());
    let source = match raw.files.last() {
        Some(last) => check.field(
            "source",
            within(&places, last).and_then(|place| Source::parse(&[place], base)),
        ),
        None => check.field("source", Source::parse(&places, base)),
    };
    let licence = check.field("licence", licence(raw.licence));
    let context_window = check.field("context_window", window(raw.context_window));
    Some(Entry {
        name: name?,
        aliases: aliases?,
        title: title?,
        kind: raw.kind,
        format: raw.format,
        default: raw.default,
        file: file?,
        folder: folder?,
        size: size?,
        sha256: sha256?,
        source: source?,
        licence: licence?,
        image: raw.image,
        context_window: context_window?,
        notes: raw.notes.map(|notes| notes.trim().to_owned()),
    })
}

/// Collects what is wrong with one entry.
struct Checks<'a> {
    place: String,
    faults: &'a mut Vec<Fault>,
}

impl Checks<'_> {
    fn field<T>(&mut self, name: &str, value: Result<T, impl ToString>) -> Option<T> {
        let says = match value {
            Ok(value) => return Some(value),
            Err(says) => says.to_string(),
        };
        let at = format!("{}.{name}", self.place);
        self.faults.push(Fault { at, says });
        None
    }

    fn list<T, E: ToString>(
        &mut self,
        name: &str,
        values: &[String],
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let parsed: Vec<Option<T>> = values
            .iter()
            .enumerate()
            .map(|(index, value)| self.field(&format!("{name}[{index}]"), parse(value)))
            .collect();
        parsed.into_iter().collect()
    }
}

/// The name of the one file, or of the last of a folder's: the one that says what it is.
fn named(file: Option<&str>, files: &[String]) -> Result<FileName, &'static str> {
    match (file, files.last()) {
        (Some(file), None) => FileName::parse(file),
        (None, Some(last)) => FileName::parse(last.rsplit('/').next().unwrap_or(last)),
        _ => Err("must be there, unless `files` is: a model is one file or several"),
    }
}

fn folder(files: &[String], places: &[String], base: &Path) -> Result<Vec<FolderFile>, String> {
    let part = |path: &String| {
        let wrong = |says: &str| format!("'{path}' {says}");
        let inner = inner_path(path).map_err(wrong)?;
        let (below, file) = inner.rsplit_once('/').unwrap_or(("", &inner));
        // Each folder in it becomes a directory of the store, under the rules for names there.
        for name in below.split('/').filter(|name| !name.is_empty()) {
            FileName::parse(name).map_err(wrong)?;
            if name == "scratch" {
                return Err(wrong("lies in a folder `scratch`, which the store uses itself"));
            }
        }
        Ok(FolderFile {
            below: below.to_owned(),
            file: FileName::parse(file).map_err(wrong)?,
            source: Source::parse(&[within(places, path)?], base)?,
        })
    };
    files.iter().map(part).collect()
}

/// Where a file of a folder is: `hf:owner/repo@revision` and `unet/config.json` are
/// `hf:owner/repo/unet/config.json@revision`.
fn within(places: &[String], path: &str) -> Result<String, String> {
    let [place] = places else {
        return Err("must be one place, where `files` are".to_owned());
    };
    let (root, revision) = match place.split_once('@') {
        Some((root, revision)) if place.starts_with("hf:") => (root, format!("@{revision}")),
        _ => (place.as_str(), String::new()),
    };
    Ok(format!("{}/{path}{revision}", root.trim_end_matches('/')))
}

/// Shown in a terminal, so a control character has no place in it.
fn line(text: String) -> Result<String, &'static str> {
    if text.trim().is_empty() {
        return Err("is empty");
    }
    if text.chars().any(char::is_control) {
        return Err("must be one line, without control characters");
    }
    Ok(text)
}

fn size(bytes: Option<u64>) -> Result<Option<ByteCount>, &'static str> {
    match bytes {
        Some(0) => Err("must be more than 0; leave it out if it is not known"),
        bytes => Ok(bytes.map(ByteCount)),
    }
}

fn window(tokens: Option<u32>) -> Result<Option<u32>, &'static str> {
    match tokens {
        Some(0) => Err("must be more than 0; leave it out if it is not known"),
        tokens => Ok(tokens),
    }
}

fn licence(raw: RawLicence) -> Result<Licence, &'static str> {
    let name = line(raw.name).map_err(|_| "needs a name: an SPDX expression, or its owner's word for it")?;
    if address::check(&raw.url).is_err() {
        return Err("needs a url that starts with https://");
    }
    Ok(Licence {
        name,
        url: raw.url,
        notice: raw.notice.map(|notice| notice.trim().to_owned()),
    })
}
