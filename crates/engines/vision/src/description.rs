//! What a model file does not say itself: how pictures are made ready for it, and what its classes
//! are called.
//!
//! ```toml
//! labels = "imagenet"            # a list that is built in, or a file beside this one, a label a line
//! label_offset = 1               # classes before the first label: one for the background
//! softmax = false                # whether scores have still to be made of what comes out
//! width = 224
//! height = 224
//! layout = "nchw"
//!
//! [resize]
//! rule = "shorter-side"          # then the middle is cut out; or "stretch"
//! to = 256
//! filter = "bicubic"
//!
//! [normalise]                    # (colour × scale − mean) ÷ std, colours from 0 to 255
//! scale = 1.0
//! mean = [127.0, 127.0, 127.0]
//! std = [128.0, 128.0, 128.0]
//! ```

use std::{fmt, path::Path};

use busbar_core::{Error, ErrorKind, Result};
use serde::Deserialize;

use crate::picture::Filter;

/// How a classifier is fed and read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The input's name; the first one where it is not said.
    pub input: Option<String>,
    /// The output's name; the first one where it is not said.
    pub output: Option<String>,
    /// The input's width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The order of its dimensions.
    #[serde(default)]
    pub layout: Layout,
    /// How pictures of another size are brought to this one.
    pub resize: Resize,
    /// How bytes become numbers.
    #[serde(default)]
    pub normalise: Normalise,
    /// A built-in list (`imagenet`) or a file beside the description, a label a line.
    pub labels: String,
    /// The class that the first label belongs to; those before it are background.
    #[serde(default)]
    pub label_offset: usize,
    /// Whether what comes out are logits.
    #[serde(default)]
    pub softmax: bool,
    /// What the weights are of, where the file has weights only.
    pub architecture: Option<Architecture>,
}

/// The order of an input's dimensions. There are always pictures first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Colours, rows, columns.
    #[default]
    Nchw,
    /// Rows, columns, colours.
    Nhwc,
}

/// From a picture's own size to the model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "rule", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Resize {
    /// The shorter side is brought to a length, and the middle is cut out.
    ShorterSide {
        /// The length.
        to: u32,
        /// How.
        #[serde(default)]
        filter: Filter,
    },
    /// Both sides are brought to the model's.
    Stretch {
        /// How.
        #[serde(default)]
        filter: Filter,
    },
}

/// `(colour × scale − mean) ÷ std`, for colours from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalise {
    /// Usually 1 or 1/255.
    #[serde(default = "Normalise::one_255th")]
    pub scale: f32,
    /// For red, green and blue.
    #[serde(default)]
    pub mean: [f32; 3],
    /// For red, green and blue.
    #[serde(default = "Normalise::ones")]
    pub std: [f32; 3],
}

/// Networks that this crate can put together around weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// EfficientNet-Lite0, as `efficientnet_lite_pytorch` names its weights.
    #[serde(rename = "efficientnet-lite0")]
    EfficientNetLite0,
}

/// Descriptions of the catalog's models, by their names there. To add one: a file and a row.
const BUILT_IN: &[(&str, &str)] = &[
    (
        "efficientnet-lite0",
        include_str!("../descriptions/efficientnet-lite0.toml"),
    ),
    ("mobilenet-v2", include_str!("../descriptions/mobilenet-v2.toml")),
];

impl Description {
    /// That of a model of the catalog.
    pub fn built_in(name: &str) -> Option<Result<Self>> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(text))
    }

    /// From TOML.
    ///
    /// # Errors
    /// `Unavailable`, saying what is wrong.
    pub fn parse(text: &str) -> Result<Self> {
        let description: Self = toml::from_str(text).map_err(|error| wrong(error.to_string().trim_end()))?;
        description.check()?;
        Ok(description)
    }

    /// From a file.
    ///
    /// # Errors
    /// `NotFound` where there is no such file; `Unavailable` where it is wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
        Self::parse(&text)
    }

    fn check(&self) -> Result<()> {
        const LARGEST: u32 = 4096;
        for (name, side) in [("width", self.width), ("height", self.height)] {
            if !(1..=LARGEST).contains(&side) {
                return Err(wrong(format!("{name}: must be from 1 to {LARGEST}")));
            }
        }
        if let Resize::ShorterSide { to, .. } = self.resize
            && !(self.width.max(self.height)..=LARGEST).contains(&to)
        {
            return Err(wrong(format!(
                "resize.to: must be from the model's own size, {} by {}, to {LARGEST}",
                self.width, self.height
            )));
        }
        let numbers = self.normalise;
        let divisors = numbers.std.iter().all(|std| std.is_normal());
        if !divisors || !numbers.scale.is_normal() || !numbers.mean.iter().all(|mean| mean.is_finite()) {
            return Err(wrong("normalise: scale and std must be numbers other than 0"));
        }
        Ok(())
    }
}

impl Resize {
    /// How pixels are weighed.
    pub fn filter(self) -> Filter {
        match self {
            Self::ShorterSide { filter, .. } | Self::Stretch { filter } => filter,
        }
    }
}

impl Default for Normalise {
    fn default() -> Self {
        Self {
            scale: Self::one_255th(),
            mean: [0.0; 3],
            std: Self::ones(),
        }
    }
}

impl Normalise {
    fn one_255th() -> f32 {
        1.0 / 255.0
    }

    fn ones() -> [f32; 3] {
        [1.0; 3]
    }

    /// The number of each byte of each colour.
    pub fn table(&self) -> [[f32; 256]; 3] {
        std::array::from_fn(|colour| {
            std::array::from_fn(|byte| {
                // As torchvision computes it, so that the last bit agrees.
                let scaled = byte as f32 * self.scale;
                (scaled - self.mean[colour]) / self.std[colour]
            })
        })
    }
}

pub(crate) fn wrong(says: impl fmt::Display) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the model's description is wrong: {says}"),
    )
}

pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("`{}` cannot be read: {error}", path.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str =
        "labels = \"imagenet\"\nwidth = 224\nheight = 224\n[resize]\nrule = \"shorter-side\"\nto = 256\n";

    #[test]
    fn those_built_in_are_right() {
        for (name, text) in BUILT_IN {
            assert!(Description::parse(text).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, says) in [
            ("224", "0", "width"),
            ("256", "100", "resize.to"),
            ("labels", "lables", "lables"),
            ("shorter-side", "shortest", "shortest"),
            (
                "to = 256\n",
                "to = 256\n[normalise]\nstd = [0, 1, 1]\n",
                "normalise",
            ),
        ] {
            let error = Description::parse(&PLAIN.replacen(from, to, 1)).unwrap_err();
            assert!(error.message().contains(says), "{says}: {error}");
        }
    }

    #[test]
    fn bytes_become_numbers_from_0_to_1_unless_it_says_otherwise() {
        let table = Description::parse(PLAIN).unwrap().normalise.table();
        assert_eq!((table[0][0], table[2][255]), (0.0, 1.0));
    }
}
