//! What the places where a configuration is kept say at present.

use busbar_config::{Document, Loaded, Problems, Sources, fingerprint, flattened, load_from};
use toml::Table;

use super::elsewhere::Said;
use crate::{Error, Result};

/// What all places say together: the documents, or why one of them cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offer {
    file: Place,
    elsewhere: Place,
    /// What those who keep it elsewhere call this version.
    pub(crate) label: Option<String>,
}

/// What one place says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// There is no such place, or it says nothing.
    Nothing,
    /// These documents, the later ones over the earlier ones.
    Says(Vec<Document>),
    /// It cannot be read, for these reasons.
    Unreadable(Problems),
}

impl From<std::result::Result<Option<Document>, Problems>> for Place {
    fn from(read: std::result::Result<Option<Document>, Problems>) -> Self {
        match read {
            Ok(Some(document)) => Self::Says(vec![document]),
            Ok(None) => Self::Nothing,
            Err(problems) => Self::Unreadable(problems),
        }
    }
}

impl Offer {
    /// What the file says.
    pub(crate) fn of(file: Place) -> Self {
        Self {
            file,
            elsewhere: Place::Nothing,
            label: None,
        }
    }

    /// The same with another file.
    pub(crate) fn with_file(&self, file: Place) -> Self {
        Self { file, ..self.clone() }
    }

    /// The same with what they say who keep it elsewhere.
    pub(crate) fn with(&self, said: Said) -> Self {
        Self {
            elsewhere: said.place,
            label: said.label,
            ..self.clone()
        }
    }

    /// Checks it whole, with the environment and the flags over it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn check(&self, sources: &Sources) -> Result<Loaded> {
        Ok(load_from(sources, &self.documents()?)?)
    }

    /// The documents, the later ones over the earlier ones.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub(crate) fn documents(&self) -> Result<Vec<Document>> {
        let mut documents = Vec::new();
        for place in [&self.file, &self.elsewhere] {
            match place {
                Place::Nothing => {}
                Place::Says(these) => documents.extend(these.iter().cloned()),
                Place::Unreadable(problems) => return Err(Error::Config(problems.clone())),
            }
        }
        Ok(documents)
    }

    /// What they say together; `None` where one of them cannot be read.
    pub(crate) fn table(&self, environment: &str) -> Option<Table> {
        Some(flattened(&self.documents().ok()?, environment))
    }

    /// A hash of what they say together; empty where one of them cannot be read.
    pub(crate) fn fingerprint(&self, environment: &str) -> String {
        let table = self.table(environment);
        table.as_ref().map(fingerprint).unwrap_or_default()
    }
}
