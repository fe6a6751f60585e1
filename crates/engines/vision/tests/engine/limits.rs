//! What is too much, damaged or late is refused with its name, and costs nobody else anything.

use std::{num::NonZeroUsize, time::Duration};

use busbar_core::{Classifier as _, ErrorKind, Picture};
use busbar_engine_vision::{
    VisionEngineConfig,
    picture::{PictureLimits, decode},
};

use crate::support::{bytes, decoded, little, load, plain, request};

/// A PNG of a few bytes that says it has these many pixels.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(&header);
    file.extend(crc(&header).to_be_bytes());
    // The decoder wants to see that pixels begin.
    file.extend(b"\0\0\0\x02IDAT\x78\x9c");
    file.extend(crc(b"IDAT\x78\x9c").to_be_bytes());
    file
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

/// Of a GIF, only the size of its screen.
fn gif_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut file = bytes("animated.gif");
    file[6..8].copy_from_slice(&width.to_le_bytes());
    file[8..10].copy_from_slice(&height.to_le_bytes());
    file
}

#[test]
fn a_picture_that_claims_too_many_pixels_is_refused_before_it_is_unpacked() {
    for file in [
        claiming(60_000, 60_000),
        claiming(16_000, 16_000),
        claiming(1, 20_000),
        gif_claiming(65_535, 65_535),
    ] {
        let error = decoded(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert_eq!(
            (error.param(), error.code()),
            (Some("image"), Some("image_too_large"))
        );
    }
}

#[test]
fn a_file_that_is_too_long_is_not_looked_into() {
    let limits = PictureLimits {
        bytes: 100,
        ..PictureLimits::default()
    };
    let error = decode(&bytes("cmyk.jpg"), &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn what_is_no_picture_or_damaged_is_invalid_and_never_a_panic() {
    for file in [
        &b""[..],
        b"GIF",
        b"plain text",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ] {
        assert_eq!(decoded(file).unwrap_err().code(), Some("unknown_image_format"));
    }
    for name in [
        "cmyk.jpg",
        "indexed.png",
        "clear.webp",
        "animated.gif",
        "turned-6.jpg",
    ] {
        let whole = bytes(name);
        for cut in 12..whole.len() / 2 {
            if let Err(error) = decoded(&whole[..cut]) {
                assert_eq!(
                    (error.kind(), error.param()),
                    (ErrorKind::Invalid, Some("image")),
                    "{name}"
                );
            }
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            // Some damage cannot be told from another picture.
            let _ = decoded(&damaged);
        }
    }
}

fn one_place() -> VisionEngineConfig {
    VisionEngineConfig {
        queue: 1,
        retry_after: Duration::from_secs(7),
        ..little()
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_again() {
    let engine = load(&one_place()).unwrap();
    // Enough that they cannot all be answered while they are put in.
    let many = || engine.classify(request(vec![plain([9, 9, 9]); 32]));
    let answers = futures_util::future::join_all((0..40).map(|_| many())).await;
    let refused: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .collect();
    assert!(!refused.is_empty() && refused.len() < answers.len());
    for error in refused {
        let retry_after = Duration::from_secs(7);
        assert_eq!(error.kind(), ErrorKind::Overloaded { retry_after });
    }
    assert_eq!(engine.live(), 0);
}

#[tokio::test]
async fn more_pictures_than_a_request_may_have_are_refused() {
    let engine = load(&VisionEngineConfig {
        most_pictures: 2,
        ..little()
    })
    .unwrap();
    let error = engine
        .classify(request(vec![plain([1, 2, 3]); 3]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.param()),
        (ErrorKind::TooLarge, Some("images"))
    );
}

#[tokio::test]
async fn several_workers_answer_side_by_side() {
    let engine = load(&VisionEngineConfig {
        workers: NonZeroUsize::new(3).unwrap(),
        ..little()
    })
    .unwrap();
    let colours = [[0, 0, 0], [255, 0, 0], [255, 255, 255]];
    let ask = |at: usize| engine.classify(request(vec![plain(colours[at % 3])]));
    let answers = futures_util::future::join_all((0..30).map(ask)).await;
    let best = |at: usize| answers[at].as_ref().unwrap().sights[0].predictions[0].clone();
    for at in 3..30 {
        assert_eq!(
            best(at),
            best(at % 3),
            "the same picture is answered the same by every worker"
        );
    }
}

#[tokio::test]
async fn an_engine_that_goes_fails_what_waits() {
    let engine = load(&little()).unwrap();
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { engine.classify(request(vec![plain([5, 5, 5]); 8])).await }
    });
    drop(engine);
    assert!(
        waiting.await.unwrap().is_ok(),
        "a handle is left, so it is answered"
    );
    let picture = Picture::Encoded(b"".to_vec().into());
    let engine = load(&little()).unwrap();
    let error = engine.classify(request(vec![picture])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
