//! What classes are called.

use std::path::Path;

use busbar_core::Result;

use crate::description::{Description, unreadable, wrong};

/// The thousand classes of ImageNet in the usual order, each by its first name in WordNet 3.0.
const IMAGENET: &str = include_str!("../descriptions/imagenet.txt");

/// The names of a model's classes, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// Those that a description names, for a model with so many classes.
    ///
    /// # Errors
    /// `NotFound` where the file is absent; `Unavailable` where there are not as many labels as
    /// classes, or the file's name leads elsewhere.
    pub fn of(description: &Description, folder: Option<&Path>, classes: usize) -> Result<Self> {
        let text = match description.labels.as_str() {
            "imagenet" => IMAGENET.to_owned(),
            file => read(file, folder)?,
        };
        let names = text.lines().map(|line| line.trim().to_owned());
        let background = std::iter::repeat_n("background".to_owned(), description.label_offset);
        let labels: Vec<String> = background.chain(names).collect();
        if labels.len() != classes {
            return Err(wrong(format!(
                "there are {} labels with an offset of {}, and the model has {classes} classes",
                labels.len() - description.label_offset,
                description.label_offset
            )));
        }
        Ok(Self(labels))
    }

    /// The name of a class.
    pub fn name(&self, class: usize) -> &str {
        self.0.get(class).map_or("", String::as_str)
    }
}

fn read(file: &str, folder: Option<&Path>) -> Result<String> {
    let name = Path::new(file);
    // A model directory may come from anywhere: its description must not open other files.
    if name.file_name().is_none_or(|own| own != name.as_os_str()) {
        return Err(wrong(format!(
            "labels: `{file}` must be the name of a file beside it"
        )));
    }
    let path = folder.unwrap_or(Path::new("")).join(name);
    std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))
}

#[cfg(test)]
mod tests {
    use busbar_core::ErrorKind;

    use super::*;

    fn described(labels: &str, offset: usize) -> Description {
        let mut description = Description::built_in("mobilenet-v2").unwrap().unwrap();
        description.labels = labels.to_owned();
        description.label_offset = offset;
        description
    }

    #[test]
    fn the_first_label_may_belong_to_a_later_class() {
        let labels = Labels::of(&described("imagenet", 1), None, 1001).unwrap();
        assert_eq!(
            [0, 1, 283].map(|class| labels.name(class)),
            ["background", "tench", "tiger cat"]
        );
        let error = Labels::of(&described("imagenet", 0), None, 1001).unwrap_err();
        assert!(error.message().contains("1001 classes"), "{error}");
    }

    #[test]
    fn a_file_is_read_from_its_own_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("names.txt"), "cat\ndog\n").unwrap();
        let labels = Labels::of(&described("names.txt", 0), Some(folder.path()), 2).unwrap();
        assert_eq!(labels.name(1), "dog");
        for elsewhere in ["../names.txt", "/etc/hostname", "..", ""] {
            let error = Labels::of(&described(elsewhere, 0), Some(folder.path()), 2).unwrap_err();
            assert!(error.message().contains("beside"), "{elsewhere}: {error}");
        }
        let absent = Labels::of(&described("absent.txt", 0), Some(folder.path()), 2).unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
    }
}
