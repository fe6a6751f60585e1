//! A picture as pixels.

use std::fmt;

use bytes::Bytes;

use crate::{Error, Result};

/// Pixels: rows from the top, three bytes (red, green, blue) each, without gaps.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    width: u32,
    height: u32,
    rgb: Bytes,
}

impl Pixels {
    /// Pixels of a size.
    ///
    /// # Errors
    /// `Invalid` where there are no pixels, or the bytes are not `width × height × 3`.
    pub fn new(width: u32, height: u32, rgb: Bytes) -> Result<Self> {
        let expected = u64::from(width) * u64::from(height) * 3;
        if expected == 0 {
            return Err(Error::invalid("image", "the picture has no pixels"));
        }
        if rgb.len() as u64 != expected {
            return Err(Error::invalid(
                "image",
                format!(
                    "{width} by {height} pixels are {expected} bytes, and there are {}",
                    rgb.len()
                ),
            ));
        }
        Ok(Self { width, height, rgb })
    }

    /// Pixels a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Red, green, blue, from the top left, row after row.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The same, shared.
    pub fn into_rgb(self) -> Bytes {
        self.rgb
    }
}

/// Pictures never reach a log, so their bytes are not shown.
impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({}x{})", self.width, self.height)
    }
}
