//! Pictures to files and back: PNG, JPEG and WebP, small ones, and how they were made within them.

use std::io::Cursor;

use busbar_core::{BoxFuture, Error, ErrorKind, Pixels, Result};
use busbar_jobs::{MediaType, Thumbnails, image::PictureFiles};
use bytes::Bytes;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder, ImageReader, Limits, RgbImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
    imageops::FilterType,
    metadata::Orientation,
};

use super::exif;

/// Of 100; above it files grow and nothing is seen of it.
const JPEG_QUALITY: u8 = 92;
/// The longer side of a small picture.
const SMALL: u32 = 320;
/// The largest picture that is read. A file of some kilobytes can claim gigabytes of pixels.
const MOST_PIXELS: u64 = 64_000_000;

/// Reads and writes pictures' files, on threads that may block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codec;

impl PictureFiles for Codec {
    fn write(
        &self,
        pixels: Pixels,
        media: MediaType,
        recipe: Option<String>,
    ) -> BoxFuture<'_, Result<Bytes>> {
        aside(move || write(&pixels, media, recipe.as_deref()))
    }

    fn read(&self, file: Bytes) -> BoxFuture<'_, Result<Pixels>> {
        pixels(file)
    }
}

impl Thumbnails for Codec {
    fn thumbnail(
        &self,
        content: Bytes,
        media: MediaType,
    ) -> BoxFuture<'_, Result<Option<(Bytes, MediaType)>>> {
        aside(move || match media {
            MediaType::Png | MediaType::Jpeg | MediaType::Webp => small(&content),
            MediaType::Json | MediaType::Jsonl | MediaType::Binary => Ok(None),
        })
    }
}

/// The pixels of a file, upright.
pub(super) fn pixels(file: Bytes) -> BoxFuture<'static, Result<Pixels>> {
    aside(move || {
        let picture = decode(&file)?;
        Pixels::new(picture.width(), picture.height(), Bytes::from(picture.into_raw()))
    })
}

fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> BoxFuture<'static, Result<T>> {
    Box::pin(async move { tokio::task::spawn_blocking(work).await.map_err(broke)? })
}

/// What ran on a thread of its own did not come to its end.
pub(crate) fn broke(error: tokio::task::JoinError) -> Error {
    Error::internal("work on another thread broke off").with_source(error)
}

fn write(pixels: &Pixels, media: MediaType, recipe: Option<&str>) -> Result<Bytes> {
    let mut file = Cursor::new(Vec::new());
    match media {
        MediaType::Png => encode(PngEncoder::new(&mut file), pixels, recipe),
        MediaType::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY);
            encode(encoder, pixels, recipe)
        }
        MediaType::Webp => encode(WebPEncoder::new_lossless(&mut file), pixels, recipe),
        MediaType::Json | MediaType::Jsonl | MediaType::Binary => {
            return Err(Error::internal("a picture is kept as PNG, JPEG or WebP"));
        }
    }?;
    Ok(file.into_inner().into())
}

fn encode(mut encoder: impl ImageEncoder, pixels: &Pixels, recipe: Option<&str>) -> Result<()> {
    let failed = |source: image::ImageError| {
        Error::internal("the picture could not be written as a file").with_source(source)
    };
    if let Some(recipe) = recipe {
        let kept = encoder.set_exif_metadata(exif::of(recipe));
        kept.map_err(|unsupported| failed(image::ImageError::Unsupported(unsupported)))?;
    }
    let (width, height) = (pixels.width(), pixels.height());
    encoder
        .write_image(pixels.rgb(), width, height, ExtendedColorType::Rgb8)
        .map_err(failed)
}

/// The picture in a file, upright and without what shines through.
fn decode(file: &[u8]) -> Result<RgbImage> {
    let damaged = |source: image::ImageError| {
        Error::invalid("image", "the picture is damaged or of an unusual kind").with_source(source)
    };
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|source| Error::invalid("image", "the picture cannot be read").with_source(source))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        let message = format!("the picture has {width} by {height} pixels, more than are read");
        return Err(Error::new(ErrorKind::TooLarge, message).with_param("image"));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture.into_rgb8())
}

/// A small picture of one that is not small itself.
fn small(file: &[u8]) -> Result<Option<(Bytes, MediaType)>> {
    let picture = decode(file)?;
    if picture.width().max(picture.height()) <= SMALL {
        return Ok(None);
    }
    let small = DynamicImage::from(picture).resize(SMALL, SMALL, FilterType::Triangle);
    let (width, height) = (small.width(), small.height());
    let pixels = Pixels::new(width, height, Bytes::from(small.into_rgb8().into_raw()))?;
    Ok(Some((write(&pixels, MediaType::Jpeg, None)?, MediaType::Jpeg)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: u32, height: u32) -> Pixels {
        let pixels = (0..width * height).flat_map(|at| [(at % 251) as u8, (at / width % 256) as u8, 90]);
        Pixels::new(width, height, pixels.collect::<Vec<u8>>().into()).unwrap()
    }

    fn read(file: &[u8]) -> Pixels {
        let picture = decode(file).unwrap();
        Pixels::new(picture.width(), picture.height(), picture.into_raw().into()).unwrap()
    }

    #[test]
    fn every_format_keeps_the_picture_and_how_it_was_made() {
        let recipe = r#"{"prompt":"a red apple","seed":7}"#;
        for media in [MediaType::Png, MediaType::Jpeg, MediaType::Webp] {
            let file = write(&ramp(40, 24), media, Some(recipe)).unwrap();
            let back = read(&file);
            assert_eq!((back.width(), back.height()), (40, 24), "{media:?}");
            if media != MediaType::Jpeg {
                assert_eq!(back, ramp(40, 24), "{media:?}");
            }
            let reader = ImageReader::new(Cursor::new(&file))
                .with_guessed_format()
                .unwrap();
            let exif = reader.into_decoder().unwrap().exif_metadata().unwrap().unwrap();
            let inside = exif.windows(recipe.len()).any(|part| part == recipe.as_bytes());
            assert!(inside, "{media:?}");
        }
    }

    #[test]
    fn only_large_pictures_have_small_ones() {
        let large = write(&ramp(640, 400), MediaType::Png, None).unwrap();
        let (file, media) = small(&large).unwrap().unwrap();
        assert_eq!(media, MediaType::Jpeg);
        let picture = read(&file);
        assert_eq!((picture.width(), picture.height()), (320, 200));
        let already = write(&ramp(64, 64), MediaType::Png, None).unwrap();
        assert!(small(&already).unwrap().is_none());
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_field() {
        for file in [&b"\x89PNG\r\n\x1a\n"[..], b"", b"<svg>"] {
            assert_eq!(decode(file).unwrap_err().param(), Some("image"));
        }
    }
}
