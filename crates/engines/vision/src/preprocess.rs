//! Pixels to the numbers that a model takes, as its description says: resize, crop, normalise.

use busbar_core::Pixels;

use crate::{
    description::{Description, Resize},
    picture::{Window, resize},
};

/// Appends a picture's numbers to `out`: rows of pixels, the three colours of a pixel together.
pub fn preprocess(picture: &Pixels, description: &Description, out: &mut Vec<f32>) {
    let window = window(picture, description);
    let table = description.normalise.table();
    let pixels = resize(picture, &window, description.resize.filter());
    out.extend(
        pixels
            .chunks_exact(3)
            .flat_map(|pixel| [0, 1, 2].map(|colour| table[colour][usize::from(pixel[colour])])),
    );
}

/// What is resized to what, and the part of it that the model sees.
fn window(picture: &Pixels, description: &Description) -> Window {
    let (crop_width, crop_height) = (description.width, description.height);
    let (width, height) = match description.resize {
        Resize::Stretch { .. } => (crop_width, crop_height),
        Resize::ShorterSide { to, .. } => shorter_side(picture, to),
    };
    let left = centred(width, crop_width);
    let top = centred(height, crop_height);
    Window {
        width,
        height,
        columns: left..left + crop_width,
        rows: top..top + crop_height,
    }
}

/// The longer side is cut to whole pixels, as torchvision does it.
fn shorter_side(picture: &Pixels, to: u32) -> (u32, u32) {
    let (width, height) = (picture.width(), picture.height());
    let longer = |long: u32, short: u32| {
        let exact = u64::from(to) * u64::from(long) / u64::from(short);
        u32::try_from(exact).unwrap_or(u32::MAX)
    };
    if width <= height {
        (to, longer(height, width))
    } else {
        (longer(width, height), to)
    }
}

/// Half of what is left over; a half pixel goes to the even side, as Python rounds.
fn centred(whole: u32, part: u32) -> u32 {
    let left_over = whole.saturating_sub(part);
    let half = left_over / 2;
    if left_over % 2 == 1 && half % 2 == 1 {
        half + 1
    } else {
        half
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pixel_goes_where_python_puts_it() {
        assert_eq!(
            [256, 257, 259, 224].map(|whole| centred(whole, 224)),
            [16, 16, 18, 0]
        );
    }
}
