//! Targets that fail: who is asked next, how often, and what the client is told.

use std::time::Duration;

use busbar_core::{BreakerState, Error, ErrorKind, Money, Price, Step as Degraded, Tokens};
use busbar_routing::{BreakerRules, Rules};
use busbar_testkit::{Scripted, Step};

use crate::support::{LIMITED, Rig, ask, down, error, get, spec, target};

#[tokio::test]
async fn the_first_choice_answers_and_nothing_is_labelled() {
    let model = Scripted::saying(&["hi"]);
    let rig = Rig::new().put("p", "a", &model);
    let got = get(&rig, &rig.route(&spec(&[&["a"]])), ask("x")).await;
    assert_eq!((got.text.as_str(), got.served(), got.step()), ("hi", "p/a", None));
    assert_eq!(got.outcomes(), [("a", "served")]);
}

#[tokio::test]
async fn another_region_then_another_model_then_the_local_one_each_with_its_label() {
    let fine = Scripted::saying(&["hi"]);
    let (a, b) = (down(), down());
    let tiers: &[&[&str]] = &[&["haiku"], &["nova"], &["small"]];
    let cases: [(&Scripted, &Scripted, &str, Degraded); 3] = [
        (&fine, &fine, "bedrock/eu/haiku", Degraded::Region),
        (&a, &fine, "bedrock/nova", Degraded::Alternative),
        (&a, &b, "local/small", Degraded::Local),
    ];
    for (second, third, served, step) in cases {
        let rig = Rig::new()
            .put("bedrock/us", "haiku", &down())
            .put("bedrock/eu", "haiku", second)
            .put("bedrock", "nova", third)
            .put("local", "small", &fine);
        let got = get(&rig, &rig.route(&spec(tiers)), ask("x")).await;
        assert_eq!((got.served(), got.step()), (served, Some(step)));
    }
}

#[tokio::test]
async fn a_declared_step_is_the_label() {
    let rig = Rig::new()
        .put("p", "a", &down())
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.tiers[1].step = Some(Degraded::Cheaper);
    assert_eq!(
        get(&rig, &rig.route(&spec), ask("x")).await.step(),
        Some(Degraded::Cheaper)
    );
}

#[tokio::test]
async fn a_wrong_request_is_asked_once() {
    let wrong = Scripted::failing(Error::invalid("messages", "no"));
    let other = Scripted::saying(&["hi"]);
    let rig = Rig::new().put("p", "a", &wrong).put("p", "b", &other);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x")).await;
    assert_eq!((got.error().kind(), other.started()), (ErrorKind::Invalid, 0));
    assert_eq!(
        target(&rig.route(&spec(&[&["a"]])), "/a").failed,
        0.0,
        "the target did its part"
    );
}

#[tokio::test]
async fn what_one_cannot_read_or_do_another_may() {
    let long = Error::new(ErrorKind::Invalid, "long").with_code("context_length_exceeded");
    for reason in [long, error(ErrorKind::Unsupported)] {
        let rig =
            Rig::new()
                .put("p", "a", &Scripted::failing(reason))
                .put("p", "b", &Scripted::saying(&["hi"]));
        assert_eq!(
            get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x"))
                .await
                .served(),
            "p/b"
        );
    }
}

#[tokio::test]
async fn everything_is_tried_once_more_after_a_while_and_then_told() {
    let (a, b) = (down(), down());
    let rig = Rig::new().put("p", "a", &a).put("p", "b", &b);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x")).await;
    assert_eq!((a.started(), b.started()), (2, 2));
    assert_eq!(got.error().kind(), ErrorKind::Unavailable);
    assert_eq!(got.error().code(), Some("no_target_answered"));
}

#[tokio::test]
async fn one_that_asks_to_be_left_alone_is_asked_again_only_then() {
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let model = Scripted::answering(
        move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => vec![Step::Fail(error(LIMITED))],
            _ => vec![Step::text("hi")],
        },
    );
    let rig = Rig::new().put("p", "a", &model);
    let began = busbar_core::Clock::now(&rig.clock);
    let got = get(&rig, &rig.route(&spec(&[&["a"]])), ask("x")).await;
    assert_eq!((got.text.as_str(), model.started()), ("hi", 2));
    assert!(busbar_core::Clock::now(&rig.clock) - began >= Duration::from_secs(2));
}

#[tokio::test]
async fn meanwhile_others_are_told_when_to_come_back() {
    let far = ErrorKind::RateLimited {
        retry_after: Duration::from_secs(30),
    };
    let model = Scripted::failing(error(far));
    let rig = Rig::new().put("p", "a", &model);
    let route = rig.route(&spec(&[&["a"]]));
    assert_eq!(
        get(&rig, &route, ask("x")).await.error().kind(),
        far,
        "too long to wait for"
    );
    let got = get(&rig, &route, ask("x")).await;
    let ErrorKind::Overloaded { retry_after } = got.error().kind() else {
        panic!("{got:?}")
    };
    assert!(retry_after > Duration::from_secs(20) && model.started() == 1);
}

#[tokio::test]
async fn a_breaker_opens_is_labelled_and_closes_again() {
    let well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_well = well.clone();
    let model = Scripted::answering(move |_| match is_well.load(std::sync::atomic::Ordering::SeqCst) {
        true => vec![Step::text("well")],
        false => vec![Step::Fail(error(ErrorKind::BadUpstream))],
    });
    let rules = Rules {
        alarm: 0,
        ..Rules::default()
    };
    let rig = Rig::with(rules)
        .put("p", "a", &model)
        .put("p", "b", &Scripted::saying(&["hi"]));
    let route = rig.route(&spec(&[&["a"], &["b"]]));
    for _ in 0..10 {
        assert_eq!(get(&rig, &route, ask("x")).await.served(), "p/b");
    }
    assert_eq!(target(&route, "/a").breaker, BreakerState::Open);
    let got = get(&rig, &route, ask("x")).await;
    assert_eq!(
        (got.outcomes(), got.step()),
        (vec![("b", "served")], Some(Degraded::Alternative))
    );
    assert_eq!(model.started(), 10, "an open breaker lets nothing through");
    well.store(true, std::sync::atomic::Ordering::SeqCst);
    rig.clock.advance(Duration::from_secs(5));
    for _ in 0..2 {
        assert_eq!(get(&rig, &route, ask("x")).await.text, "well");
    }
    assert_eq!(target(&route, "/a").breaker, BreakerState::Closed);
}

#[tokio::test]
async fn what_a_target_learnt_stays_when_routes_are_made_anew() {
    let rig = Rig::with(Rules {
        alarm: 0,
        ..Rules::default()
    })
    .put("p", "a", &down())
    .put("p", "b", &Scripted::saying(&["hi"]));
    for _ in 0..10 {
        get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x")).await;
    }
    assert_eq!(
        target(&rig.route(&spec(&[&["b"], &["a"]])), "/a").breaker,
        BreakerState::Open
    );
}

#[tokio::test]
async fn tries_are_bounded_by_the_budget_and_by_the_alarm() {
    let model = down();
    let breaker = BreakerRules {
        calls: 100_000,
        ..BreakerRules::default()
    };
    let rig = Rig::with(Rules {
        alarm: 0,
        breaker,
        ..Rules::default()
    })
    .put("p", "a", &model);
    let route = rig.route(&spec(&[&["a"]]));
    for _ in 0..200 {
        get(&rig, &route, ask("x")).await;
    }
    let again = model.started() - 200;
    assert!(
        (48..=50).contains(&again),
        "{again}: ten in reserve, and a fifth of what is asked"
    );

    let model = down();
    let rig = Rig::with(Rules {
        alarm: 50,
        breaker,
        retry_percent: 100,
        ..Rules::default()
    })
    .put("p", "a", &model);
    let route = rig.route(&spec(&[&["a"]]));
    for _ in 0..200 {
        get(&rig, &route, ask("x")).await;
    }
    assert!(route.route.unwrap().status().alarmed);
    assert!(model.started() < 230, "{}: a storm", model.started());
}

#[tokio::test]
async fn where_nobody_answers_a_text_of_the_configuration_does() {
    let rig = Rig::new().put("p", "a", &down());
    let mut spec = spec(&[&["a"]]);
    spec.instead = Some("Back soon.".into());
    let got = get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(
        (got.text.as_str(), got.step()),
        ("Back soon.", Some(Degraded::Static))
    );
    got.end.unwrap();
    let wrong = Rig::new().put("p", "a", &Scripted::failing(Error::invalid("x", "no")));
    let refused = get(&wrong, &wrong.route(&spec), ask("x")).await;
    assert_eq!(
        refused.error().kind(),
        ErrorKind::Invalid,
        "a wrong request stays wrong"
    );
}

#[tokio::test]
async fn a_model_that_is_not_there_yet_is_passed_over() {
    let rig = Rig::new().put("p", "b", &Scripted::saying(&["hi"]));
    let route = rig.route(&spec(&[&["loading"], &["b"]]));
    assert_eq!(get(&rig, &route, ask("x")).await.served(), "p/b");
    assert!(!target(&route, "/loading").present);
    let alone = rig.route(&spec(&[&["loading"]]));
    let got = get(&rig, &alone, ask("x")).await;
    assert!(
        matches!(got.error().kind(), ErrorKind::Overloaded { .. }),
        "it may be there soon: {got:?}"
    );
}

#[tokio::test]
async fn the_cost_is_that_of_who_served_and_of_what_was_cut() {
    let price = |input: u64, output: u64| Price {
        input: Money::picodollars(input),
        cached_input: Money::ZERO,
        cache_write: Money::ZERO,
        output: Money::picodollars(output),
        reasoning: Money::ZERO,
        since: "2026-01-01".into(),
    };
    let cut = Scripted::new(vec![
        Step::text("one "),
        Step::text("two "),
        Step::Fail(error(ErrorKind::BadUpstream)),
    ]);
    let rig = Rig::new()
        .put_with("p", "a", &cut, |model| model.card.price = Some(price(0, 1_000)))
        .put_with("p", "b", &Scripted::saying(&["three"]), |model| {
            model.card.price = Some(price(0, 10));
        });
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x")).await;
    assert_eq!(got.text, "one two three");
    assert_eq!(got.course.total, Some(Money::picodollars(2_010)));
    let Some(busbar_core::Event::Done(done)) = got.events.last() else {
        panic!()
    };
    assert_eq!(done.usage.output, Tokens(3), "what both wrote");
}

#[tokio::test]
async fn a_full_target_is_passed_over_and_work_that_may_wait_waits() {
    let limit = busbar_routing::LimitRules {
        first: 10,
        least: 1,
        most: 10,
    };
    let model = Scripted::new(vec![Step::text("a"), Step::Stall]);
    let rig = Rig::with(Rules {
        limit: Some(limit),
        ..Rules::default()
    })
    .put("p", "a", &model)
    .put("p", "b", &Scripted::saying(&["hi"]));
    let route = rig.route(&spec(&[&["a"]]));
    let chat = route.chat.clone().unwrap();
    let mut held = Vec::new();
    for _ in 0..7 {
        held.push(chat.chat(ask("x")).await.unwrap());
    }
    let mut background = ask("x");
    background.context.priority = busbar_core::Priority::Background;
    let shed = get(&rig, &route, background).await;
    assert!(matches!(shed.error().kind(), ErrorKind::Overloaded { .. }));
    for _ in 0..3 {
        held.push(chat.chat(ask("x")).await.unwrap());
    }
    assert_eq!(
        get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x"))
            .await
            .served(),
        "p/b"
    );
    drop(held);
    assert_eq!(target(&route, "/a").in_flight, 0);
}

#[test]
fn a_model_at_several_places_is_a_route_by_itself() {
    let rig = Rig::new()
        .put("p/us", "a", &down())
        .put("p/eu", "a", &down())
        .put("p", "b", &down());
    let unused = spec(&[&["b"]]);
    let names: Vec<_> = rig
        .models(&unused)
        .into_iter()
        .map(|model| (model.card.id.to_string(), model.route.is_some()))
        .collect();
    assert_eq!(
        names,
        [("a".into(), true), ("b".into(), false), ("r".into(), true)]
    );
}
