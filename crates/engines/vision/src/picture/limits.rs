//! How large a picture may be before anything of it is unpacked.

use busbar_core::{Error, ErrorKind, Result};

/// The largest pictures that are decoded. A file of some kilobytes can claim gigabytes of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    /// Of the file.
    pub bytes: usize,
    /// Width times height.
    pub pixels: u64,
    /// Of either side.
    pub side: u32,
}

impl Default for PictureLimits {
    /// Enough for the photos of any telephone.
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            pixels: 64_000_000,
            side: 16_384,
        }
    }
}

impl PictureLimits {
    /// Bytes that decoding may take: four channels of 16 bits, and as much again to work with.
    pub(super) fn memory(&self) -> u64 {
        self.pixels.saturating_mul(16)
    }

    pub(super) fn check_file(&self, bytes: usize) -> Result<()> {
        if bytes <= self.bytes {
            return Ok(());
        }
        Err(too_large(format!(
            "the picture's file has {bytes} bytes, and {} is the limit",
            self.bytes
        )))
    }

    pub(super) fn check_size(&self, width: u32, height: u32) -> Result<()> {
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.side {
            return Err(too_large(format!(
                "the picture is {width} by {height} pixels, and {} is the limit for a side",
                self.side
            )));
        }
        if pixels > self.pixels {
            return Err(too_large(format!(
                "the picture has {pixels} pixels, and {} is the limit",
                self.pixels
            )));
        }
        Ok(())
    }
}

pub(super) fn too_large(message: String) -> Error {
    Error::new(ErrorKind::TooLarge, message)
        .with_param("image")
        .with_code("image_too_large")
}
