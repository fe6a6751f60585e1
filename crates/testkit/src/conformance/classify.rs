//! The contract of [`Classifier`]. Each check panics with a sentence when it is broken.
#![expect(clippy::panic, reason = "a suite of assertions: it runs inside tests only")]

use std::{
    fmt,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use busbar_core::{
    Classification, Classifier, ClassifyRequest, Context, Error, ErrorKind, Picture, RequestId,
};
use futures_util::FutureExt as _;

/// How far scores of one picture may lie apart that was looked at in different company.
const SAME: f32 = 1e-4;

/// An implementation under test, and pictures that bring it into each situation.
pub struct Subject {
    /// The implementation.
    pub model: Arc<dyn Classifier>,
    /// At least two pictures that are answered differently.
    pub pictures: Vec<Picture>,
    /// A picture that cannot be read.
    pub broken: Picture,
    /// How many requests are under way, by the implementation's own count.
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
    scores_fall_and_are_probabilities(subject).await;
    no_more_than_top_k_come_and_none_below_the_threshold(subject).await;
    pictures_are_answered_in_order_and_alike_alone_and_together(subject).await;
    a_picture_that_cannot_be_read_is_named(subject).await;
    wrong_settings_are_named(subject).await;
    what_is_overdue_is_not_looked_at(subject).await;
    dropping_the_call_frees_it(subject).await;
}

fn request(pictures: &[Picture]) -> ClassifyRequest {
    let context = Context::new(RequestId::new("conformance"));
    ClassifyRequest::new(context, "m".into(), pictures.to_vec())
}

async fn answer(subject: &Subject, request: ClassifyRequest) -> Classification {
    match subject.model.classify(request).await {
        Ok(answer) => answer,
        Err(error) => panic!("a request that is to be answered was refused: {error}"),
    }
}

async fn refusal(subject: &Subject, request: ClassifyRequest) -> Error {
    match subject.model.classify(request).await {
        Ok(_) => panic!("a request that is to be refused was answered"),
        Err(error) => error,
    }
}

/// The likeliest first; each a probability.
pub async fn scores_fall_and_are_probabilities(subject: &Subject) {
    for sight in answer(subject, request(&subject.pictures)).await.sights {
        let scores: Vec<f32> = sight.predictions.iter().map(|found| found.score).collect();
        assert!(!scores.is_empty(), "without a threshold there are labels");
        assert!(scores.is_sorted_by(|a, b| a >= b), "scores fall: {scores:?}");
        assert!(
            scores.iter().all(|score| (0.0..=1.0).contains(score)),
            "scores are probabilities: {scores:?}"
        );
        assert!(
            scores.iter().sum::<f32>() <= 1.001,
            "together they make 1 at most"
        );
        assert!(
            sight.predictions.iter().all(|found| !found.label.is_empty()),
            "labels are said"
        );
        assert!(sight.width > 0 && sight.height > 0, "the picture's size is said");
    }
}

/// `top_k` and `threshold` hold.
pub async fn no_more_than_top_k_come_and_none_below_the_threshold(subject: &Subject) {
    let mut one = request(&subject.pictures[..1]);
    one.top_k = NonZeroUsize::MIN;
    let best = answer(subject, one.clone()).await.sights.remove(0).predictions;
    assert_eq!(best.len(), 1, "one was asked for");
    one.top_k = ClassifyRequest::USUAL_TOP_K;
    one.threshold = best[0].score;
    let likely = answer(subject, one.clone()).await.sights.remove(0).predictions;
    assert!(
        likely.iter().all(|found| found.score >= best[0].score) && likely.contains(&best[0]),
        "a score that is the threshold itself is not below it"
    );
    one.top_k = NonZeroUsize::MAX;
    one.threshold = 0.0;
    let every = answer(subject, one).await.sights.remove(0).predictions;
    let sum: f32 = every.iter().map(|found| found.score).sum();
    assert!((sum - 1.0).abs() < 1e-3, "all classes together make 1, not {sum}");
}

/// One answer a picture, the same as if it had come alone.
pub async fn pictures_are_answered_in_order_and_alike_alone_and_together(subject: &Subject) {
    let together = answer(subject, request(&subject.pictures)).await.sights;
    assert_eq!(together.len(), subject.pictures.len(), "one answer a picture");
    for (picture, beside) in subject.pictures.iter().zip(&together) {
        let alone = answer(subject, request(std::slice::from_ref(picture))).await;
        let (alone, beside) = (&alone.sights[0].predictions[0], &beside.predictions[0]);
        assert_eq!(alone.index, beside.index, "the company changes the answer");
        assert!(
            (alone.score - beside.score).abs() < SAME,
            "the company changes the score: {} and {}",
            alone.score,
            beside.score
        );
    }
    let first = |index: usize| together.get(index).map(|sight| sight.predictions[0].index);
    assert_ne!(first(0), first(1), "the pictures of this suite are to differ");
}

/// `Invalid`, with the field and the picture's place.
pub async fn a_picture_that_cannot_be_read_is_named(subject: &Subject) {
    let alone = refusal(subject, request(std::slice::from_ref(&subject.broken))).await;
    assert_eq!((alone.kind(), alone.param()), (ErrorKind::Invalid, Some("image")));
    let beside = [subject.pictures[0].clone(), subject.broken.clone()];
    let beside = refusal(subject, request(&beside)).await;
    assert_eq!(
        (beside.kind(), beside.param()),
        (ErrorKind::Invalid, Some("images[1]"))
    );
    becomes_idle(subject, "a refused call").await;
}

/// `Invalid`, with the field.
pub async fn wrong_settings_are_named(subject: &Subject) {
    let none = refusal(subject, request(&[])).await;
    assert_eq!((none.kind(), none.param()), (ErrorKind::Invalid, Some("image")));
    let mut beyond = request(&subject.pictures[..1]);
    beyond.threshold = 1.5;
    let beyond = refusal(subject, beyond).await;
    assert_eq!(
        (beyond.kind(), beyond.param()),
        (ErrorKind::Invalid, Some("threshold"))
    );
}

/// `DeadlineExceeded`.
pub async fn what_is_overdue_is_not_looked_at(subject: &Subject) {
    let mut late = request(&subject.pictures[..1]);
    late.context = late.context.due(Instant::now());
    assert_eq!(
        refusal(subject, late).await.kind(),
        ErrorKind::DeadlineExceeded,
        "the deadline had passed"
    );
    becomes_idle(subject, "an overdue call").await;
}

/// Dropping the call before it resolves cancels the work.
pub async fn dropping_the_call_frees_it(subject: &Subject) {
    let call = subject.model.classify(request(&subject.pictures));
    // Polled once so that the work begins, then dropped.
    drop(Box::pin(call).now_or_never());
    becomes_idle(subject, "a dropped call").await;
}

async fn becomes_idle(subject: &Subject, after: &str) {
    const PATIENCE: Duration = Duration::from_secs(20);
    const PAUSE: Duration = Duration::from_millis(5);
    let waited = tokio::time::timeout(PATIENCE, async {
        while (subject.live)() > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    });
    assert!(
        waited.await.is_ok(),
        "{after} still holds {} places",
        (subject.live)()
    );
}
