//! Webhooks are signed, filtered, repeated until they are taken, and never told twice over.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::common::{HOUR, Scene};
use busbar_core::{BoxFuture, Clock, Error, ErrorKind, Result};
use busbar_jobs::{
    Courier, CourierPolicy, Hook, HookAnswer, HookEvent, HookKeys, HookPost, HookRequest, Output, QueueName,
    Timestamp,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A receiver that answers as it is told, the last answer for ever.
#[derive(Debug)]
struct Receiver {
    answers: Mutex<Vec<Result<HookAnswer>>>,
    got: Mutex<Vec<HookRequest>>,
}

impl HookPost for Receiver {
    fn post(&self, request: HookRequest) -> BoxFuture<'_, Result<HookAnswer>> {
        self.got.lock().unwrap().push(request);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers[0].clone()
        };
        Box::pin(async move { answer })
    }
}

struct Post {
    scene: Scene,
    receiver: Arc<Receiver>,
    courier: Courier,
}

impl Post {
    fn new(answers: Vec<Result<HookAnswer>>) -> Self {
        let scene = Scene::new(|work| async move {
            match work.job.attempt {
                1 => Err(Error::new(ErrorKind::Unavailable, "no room")),
                _ => Ok(Output::default()),
            }
        });
        let receiver = Arc::new(Receiver {
            answers: Mutex::new(answers),
            got: Mutex::default(),
        });
        let keys = HookKeys::new([SECRET]).unwrap();
        let policy = CourierPolicy {
            tries: 4,
            ..CourierPolicy::default()
        };
        let post = Arc::<Receiver>::clone(&receiver);
        let courier = Courier::new(scene.jobs.clone(), keys.into(), post, policy);
        Self {
            scene,
            receiver,
            courier,
        }
    }

    /// A job whose first start fails, done, and its webhooks brought.
    async fn job_done(&self, events: &[HookEvent]) {
        let hook = Hook {
            url: "https://receiver.example/hook".into(),
            events: events.to_vec(),
        };
        self.scene.submit_with(None, Some(hook)).await;
        for _ in 0..2 {
            self.scene.run().await;
            self.scene.clock.advance(HOUR);
        }
        self.bring().await;
    }

    async fn bring(&self) {
        while self.courier.bring(Duration::ZERO).await.unwrap() > 0 {}
    }

    fn got(&self) -> Vec<HookRequest> {
        self.receiver.got.lock().unwrap().clone()
    }

    fn types(&self) -> Vec<String> {
        let bodies = self.got().into_iter().map(|request| {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        });
        bodies.collect()
    }
}

#[tokio::test]
async fn a_receiver_is_told_of_the_end_once_and_can_check_who_tells() {
    let post = Post::new(vec![Ok(HookAnswer::Taken)]);
    post.job_done(&[]).await;
    assert_eq!(post.types(), ["test.succeeded"]);
    let request = post.got().remove(0);
    let now = Timestamp::from(post.scene.clock.wall());
    let message = (request.id.as_str(), request.at, request.body.as_bytes());
    let keys = HookKeys::new([SECRET]).unwrap();
    assert!(keys.verify(message, &request.signature, now));
    assert!(
        !request.body.contains("prompt"),
        "what was asked is nobody's business"
    );
    post.scene.clock.advance(HOUR * 10);
    post.bring().await;
    assert_eq!(post.got().len(), 1);
}

#[tokio::test]
async fn a_filter_is_kept() {
    let post = Post::new(vec![Ok(HookAnswer::Taken)]);
    post.job_done(&[HookEvent::Started, HookEvent::Retrying]).await;
    let mut types = post.types();
    types.sort();
    assert_eq!(types, ["test.retrying", "test.started", "test.started"]);
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_under_the_same_id() {
    let refused = HookAnswer::Refused {
        retry_after: Some(Duration::from_secs(30)),
    };
    let away = Error::new(ErrorKind::Unavailable, "no answer");
    let post = Post::new(vec![Ok(refused), Err(away), Ok(HookAnswer::Taken)]);
    post.job_done(&[]).await;
    assert_eq!(post.got().len(), 1, "the pause has not passed");
    for _ in 0..5 {
        post.scene.clock.advance(HOUR);
        post.bring().await;
    }
    let got = post.got();
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|request| request.id == got[0].id));
    assert_ne!(
        got[0].signature, got[1].signature,
        "each try is signed with its own time"
    );
}

#[tokio::test]
async fn a_receiver_that_never_takes_it_ends_among_the_dead_letters() {
    let post = Post::new(vec![Ok(HookAnswer::Refused { retry_after: None })]);
    post.job_done(&[]).await;
    for _ in 0..10 {
        post.scene.clock.advance(HOUR * 2);
        post.bring().await;
    }
    assert_eq!(post.got().len(), 4);
    let dead = post.scene.jobs.queue().depth(&QueueName::webhooks().dead()).await;
    assert_eq!(dead.unwrap().ready, 1);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone() {
    let post = Post::new(vec![Ok(HookAnswer::Gone)]);
    post.job_done(&[]).await;
    post.scene.clock.advance(HOUR);
    post.bring().await;
    assert_eq!(post.got().len(), 1);
}
