//! JPEG, PNG, WebP, GIF and BMP files, the right way up, over white where they are transparent.

use std::io::Cursor;

use busbar_core::{Error, Pixels, Result};
use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder as _, ImageError, ImageReader, Limits, RgbImage, error::LimitErrorKind,
    metadata::Orientation,
};

use super::{PictureLimits, limits::too_large};

/// The picture in a file; of an animation, the first frame.
///
/// # Errors
/// `Invalid` where it is no such file or is damaged; `TooLarge` where it is beyond `limits`. The
/// field is `image`.
pub fn decode(file: &[u8], limits: &PictureLimits) -> Result<Pixels> {
    limits.check_file(file.len())?;
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| Error::invalid("image", "the picture cannot be read").with_source(error))?;
    let Some(format) = reader.format().filter(|format| format.reading_enabled()) else {
        return Err(Error::invalid(
            "image",
            "the picture's format is not known; it may be JPEG, PNG, WebP, GIF or BMP",
        )
        .with_code("unknown_image_format"));
    };
    let mut bounds = Limits::default();
    bounds.max_alloc = Some(limits.memory());
    reader.limits(bounds);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    picture.apply_orientation(orientation);
    tracing::trace!(?format, width, height, "a picture was decoded");
    let rgb = over_white(picture);
    Pixels::new(rgb.width(), rgb.height(), Bytes::from(rgb.into_raw()))
}

fn refused(error: ImageError) -> Error {
    match &error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            too_large("the picture needs more memory than it may have".to_owned())
        }
        _ => Error::invalid("image", "the picture is damaged or of an unusual kind").with_source(error),
    }
}

/// What shows through is white, as on paper.
fn over_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let (width, height) = picture.dimensions();
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for pixel in picture.pixels() {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        let blend = |colour: u32| {
            let sum = colour * alpha + 255 * (255 - alpha) + 127;
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        rgb.extend([blend(red), blend(green), blend(blue)]);
    }
    RgbImage::from_raw(width, height, rgb).unwrap_or_default()
}
