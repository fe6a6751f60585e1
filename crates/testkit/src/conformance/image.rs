//! The contract of [`ImageModel`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{fmt, sync::Arc, time::Duration};

use busbar_core::{ErrorKind, GeneratedImage, ImageEvent, ImageModel, ImageRequest, ImageStream};
use futures_util::{FutureExt as _, StreamExt as _};

/// An implementation under test, and a request that it answers.
pub struct Subject {
    /// The implementation.
    pub model: Arc<dyn ImageModel>,
    /// A request of at least four steps that is answered with at least one preview.
    pub answered: Box<dyn Fn() -> ImageRequest + Send + Sync>,
    /// How many requests wait or are worked on, by the implementation's own count.
    pub live: Box<dyn Fn() -> usize + Send + Sync>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

/// Runs every check.
pub async fn all(subject: &Subject) {
    steps_count_up_to_their_total_and_pictures_come_whole(subject).await;
    the_same_seed_makes_the_same_picture(subject).await;
    another_seed_makes_another_picture(subject).await;
    several_pictures_have_seeds_that_count_up(subject).await;
    a_wrong_request_is_refused_with_its_field(subject).await;
    dropping_the_stream_frees_it(subject).await;
    dropping_the_call_frees_it(subject).await;
}

async fn start(subject: &Subject, request: ImageRequest) -> ImageStream {
    match subject.model.generate(request).await {
        Ok(events) => events,
        Err(error) => panic!("the request that is to be answered was refused: {error}"),
    }
}

async fn collect(subject: &Subject, request: ImageRequest) -> Vec<ImageEvent> {
    let mut events = start(subject, request).await;
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => seen.push(event),
            Err(error) => panic!("the work failed: {error}"),
        }
    }
    seen
}

async fn pictures(subject: &Subject, request: ImageRequest) -> Vec<GeneratedImage> {
    let only_pictures = |event| match event {
        ImageEvent::Picture(picture) => Some(picture),
        _ => None,
    };
    let events = collect(subject, request).await;
    events.into_iter().filter_map(only_pictures).collect()
}

/// Steps go from 1 to their total without a gap; `Done` is last and there is one.
pub async fn steps_count_up_to_their_total_and_pictures_come_whole(subject: &Subject) {
    let events = collect(subject, (subject.answered)()).await;
    let steps: Vec<(u32, u32)> = events
        .iter()
        .filter_map(|event| match event {
            ImageEvent::Step { done, total } => Some((*done, *total)),
            _ => None,
        })
        .collect();
    let total = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let expected: Vec<_> = (1..=total).map(|done| (done, total)).collect();
    assert_eq!(steps, expected, "steps count up by one to their total");
    let previews = events
        .iter()
        .filter(|event| matches!(event, ImageEvent::Preview { .. }))
        .count();
    assert!(previews > 0, "a preview was asked for and none came");
    for event in &events {
        let (ImageEvent::Preview { pixels, .. } | ImageEvent::Picture(GeneratedImage { pixels, .. })) = event
        else {
            continue;
        };
        let expected = pixels.width() as usize * pixels.height() as usize * 3;
        assert!(expected > 0, "a picture without pixels came");
        assert_eq!(pixels.rgb().len(), expected, "a picture has three bytes a pixel");
    }
    let dones = events
        .iter()
        .filter(|event| matches!(event, ImageEvent::Done(_)))
        .count();
    assert_eq!(dones, 1, "a request has exactly one Done");
    match events.last() {
        Some(ImageEvent::Done(done)) => assert_eq!(done.pictures, 1, "Done counts the pictures"),
        other => panic!("Done is the last item, not {other:?}"),
    }
}

/// Same seed, same request, same picture.
pub async fn the_same_seed_makes_the_same_picture(subject: &Subject) {
    let request = || ImageRequest {
        seed: Some(7),
        ..(subject.answered)()
    };
    let first = pictures(subject, request()).await;
    assert!(first.iter().all(|picture| picture.recipe.seed == Some(7)));
    assert_eq!(
        first,
        pictures(subject, request()).await,
        "the same seed made another picture"
    );
}

/// The seed matters.
pub async fn another_seed_makes_another_picture(subject: &Subject) {
    let request = |seed| ImageRequest {
        seed: Some(seed),
        ..(subject.answered)()
    };
    let first = pictures(subject, request(7)).await;
    let second = pictures(subject, request(8)).await;
    let pixels = |pictures: &[GeneratedImage]| pictures.first().map(|picture| picture.pixels.clone());
    assert_ne!(pixels(&first), pixels(&second), "two seeds made one picture");
}

/// Picture `i` is the picture of `seed + i` alone.
pub async fn several_pictures_have_seeds_that_count_up(subject: &Subject) {
    let request = |seed, count| ImageRequest {
        seed: Some(seed),
        count,
        ..(subject.answered)()
    };
    let both = pictures(subject, request(u32::MAX, 2)).await;
    let seeds: Vec<_> = both
        .iter()
        .map(|picture| (picture.index, picture.recipe.seed))
        .collect();
    assert_eq!(
        seeds,
        [(0, Some(u32::MAX)), (1, Some(0))],
        "indices and seeds count up, and wrap"
    );
    let alone = pictures(subject, request(0, 1)).await;
    let pixels = |picture: Option<&GeneratedImage>| picture.map(|picture| picture.pixels.clone());
    assert_eq!(
        pixels(both.get(1)),
        pixels(alone.first()),
        "a picture depends on its neighbours"
    );
}

/// What is wrong is refused before the work begins, by its name.
pub async fn a_wrong_request_is_refused_with_its_field(subject: &Subject) {
    let request = ImageRequest {
        steps: Some(0),
        ..(subject.answered)()
    };
    let Err(error) = subject.model.generate(request).await else {
        panic!("a request for no steps was taken");
    };
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.param(), Some("steps"));
    becomes_idle(subject, "a refused request").await;
}

/// Dropping a stream cancels the work and frees what it held.
pub async fn dropping_the_stream_frees_it(subject: &Subject) {
    let mut events = start(
        subject,
        ImageRequest {
            steps: Some(ImageRequest::MOST_STEPS),
            count: ImageRequest::MOST_PICTURES,
            ..(subject.answered)()
        },
    )
    .await;
    let _first = events.next().await;
    drop(events);
    becomes_idle(subject, "a dropped stream").await;
}

/// Dropping the call before it resolves cancels the work too.
pub async fn dropping_the_call_frees_it(subject: &Subject) {
    let call = subject.model.generate((subject.answered)());
    // Polled once so that the work begins, then dropped.
    drop(Box::pin(call).now_or_never());
    becomes_idle(subject, "a dropped call").await;
}

async fn becomes_idle(subject: &Subject, what: &str) {
    let deadline = Duration::from_secs(60);
    let wait = async {
        while (subject.live)() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(deadline, wait).await.is_err() {
        panic!("{what} was still worked on {deadline:?} later");
    }
}
