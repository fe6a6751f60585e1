//! Resizing and cropping are Pillow's, to the last bit.

use busbar_core::{Picture, Pixels};
use busbar_engine_vision::{Description, preprocess};

use crate::support::{bytes, decoded, pattern};

const SIZES: [(u32, u32); 3] = [(97, 61), (41, 130), (19, 23)];

fn check(resize: &str, prefix: &str) {
    for (width, height) in SIZES {
        for filter in ["bilinear", "bicubic"] {
            let text = format!(
                "labels = \"imagenet\"\nwidth = 32\nheight = 32\n[resize]\n{resize}\nfilter = \"{filter}\"\n\
                 [normalise]\nscale = 1.0\n"
            );
            let mut numbers = Vec::new();
            preprocess(
                &pattern(width, height),
                &Description::parse(&text).unwrap(),
                &mut numbers,
            );
            let name = format!("{prefix}-{width}x{height}-{filter}.png");
            let expected = decoded(&bytes(&name)).unwrap();
            let ours: Vec<u8> = numbers.iter().map(|number| *number as u8).collect();
            let other = ours
                .iter()
                .zip(expected.rgb())
                .filter(|(ours, theirs)| ours != theirs);
            assert_eq!((ours.len(), other.count()), (expected.rgb().len(), 0), "{name}");
        }
    }
}

#[test]
fn the_shorter_side_is_brought_to_a_length_and_the_middle_cut_out() {
    check("rule = \"shorter-side\"\nto = 37", "cut");
}

#[test]
fn a_picture_is_stretched_to_a_size() {
    check("rule = \"stretch\"", "stretched");
}

#[test]
fn the_formula_of_a_description_is_that_of_torchvision() {
    let text = "labels = \"imagenet\"\nwidth = 1\nheight = 1\n[resize]\nrule = \"stretch\"\n\
                [normalise]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n";
    let mut numbers = Vec::new();
    let pixel = Pixels::new(1, 1, vec![255, 128, 0].into()).unwrap();
    preprocess(&pixel, &Description::parse(text).unwrap(), &mut numbers);
    let expected = [2.248_908_3, 0.205_182_2, -1.804_444_4];
    for (ours, expected) in numbers.iter().zip(expected) {
        assert!((ours - expected).abs() < 1e-5, "{ours} {expected}");
    }
    assert!(
        !format!("{:?}", Picture::Pixels(pixel)).contains("255"),
        "pixels are not shown"
    );
}
