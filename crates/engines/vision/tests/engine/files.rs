//! Every kind of file comes out as people see it.

use busbar_core::Pixels;
use image::{
    DynamicImage, ExtendedColorType, Frame, ImageEncoder as _, ImageFormat, Luma, LumaA, Rgb, Rgba,
    RgbaImage,
    codecs::{gif::GifEncoder, png::PngEncoder},
};

use crate::support::{bytes, decoded};

const RED: [u8; 3] = [220, 30, 40];
const GREEN: [u8; 3] = [40, 200, 50];
const BLUE: [u8; 3] = [30, 60, 210];
const PALE: [u8; 3] = [250, 250, 250];
const WHITE: [u8; 3] = [255; 3];
/// How far a colour may lie from the true one: JPEG and palettes lose a little.
const NEARLY: u8 = 12;

#[track_caller]
fn check(file: &[u8], colours: [[u8; 3]; 4]) {
    let picture = decoded(file).unwrap();
    let (width, height) = (picture.width(), picture.height());
    assert_eq!((width, height), (32, 16));
    let places = [(8, 4), (24, 4), (8, 12), (24, 12)];
    for ((x, y), colour) in places.into_iter().zip(colours) {
        let found = pixel(&picture, x, y);
        let near = found.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= NEARLY);
        assert!(near, "at {x}, {y}: {found:?} instead of {colour:?}");
    }
}

fn pixel(picture: &Pixels, x: usize, y: usize) -> [u8; 3] {
    let at = (y * picture.width() as usize + x) * 3;
    picture.rgb()[at..at + 3].try_into().unwrap()
}

fn quarters() -> RgbaImage {
    RgbaImage::from_fn(32, 16, |x, y| {
        let [red, green, blue] = [RED, GREEN, BLUE, PALE][(x / 16 + y / 8 * 2) as usize];
        Rgba([red, green, blue, 255])
    })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

#[test]
fn jpeg_png_webp_gif_and_bmp_are_read() {
    let picture = DynamicImage::from(quarters()).into_rgb8().into();
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        check(&encoded(&picture, format), [RED, GREEN, BLUE, PALE]);
    }
    for name in ["progressive.jpg", "lossy.webp"] {
        check(&bytes(name), [RED, GREEN, BLUE, PALE]);
    }
}

#[test]
fn a_jpeg_in_printers_colours_is_no_negative() {
    check(&bytes("cmyk.jpg"), [RED, GREEN, BLUE, PALE]);
}

#[test]
fn a_picture_stands_upright_whichever_way_the_camera_was_held() {
    for orientation in 1..=8 {
        check(
            &bytes(&format!("turned-{orientation}.jpg")),
            [RED, GREEN, BLUE, PALE],
        );
    }
}

#[test]
fn grey_is_grey() {
    let expected = [RED, GREEN, BLUE, PALE].map(|[red, green, blue]| {
        let sum = u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114;
        [(sum / 1000) as u8; 3]
    });
    check(&bytes("grey.jpg"), expected);
    let grey = DynamicImage::from(DynamicImage::from(quarters()).into_luma8());
    for format in [ImageFormat::Png, ImageFormat::Bmp] {
        let file = encoded(&grey, format);
        let picture = decoded(&file).unwrap();
        let [red, green, blue] = pixel(&picture, 3, 3);
        assert!(red == green && green == blue, "{format:?}");
    }
    let black_and_white = decoded(&bytes("one-bit.png")).unwrap();
    assert!(black_and_white.rgb().iter().all(|byte| [0, 255].contains(byte)));
    assert_eq!(pixel(&black_and_white, 28, 12), WHITE);
}

#[test]
fn sixteen_bits_are_brought_to_eight_and_not_cut() {
    let wide = DynamicImage::ImageRgb16(image::ImageBuffer::from_fn(32, 16, |x, y| {
        let [red, green, blue] = [RED, GREEN, BLUE, PALE][(x / 16 + y / 8 * 2) as usize];
        Rgb([red, green, blue].map(|colour| u16::from(colour) * 257))
    }));
    check(&encoded(&wide, ImageFormat::Png), [RED, GREEN, BLUE, PALE]);
    let grey = DynamicImage::ImageLuma16(image::ImageBuffer::from_fn(32, 16, |x, _| {
        Luma([x as u16 * 2000])
    }));
    let picture = decoded(&encoded(&grey, ImageFormat::Png)).unwrap();
    assert_eq!(pixel(&picture, 20, 0), [156; 3], "40000 of 65535");
}

#[test]
fn what_is_clear_is_white_and_what_is_half_clear_half_so() {
    check(&bytes("clear.webp"), [RED, GREEN, BLUE, WHITE]);
    check(&bytes("indexed.png"), [RED, GREEN, BLUE, WHITE]);
    let mut picture = quarters();
    picture.put_pixel(0, 0, Rgba([0, 100, 200, 128]));
    let seen = decoded(&encoded(&picture.into(), ImageFormat::Png)).unwrap();
    assert_eq!(pixel(&seen, 0, 0), [127, 177, 227]);
    let veil = DynamicImage::ImageLumaA16(image::ImageBuffer::from_pixel(2, 2, LumaA([0, 32896])));
    let seen = decoded(&encoded(&veil, ImageFormat::Png)).unwrap();
    assert_eq!(pixel(&seen, 1, 1), [127; 3]);
}

#[test]
fn of_an_animation_the_first_frame_is_seen() {
    for name in ["animated.gif", "animated.webp"] {
        check(&bytes(name), [RED, GREEN, BLUE, PALE]);
    }
    let mut file = Vec::new();
    let black = RgbaImage::from_pixel(32, 16, Rgba([0, 0, 0, 255]));
    GifEncoder::new(&mut file)
        .encode_frames([quarters(), black].map(Frame::new))
        .unwrap();
    check(&file, [RED, GREEN, BLUE, PALE]);
}

#[test]
fn a_png_that_says_how_it_was_held_is_turned_too() {
    let turned = image::imageops::rotate270(&DynamicImage::from(quarters()).into_rgb8());
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    // One entry: orientation (0x0112), a short, 6: turn right by a quarter.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    encoder.set_exif_metadata(exif).unwrap();
    encoder
        .write_image(
            turned.as_raw(),
            turned.width(),
            turned.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    check(&file, [RED, GREEN, BLUE, PALE]);
}
