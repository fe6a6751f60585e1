//! Which target is chosen, and why another is not: told by the plan that requests go by.

use std::time::Duration;

use busbar_core::{
    Content, Explanation, Media, MediaKind, MediaSource, Message, Model, Money, Part, Price, Prompt, Tokens,
    Tool,
};
use busbar_routing::{Choose, Flag, Hours, Residency, When};
use busbar_testkit::Scripted;

use crate::support::{Rig, ask, down, get, labelled, spec};

fn explain(model: &Model, request: &busbar_core::ChatRequest, failing: &[&str]) -> Explanation {
    let failing: Vec<String> = failing.iter().map(|name| (*name).to_owned()).collect();
    model.route.as_ref().unwrap().explain(request, &failing)
}

fn order(explained: &Explanation) -> Vec<&str> {
    explained.order.iter().map(|tried| &*tried.target).collect()
}

fn reasons(explained: &Explanation) -> Vec<(&str, &str)> {
    explained
        .excluded
        .iter()
        .map(|without| (&*without.target, without.reason))
        .collect()
}

fn three() -> Rig {
    let model = Scripted::saying(&["hi"]);
    Rig::new()
        .put("p", "a", &model)
        .put("p", "b", &model)
        .put("p", "c", &model)
}

#[tokio::test]
async fn explaining_says_where_requests_go_and_what_happens_without_one() {
    let rig = Rig::new()
        .put("bedrock/us-east-1", "haiku", &Scripted::saying(&["hi"]))
        .put("bedrock/eu-west-1", "haiku", &Scripted::saying(&["hi"]))
        .put("local", "small", &Scripted::saying(&["hi"]));
    let route = rig.route(&spec(&[&["haiku"], &["small"]]));
    let all = [
        "bedrock/us-east-1/haiku",
        "bedrock/eu-west-1/haiku",
        "local/small",
    ];
    assert_eq!(order(&explain(&route, &ask("x"), &[])), all);
    let without = explain(&route, &ask("x"), &["bedrock/us-east-1"]);
    assert_eq!(order(&without), all[1..]);
    assert_eq!(reasons(&without), [(all[0], "said_to_fail")]);
    assert_eq!(without.order[0].step.map(|step| step.as_str()), Some("region"));
    assert_eq!(order(&explain(&route, &ask("x"), &["haiku"])), all[2..]);
    assert_eq!(
        order(&explain(&route, &ask("x"), &["bed"])),
        all,
        "a part of a name is no name"
    );
    assert_eq!(get(&rig, &route, ask("x")).await.served(), all[0]);
}

#[test]
fn hard_constraints_come_first() {
    let model = Scripted::saying(&["hi"]);
    let rig = Rig::new()
        .put_with("p", "a", &model, |model| model.card.capabilities.tools = false)
        .put_with("p", "b", &model, |model| model.card.capabilities.images = true)
        .put_with("p", "c", &model, |model| {
            model.card.capabilities.context_window = Tokens(100);
            model.card.capabilities.max_output = Tokens(50);
        });
    let route = rig.route(&spec(&[&["a"], &["b"], &["c"]]));
    let mut tools = ask("x");
    tools.tools = vec![Tool::new("t", serde_json::json!({}))];
    assert_eq!(reasons(&explain(&route, &tools, &[])), [("p/a", "capability")]);
    let picture = Part::Media(Media {
        kind: MediaKind::Image,
        media_type: "image/png".into(),
        source: MediaSource::Url("https://x".into()),
        name: None,
        detail: None,
    });
    let content: Content = [picture].into_iter().collect();
    let mut looks = ask("x");
    looks.prompt = Prompt::Messages(vec![Message::user(content)]);
    assert_eq!(order(&explain(&route, &looks, &[])), ["p/b"]);
    assert_eq!(
        reasons(&explain(&route, &ask(&"word ".repeat(200)), &[])),
        [("p/c", "context_window")]
    );
    let mut much = ask("x");
    much.max_tokens = Some(Tokens(51));
    assert_eq!(reasons(&explain(&route, &much, &[])), [("p/c", "output_limit")]);
}

#[tokio::test]
async fn what_fits_nowhere_is_refused_by_the_name_of_the_field() {
    let rig = Rig::new().put_with("p", "a", &Scripted::saying(&["hi"]), |model| {
        model.card.capabilities.context_window = Tokens(100);
    });
    let route = rig.route(&spec(&[&["a"]]));
    let got = get(&rig, &route, ask(&"word ".repeat(200))).await;
    assert_eq!(
        (got.error().code(), got.error().param()),
        (Some("context_length_exceeded"), Some("messages"))
    );
    let mut much = ask("x");
    much.max_tokens = Some(Tokens(5_000));
    assert_eq!(get(&rig, &route, much).await.error().param(), Some("max_tokens"));
}

#[test]
fn data_stays_where_it_may_be_and_what_runs_here_goes_nowhere() {
    let rig = Rig::new()
        .put("bedrock/us-east-1", "a", &down())
        .put("bedrock/eu-west-1", "a", &down())
        .put("elsewhere", "b", &down())
        .put("local", "c", &down());
    let mut spec = spec(&[&["a"], &["b"], &["c"]]);
    let asked = rig.route(&spec);
    let narrowed = labelled("x", &[("x-busbar-residency", "eu-*, uk-*")]);
    let within = ["bedrock/eu-west-1/a", "local/c"];
    assert_eq!(order(&explain(&asked, &narrowed, &[])), within);
    spec.residency = Residency(vec!["eu-*".into()]);
    let explained = explain(&rig.route(&spec), &ask("x"), &[]);
    assert_eq!(order(&explained), within);
    assert_eq!(
        reasons(&explained),
        [("bedrock/us-east-1/a", "residency"), ("elsewhere/b", "residency")]
    );
    assert_eq!(
        explained.order[0].step, None,
        "what may not be is no first choice"
    );
}

#[tokio::test]
async fn weights_are_kept_to_and_nothing_goes_where_the_weight_is_0() {
    let rig = three();
    let mut spec = spec(&[&["a", "b", "c"]]);
    spec.tiers[0].choose = Choose::Weights;
    for (target, weight) in spec.tiers[0].targets.iter_mut().zip([3, 1, 0]) {
        target.weight = weight;
    }
    let route = rig.route(&spec);
    let mut first = std::collections::BTreeMap::new();
    for _ in 0..1_000 {
        let got = get(&rig, &route, ask("x")).await;
        *first.entry(got.served().to_owned()).or_insert(0) += 1;
    }
    assert!(
        (690..810).contains(&first["p/a"]) && first.len() == 2,
        "{first:?}"
    );
    assert_eq!(reasons(&explain(&route, &ask("x"), &[])), [("p/c", "drained")]);
}

#[test]
fn a_key_goes_to_the_same_target_and_only_those_of_a_lost_one_move() {
    let rig = three();
    let mut spec = spec(&[&["a", "b", "c"]]);
    spec.tiers[0].choose = Choose::Sticky;
    let route = rig.route(&spec);
    let mut moved = 0;
    for n in 0..300 {
        let request = labelled("x", &[("x-busbar-key", &format!("user-{n}"))]);
        let whole = explain(&route, &request, &[]);
        assert_eq!(order(&whole), order(&explain(&route, &request, &[])));
        let without = explain(&route, &request, &["b"]);
        let rest: Vec<_> = order(&whole).into_iter().filter(|name| *name != "p/b").collect();
        assert_eq!(order(&without), rest);
        moved += usize::from(order(&whole)[0] == "p/b");
    }
    assert!(
        (70..130).contains(&moved),
        "{moved} of 300 keys were on one of three"
    );
}

#[test]
fn the_cheapest_and_the_quickest_come_first() {
    let price = |dollars: u64| Price {
        input: Money::picodollars(dollars),
        cached_input: Money::ZERO,
        cache_write: Money::ZERO,
        output: Money::picodollars(dollars),
        reasoning: Money::ZERO,
        since: "2026-01-01".into(),
    };
    let model = Scripted::saying(&["hi"]);
    let rig = Rig::new()
        .put("p", "a", &model)
        .put_with("p", "b", &model, |model| model.card.price = Some(price(9)))
        .put_with("p", "c", &model, |model| model.card.price = Some(price(3)));
    let mut spec = spec(&[&["a", "b", "c"]]);
    spec.tiers[0].choose = Choose::Cheapest;
    assert_eq!(
        order(&explain(&rig.route(&spec), &ask("x"), &[])),
        ["p/c", "p/b", "p/a"]
    );
}

#[tokio::test]
async fn who_was_slow_comes_later() {
    let slow = Scripted::new(vec![busbar_testkit::Step::Stall]);
    let rig = Rig::new()
        .put("p", "a", &slow)
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a", "b"]]);
    spec.tiers[0].choose = Choose::Fastest;
    spec.timeouts.first_event = Some(Duration::from_secs(2));
    spec.hedge_after = Some(Duration::from_secs(1));
    let route = rig.route(&spec);
    get(&rig, &route, ask("x")).await;
    assert_eq!(explain(&route, &ask("x"), &[]).order.len(), 2);
}

#[test]
fn a_flag_is_on_for_its_part_of_the_keys_and_for_those_it_names() {
    let rig = three();
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.tiers[0].flag = Some("new".into());
    let on = |percent: u8| {
        let mut spec = spec.clone();
        let keys = vec!["staff-*".into()];
        spec.flags.insert("new".into(), Flag { percent, keys });
        let route = rig.route(&spec);
        let has =
            |key: String| order(&explain(&route, &labelled("x", &[("x-busbar-key", &key)]), &[]))[0] == "p/a";
        assert!(has("staff-1".into()));
        (0..1_000)
            .filter(|n| has(format!("user-{n}")))
            .collect::<Vec<_>>()
    };
    let (few, more) = (on(10), on(50));
    assert!((60..140).contains(&few.len()) && (440..560).contains(&more.len()));
    assert!(few.iter().all(|n| more.contains(n)), "who is in stays in");
    let off = explain(&rig.route(&spec), &ask("x"), &[]);
    assert_eq!(reasons(&off), [("p/a", "flag")]);
}

#[test]
fn conditions_on_headers_keys_and_hours_hold() {
    let rig = three();
    let mut spec = spec(&[&["a"], &["b"]]);
    let check = |when: When, labels: &[(&str, &str)], there: bool| {
        let mut spec = spec.clone();
        spec.tiers[0].targets[0].when = when;
        let explained = explain(&rig.route(&spec), &labelled("x", labels), &[]);
        assert_eq!(order(&explained).len() == 2, there, "{explained:?}");
    };
    let plan = || When {
        headers: vec![("x-plan".into(), "gold*".into())],
        ..When::default()
    };
    check(plan(), &[("x-plan", "golden")], true);
    check(plan(), &[("x-plan", "silver")], false);
    check(plan(), &[], false);
    let keys = || When {
        keys: vec!["u1".into()],
        ..When::default()
    };
    check(keys(), &[("x-busbar-key", "u1")], true);
    check(keys(), &[], false);
    // The tests' clock stands at midnight.
    check(
        When {
            hours: Some(Hours { from: 0, to: 60 }),
            ..When::default()
        },
        &[],
        true,
    );
    check(
        When {
            hours: Some(Hours { from: 60, to: 120 }),
            ..When::default()
        },
        &[],
        false,
    );
    let wall = busbar_core::Clock::wall(&rig.clock);
    check(
        When {
            from: Some(wall + Duration::from_secs(1)),
            ..When::default()
        },
        &[],
        false,
    );
    check(
        When {
            until: Some(wall),
            ..When::default()
        },
        &[],
        false,
    );
    spec.key = "x-user".into();
    let headers: Vec<&str> = spec.headers().collect();
    assert!(headers.contains(&"x-user"));
}
