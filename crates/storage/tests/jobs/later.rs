//! Requests whose answers come later: whoever waits for one learns where there will be none, whether a worker
//! says so or nobody is left to.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use busbar_core::{BoxFuture, Error, ErrorKind, Result, Tenant};
use busbar_jobs::{
    Job, NewJob, Phase,
    endpoint::{
        EndpointAnswer, EndpointAsked, EndpointJobs, EndpointNotices, EndpointRecipe, Endpoints, Objects,
    },
};
use bytes::Bytes;
use serde_json::json;

use crate::common::Scene;

const MINUTE: Duration = Duration::from_secs(60);
const FAILURE: &str = "s3://b/failures/1";

/// A store of objects that may be away.
#[derive(Debug, Default)]
struct Store {
    objects: Mutex<HashMap<String, String>>,
    away: AtomicBool,
}

impl Store {
    fn at(&self, location: &str) -> Option<String> {
        self.objects.lock().unwrap().get(location).cloned()
    }

    fn reach(&self) -> Result<()> {
        match self.away.load(Ordering::Relaxed) {
            true => Err(Error::new(ErrorKind::Unavailable, "the store is away")),
            false => Ok(()),
        }
    }
}

impl Objects for Store {
    fn get<'a>(&'a self, location: &'a str) -> BoxFuture<'a, Result<Option<Bytes>>> {
        Box::pin(async move { self.reach().map(|()| self.at(location).map(Bytes::from)) })
    }

    fn put<'a>(&'a self, location: &'a str, content: EndpointAnswer) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.reach()?;
            let text = String::from_utf8(content.body.to_vec()).unwrap();
            self.objects.lock().unwrap().insert(location.to_owned(), text);
            Ok(())
        })
    }
}

/// Answers with what it was told, and fails at what begins so.
#[derive(Debug)]
struct Echo;

impl Endpoints for Echo {
    fn answer(&self, asked: EndpointAsked) -> BoxFuture<'_, Result<EndpointAnswer>> {
        Box::pin(async move {
            let said = asked.custom_attributes.unwrap_or_default();
            match said.as_str() {
                "wrong" => Err(Error::invalid("inputs", "the request is wrong")),
                "broken" => Err(Error::new(ErrorKind::Unavailable, "the model is broken")),
                _ => Ok(answer(said)),
            }
        })
    }
}

fn answer(text: String) -> EndpointAnswer {
    EndpointAnswer {
        content_type: "text/plain".into(),
        body: text.into(),
    }
}

fn explain(error: &Error) -> EndpointAnswer {
    answer(format!("{:?}: {}", error.kind(), error.message()))
}

fn scene() -> (Scene, Arc<Store>) {
    let store = Arc::new(Store::default());
    let handler = EndpointJobs::new(Arc::new(Echo), store.clone(), explain);
    let notices = EndpointNotices::new(store.clone(), explain);
    let scene = Scene::telling(Arc::new(handler), Some(Arc::new(notices)));
    (scene, store)
}

async fn submit(scene: &Scene, says: &str) -> Job {
    let recipe = EndpointRecipe {
        endpoint: "e".into(),
        input: None,
        output: "s3://b/answers/1".into(),
        failure: FAILURE.into(),
        content_type: None,
        accept: None,
        custom_attributes: Some(says.into()),
        timeout_s: None,
    };
    let new = NewJob {
        kind: EndpointJobs::kind(),
        recipe: json!(recipe),
        inputs: Vec::new(),
        key: None,
        hook: None,
        expires_in: Some(MINUTE),
    };
    scene.jobs.submit(&Tenant::default(), new).await.unwrap().job
}

#[tokio::test]
async fn an_answer_is_put_where_it_was_promised_and_nothing_else_is() {
    let (scene, store) = scene();
    let job = submit(&scene, "hello").await;
    assert_eq!(scene.run().await, 1);
    assert_eq!(store.at("s3://b/answers/1").as_deref(), Some("hello"));
    assert_eq!(store.at(FAILURE), None);
    assert!(!scene.get(&job).await.owes_notice());
}

#[tokio::test]
async fn what_a_worker_says_of_a_failure_stays_as_it_said_it() {
    let (scene, store) = scene();
    let job = submit(&scene, "wrong").await;
    scene.run().await;
    assert_eq!(scene.get(&job).await.phase(), Phase::Failed);
    assert_eq!(
        store.at(FAILURE).as_deref(),
        Some("Invalid: the request is wrong")
    );
    assert!(!scene.get(&job).await.owes_notice());
}

#[tokio::test]
async fn whose_time_is_over_while_it_waits_is_told_so() {
    let (scene, store) = scene();
    let job = submit(&scene, "hello").await;
    scene.clock.advance(2 * MINUTE);
    assert_eq!(scene.jobs.sweep(10).await.unwrap().expired, 1);
    assert_eq!(scene.get(&job).await.phase(), Phase::Expired);
    let told = store.at(FAILURE).unwrap();
    assert_eq!(told, "DeadlineExceeded: its time was over before it was answered");
}

#[tokio::test]
async fn a_store_that_is_away_is_told_once_it_is_back() {
    let (scene, store) = scene();
    let job = submit(&scene, "hello").await;
    scene.clock.advance(2 * MINUTE);
    store.away.store(true, Ordering::Relaxed);
    scene.jobs.sweep(10).await.unwrap();
    assert_eq!(scene.get(&job).await.phase(), Phase::Expired);
    assert!(scene.get(&job).await.owes_notice());
    store.away.store(false, Ordering::Relaxed);
    scene.clock.advance(20 * MINUTE);
    assert_eq!(scene.jobs.sweep(10).await.unwrap().announced, 1);
    assert!(store.at(FAILURE).is_some());
    assert!(!scene.get(&job).await.owes_notice());
}

#[tokio::test]
async fn who_cannot_tell_leaves_it_to_others_and_keeps_no_job_for_ever() {
    let (scene, store) = scene();
    let job = submit(&scene, "hello").await;
    let silent = scene.jobs.clone().with_notices(None);
    scene.clock.advance(2 * MINUTE);
    assert_eq!(silent.sweep(10).await.unwrap().postponed, 1);
    assert!(scene.get(&job).await.owes_notice());
    assert_eq!(store.at(FAILURE), None);
    scene.clock.advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(silent.sweep(10).await.unwrap().removed, 1);
}
