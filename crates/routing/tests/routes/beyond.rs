//! Answers that outlive the process: kept by somebody else as bytes, and found again by the next one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use busbar_core::{AnswerKey, AnswerStore, BoxFuture, CacheUse, ErrorKind, Step as Degraded, Tenant};
use busbar_routing::RouteSpec;
use busbar_testkit::{Scripted, Step};

use crate::support::{Rig, ask, down, error, get, spec};

/// Keeps answers in memory, beside the process that is tested.
#[derive(Clone, Debug, Default)]
struct Shelf(Arc<Mutex<BTreeMap<AnswerKey, Vec<u8>>>>);

impl AnswerStore for Shelf {
    fn put(&self, key: AnswerKey, write: Box<dyn FnOnce() -> Vec<u8> + Send>) {
        self.0.lock().unwrap().insert(key, write());
    }

    fn get(&self, key: &AnswerKey) -> Option<BoxFuture<'static, Option<Vec<u8>>>> {
        let bytes = self.0.lock().unwrap().get(key).cloned()?;
        Some(Box::pin(async move { Some(bytes) }))
    }
}

fn cached() -> RouteSpec {
    let mut spec = spec(&[&["a"]]);
    spec.cache_for = Some(Duration::from_secs(60));
    spec
}

/// Another process: it knows nothing but what is on the shelf.
fn process(shelf: &Shelf, model: &Scripted) -> Rig {
    let rig = Rig::new().put("p", "a", model);
    rig.routing.keep_answers_in(Arc::new(shelf.clone()));
    rig
}

#[tokio::test]
async fn the_next_process_gives_the_answer_that_the_last_one_was_given() {
    let (shelf, model) = (Shelf::default(), Scripted::saying(&["one", " two"]));
    let before = process(&shelf, &model);
    let first = get(&before, &before.route(&cached()), ask("x")).await;
    let after = process(&shelf, &down());
    for _ in 0..2 {
        let again = get(&after, &after.route(&cached()), ask("x")).await;
        assert_eq!(again.course.cache, Some(CacheUse::Hit));
        assert_eq!(again.events, first.events);
        assert_eq!(again.course.served.unwrap().target.as_ref(), "p/a");
    }
}

#[tokio::test]
async fn no_other_tenant_gets_it() {
    let (shelf, model) = (Shelf::default(), Scripted::saying(&["mine"]));
    let before = process(&shelf, &model);
    get(&before, &before.route(&cached()), ask("x")).await;
    let after = process(&shelf, &model);
    let mut other = ask("x");
    other.context.tenant = Tenant::new("other");
    let got = get(&after, &after.route(&cached()), other).await;
    assert_eq!((got.course.cache, model.started()), (Some(CacheUse::Miss), 2));
}

#[tokio::test]
async fn what_cannot_be_read_is_asked_for_again() {
    let (shelf, model) = (Shelf::default(), Scripted::saying(&["one"]));
    let before = process(&shelf, &model);
    get(&before, &before.route(&cached()), ask("x")).await;
    let whole = shelf.0.lock().unwrap().values().next().unwrap().clone();
    for garbage in [&b""[..], b"garbage", &whole[..whole.len() - 1]] {
        shelf
            .0
            .lock()
            .unwrap()
            .values_mut()
            .for_each(|bytes| *bytes = garbage.to_vec());
        let after = process(&shelf, &model);
        let got = get(&after, &after.route(&cached()), ask("x")).await;
        assert_eq!(
            (got.text.as_str(), got.course.cache),
            ("one", Some(CacheUse::Miss))
        );
    }
    assert_eq!(model.started(), 4);
}

#[tokio::test]
async fn an_answer_ages_while_nobody_runs_and_serves_when_nobody_answers() {
    let (shelf, model) = (Shelf::default(), Scripted::saying(&["once"]));
    let before = process(&shelf, &model);
    get(&before, &before.route(&cached()), ask("x")).await;
    let after = process(&shelf, &down());
    after.clock.advance(Duration::from_secs(3600));
    let mut spec = cached();
    let got = get(&after, &after.route(&spec), ask("x")).await;
    assert!(got.end.is_err(), "it is too old");
    spec.stale = true;
    let after = process(&shelf, &down());
    after.clock.advance(Duration::from_secs(3600));
    let got = get(&after, &after.route(&spec), ask("x")).await;
    assert_eq!((got.text.as_str(), got.step()), ("once", Some(Degraded::Cached)));
    assert_eq!(got.course.cache, Some(CacheUse::Stale));
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let shelf = Shelf::default();
    let cut = Scripted::new(vec![Step::text("one"), Step::Fail(error(ErrorKind::Internal))]);
    let rig = process(&shelf, &cut);
    let got = get(&rig, &rig.route(&cached()), ask("x")).await;
    assert!(got.end.is_err() && shelf.0.lock().unwrap().is_empty());
}
