//! A catalog entry: a model that can be had, and everything worth knowing before pulling it.

mod raw;

use std::{fmt, path::Path};

pub(crate) use raw::parse_all;

use crate::{ByteCount, EntryName, Error, Fault, FileName, Result, Sha256, Source};

/// A model that can be pulled. Made from a catalog only, so what it says has been checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The name people type, unique in a catalog together with the aliases.
    pub name: EntryName,
    /// Other names for it.
    pub aliases: Vec<EntryName>,
    /// One line for a list.
    pub title: String,
    /// What it is for.
    pub kind: Kind,
    /// How the file is laid out.
    pub format: Format,
    /// Whether it is the one taken when none of its kind is named.
    pub default: bool,
    /// The name of the file on disk; of a model that is a folder, the file that says what it is.
    pub file: FileName,
    /// The files of a model that is a folder; a model of one file has none here.
    pub folder: Vec<FolderFile>,
    /// Its length, where the catalog knows.
    pub size: Option<ByteCount>,
    /// Its hash, where the catalog knows; else the hub's own is taken.
    pub sha256: Option<Sha256>,
    /// Where it comes from. A folder's files say so themselves; this is the first of them.
    pub source: Source,
    /// What pictures are made with unless it is said, for models whose own files do not tell.
    pub image: ImageDefaults,
    /// On what terms it may be used.
    pub licence: Licence,
    /// The context window it was trained for, in tokens.
    pub context_window: Option<u32>,
    /// Anything else to know before using it.
    pub notes: Option<String>,
}

impl Entry {
    /// Whether it goes by the name.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own.as_str() == name)
    }

    /// Each file as an entry of its own, with the folder that it lies in: the one that says what the
    /// model is comes last, so that it vouches for the others.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Self)> {
        self.folder.iter().map(|part| {
            let alone = Self {
                file: part.file.clone(),
                folder: Vec::new(),
                size: None,
                sha256: None,
                source: part.source.clone(),
                ..self.clone()
            };
            (&*part.below, alone)
        })
    }

    /// Its name, then its aliases.
    pub fn names(&self) -> impl Iterator<Item = &EntryName> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}

/// A file of a model that is a folder.
#[derive(Clone, Debug)]
pub struct FolderFile {
    /// Where in the folder: `unet`, or nothing.
    pub(crate) below: String,
    pub(crate) file: FileName,
    pub(crate) source: Source,
}

/// What pictures are made with unless it is said. `None`: as the model's own files have it.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImageDefaults {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Denoising steps.
    pub steps: Option<u32>,
    /// How closely the prompt is followed.
    pub guidance: Option<f32>,
    /// How the noise is taken away.
    pub scheduler: Option<String>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Writes text.
    Text,
    /// Makes pictures.
    Image,
    /// Looks at pictures.
    Vision,
    /// Not a model but what one needs to run: a library.
    Runtime,
}

impl Kind {
    /// The word in lists and in catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Vision => "vision",
            Self::Runtime => "runtime",
        }
    }
}

/// How a file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// llama.cpp's format: weights, vocabulary and chat template in one file.
    Gguf,
    /// Tensors only.
    Safetensors,
    /// A folder for each part of a picture model, as `diffusers` lays them out.
    Diffusers,
    /// An ONNX graph.
    Onnx,
    /// Weights as PyTorch saves them, without their graph.
    Pytorch,
    /// A native shared library.
    Library,
}

impl Format {
    /// The word in lists and in catalogs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gguf => "gguf",
            Self::Safetensors => "safetensors",
            Self::Diffusers => "diffusers",
            Self::Onnx => "onnx",
            Self::Pytorch => "pytorch",
            Self::Library => "library",
        }
    }
}

/// The terms of use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Licence {
    /// An SPDX expression, or the name its owner gave it.
    pub name: String,
    /// Where it can be read.
    pub url: String,
    /// What must be shown to whoever takes the model.
    pub notice: Option<String>,
}

impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.url)?;
        match &self.notice {
            Some(notice) => write!(f, "\n{notice}"),
            None => Ok(()),
        }
    }
}

/// Entries that agree with one another, or everything that is wrong. `base` is where relative `file:`
/// sources start.
pub(crate) fn entries(origin: &str, text: &str, base: &Path) -> Result<Vec<Entry>> {
    let (entries, mut faults) = parse_all(text, base);
    faults.extend(clashes(&entries));
    if faults.is_empty() {
        return Ok(entries);
    }
    Err(Error::Catalog {
        origin: origin.to_owned(),
        faults,
    })
}

/// What no entry can know alone: names given twice, two defaults of one kind.
pub(crate) fn clashes(entries: &[Entry]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        for other in &entries[..index] {
            for name in entry.names().filter(|name| other.is_called(name.as_str())) {
                faults.push(Fault {
                    at: entry.name.to_string(),
                    says: format!("the name '{name}' is also one of {}'s", other.name),
                });
            }
            if entry.default && other.default && entry.kind == other.kind {
                faults.push(Fault {
                    at: format!("{}.default", entry.name),
                    says: format!(
                        "{} is already the default {} model",
                        other.name,
                        entry.kind.as_str()
                    ),
                });
            }
        }
        if let Some(twice) = repeated(entry) {
            faults.push(Fault {
                at: format!("{}.aliases", entry.name),
                says: format!("'{twice}' is there twice"),
            });
        }
    }
    faults
}

fn repeated(entry: &Entry) -> Option<&EntryName> {
    let names: Vec<_> = entry.names().collect();
    (1..names.len()).find_map(|index| names[..index].contains(&names[index]).then_some(names[index]))
}
