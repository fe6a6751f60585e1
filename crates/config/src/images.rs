//! `[images]` and `models.images`: which models make pictures, how, and how pictures are handed out.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{auto::Auto, problem::Problems, span::Span};

/// As written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawImages {
    threads: Auto,
    precision: Precision,
    url_lifetime: Span,
}

/// How pictures are made and handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Processor threads; `None`: one for each core.
    pub threads: Option<u32>,
    /// In what weights are kept.
    pub precision: Precision,
    /// How long the address of a picture opens it.
    pub url_lifetime: Duration,
}

/// In what weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Four bytes a weight.
    F32,
    /// Two bytes a weight.
    F16,
    /// Two bytes a weight, with the range of four.
    Bf16,
}

/// A model that makes pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageModel {
    /// The name that clients ask for; without a folder also the catalog's.
    pub id: String,
    /// A folder in the layout of `diffusers`; `None`: the catalog's.
    pub folder: Option<PathBuf>,
}

impl ImageModel {
    /// Those of `models.images`.
    pub(crate) fn all(written: &[String], problems: &mut Problems) -> Vec<Self> {
        let mut models: Vec<Self> = Vec::new();
        for (place, text) in written.iter().enumerate() {
            let field = format!("models.images[{place}]");
            let model = Self::read(text);
            if model.id.is_empty() || model.id.contains(|c: char| c.is_whitespace() || c.is_control()) {
                problems.field(
                    &field,
                    format!("`{text}` is no model; write `name` or `name=folder`"),
                );
            }
            if let Some(folder) = &model.folder
                && !folder.join("model_index.json").is_file()
            {
                let message = format!("{} is no folder with a `model_index.json`", folder.display());
                problems.field(&field, message);
            }
            if models.iter().any(|other| other.id == model.id) {
                problems.field(
                    &field,
                    format!("`{}` is there twice; write `name=folder`", model.id),
                );
            }
            models.push(model);
        }
        models
    }

    /// `name`, `name=folder` or a folder, which is called by its last name.
    pub fn read(text: &str) -> Self {
        let (id, folder) = match text.split_once('=') {
            Some((id, folder)) => (id.to_owned(), Some(folder)),
            None if text.contains(std::path::is_separator) => {
                let name = Path::new(text).file_name().unwrap_or_default();
                (name.to_string_lossy().replace(' ', "-"), Some(text))
            }
            None => (text.to_owned(), None),
        };
        Self {
            id,
            folder: folder.map(|folder| folder.strip_prefix("file:").unwrap_or(folder).into()),
        }
    }
}

const SECOND: Span = Span(Duration::from_secs(1));
const WEEK: Span = Span(Duration::from_secs(7 * 24 * 3600));

impl RawImages {
    pub(crate) fn check(&self, problems: &mut Problems) -> Images {
        let threads = self.threads.number();
        Images {
            threads: threads.map(|threads| problems.within("images.threads", threads, 1..=512)),
            precision: self.precision,
            url_lifetime: problems
                .within("images.url_lifetime", self.url_lifetime, SECOND..=WEEK)
                .0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_alone_is_called_by_its_name() {
        let read = |text| {
            let ImageModel { id, folder } = ImageModel::read(text);
            (id, folder.map(|folder| folder.display().to_string()))
        };
        assert_eq!(read("sd-turbo"), ("sd-turbo".into(), None));
        assert_eq!(
            read("/models/My Model/"),
            ("My-Model".into(), Some("/models/My Model/".into()))
        );
        assert_eq!(read("mine=folder"), ("mine".into(), Some("folder".into())));
        assert_eq!(read("file:/a/b"), ("b".into(), Some("/a/b".into())));
    }
}
