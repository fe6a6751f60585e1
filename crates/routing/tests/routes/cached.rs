//! Answers that are given again: to the same tenant, for the same request, while they are fresh.

use std::time::Duration;

use busbar_core::{CacheUse, ErrorKind, Step as Degraded, Tenant};
use busbar_routing::{RouteSpec, Rules};
use busbar_testkit::{Gate, Scripted, Step};

use crate::support::{Rig, ask, error, get, labelled, spec};

fn cached() -> RouteSpec {
    let mut spec = spec(&[&["a"]]);
    spec.cache_for = Some(Duration::from_secs(60));
    spec
}

#[tokio::test]
async fn the_same_request_is_answered_from_memory_while_it_is_fresh() {
    let model = Scripted::saying(&["one", " two"]);
    let rig = Rig::new().put("p", "a", &model);
    let route = rig.route(&cached());
    let first = get(&rig, &route, ask("x")).await;
    let second = get(&rig, &route, ask("x")).await;
    assert_eq!(
        (first.course.cache, second.course.cache),
        (Some(CacheUse::Miss), Some(CacheUse::Hit))
    );
    assert_eq!((first.events, model.started()), (second.events, 1));
    assert_eq!(second.course.served.unwrap().target.as_ref(), "p/a");
    rig.clock.advance(Duration::from_secs(60));
    get(&rig, &route, ask("x")).await;
    assert_eq!(model.started(), 2);
}

#[tokio::test]
async fn another_tenant_another_request_and_who_wants_a_new_one_get_their_own() {
    let model = Scripted::saying(&["hi"]);
    let rig = Rig::new().put("p", "a", &model);
    let route = rig.route(&cached());
    get(&rig, &route, ask("x")).await;
    let mut other = ask("x");
    other.context.tenant = Tenant::new("other");
    let requests = [
        other,
        ask("y"),
        labelled("x", &[("x-busbar-cache", "no-cache")]),
        labelled("x", &[("x-busbar-cache", "no-store")]),
    ];
    for (count, request) in requests.into_iter().enumerate() {
        get(&rig, &route, request).await;
        assert_eq!(model.started(), count + 2);
    }
}

#[tokio::test]
async fn failures_and_answers_of_lesser_models_are_not_kept() {
    let a = Scripted::failing(error(ErrorKind::Unavailable));
    let b = Scripted::saying(&["hi"]);
    let rig = Rig::with(Rules {
        alarm: 0,
        ..Rules::default()
    })
    .put("p", "a", &a)
    .put("p", "b", &b);
    let mut both = spec(&[&["a"], &["b"]]);
    both.cache_for = Some(Duration::from_secs(60));
    for _ in 0..3 {
        get(&rig, &rig.route(&cached()), ask("x")).await.end.unwrap_err();
        assert_eq!(get(&rig, &rig.route(&both), ask("x")).await.text, "hi");
    }
    assert!(a.started() >= 6 && b.started() == 3);
}

#[tokio::test]
async fn an_old_answer_is_better_than_none_where_the_route_says_so() {
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let model = Scripted::answering(
        move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => vec![Step::text("once")],
            _ => vec![Step::Fail(error(ErrorKind::Unavailable))],
        },
    );
    let rig = Rig::new().put("p", "a", &model);
    let mut spec = cached();
    spec.stale = true;
    spec.instead = Some("Back soon.".into());
    let route = rig.route(&spec);
    get(&rig, &route, ask("x")).await;
    rig.clock.advance(Duration::from_secs(3600));
    for _ in 0..2 {
        let got = get(&rig, &route, ask("x")).await;
        assert_eq!(
            (got.text.as_str(), got.step(), got.course.cache),
            ("once", Some(Degraded::Cached), Some(CacheUse::Stale))
        );
    }
    assert_eq!(get(&rig, &route, ask("y")).await.step(), Some(Degraded::Static));
}

#[tokio::test]
async fn identical_requests_under_way_share_one_call() {
    let gate = Gate::closed();
    let model = Scripted::new(vec![
        Step::text("one"),
        Step::Wait(gate.clone()),
        Step::text(" two"),
    ]);
    let rig = Rig::new().put("p", "a", &model);
    let route = rig.route(&cached());
    let (opening, first, second) = tokio::join!(
        async {
            while model.started() == 0 {
                tokio::task::yield_now().await;
            }
            (0..20).for_each(|_| ());
            gate.open(1);
        },
        get(&rig, &route, ask("x")),
        get(&rig, &route, ask("x")),
    );
    let () = opening;
    assert_eq!(
        (first.text.as_str(), second.text.as_str(), model.started()),
        ("one two", "one two", 1)
    );
    assert_eq!(second.course.cache, Some(CacheUse::Shared));
}
