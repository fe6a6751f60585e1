//! What attempts cost that are not the answer: to the token where their host said what it used, and called an
//! estimate where it did not get to.

use std::time::Duration;

use busbar_core::{Course, ErrorKind, Event, Model, Money, Price, Tokens, Usage};
use busbar_testkit::{Scripted, Step};

use crate::support::{Got, Rig, ask, error, get, spec};

const SECOND: Duration = Duration::from_secs(1);

/// A picodollar for a token read, a thousand for one written.
fn priced(model: &mut Model) {
    model.card.price = Some(Price {
        input: Money::picodollars(1),
        cached_input: Money::ZERO,
        cache_write: Money::ZERO,
        output: Money::picodollars(1_000),
        reasoning: Money::ZERO,
        since: "".into(),
    });
}

fn told(input: u32, output: u32) -> Step {
    Step::Send(Event::Usage(Usage {
        input: Tokens(input),
        output: Tokens(output),
        ..Usage::default()
    }))
}

fn cut() -> Step {
    Step::Fail(error(ErrorKind::BadUpstream))
}

/// The first is lost in some way; the second, which costs nothing, answers.
async fn check(first: Vec<Step>, hedge: bool) -> Got {
    let rig = Rig::new()
        .put_with("p", "a", &Scripted::new(first), priced)
        .put_with("p", "b", &Scripted::saying(&["two"]), |model| {
            priced(model);
            model.card.price = model.card.price.take().map(|price| Price {
                input: Money::ZERO,
                output: Money::ZERO,
                ..price
            });
        });
    let mut spec = match hedge {
        true => spec(&[&["a", "b"]]),
        false => spec(&[&["a"], &["b"]]),
    };
    spec.hedge_after = hedge.then_some(SECOND);
    get(&rig, &rig.route(&spec), ask("a question of some length")).await
}

fn spent(course: &Course) -> (u64, bool) {
    (course.spent.as_picodollars(), course.estimated)
}

#[tokio::test]
async fn a_loser_of_a_race_costs_what_it_said_that_it_read() {
    let got = check(vec![told(40, 1), Step::Stall], true).await;
    assert_eq!(got.outcomes(), [("b", "served"), ("a", "hedged")]);
    assert_eq!(spent(&got.course), (1_040, false));
}

#[tokio::test]
async fn a_loser_of_a_race_that_said_nothing_is_estimated() {
    let got = check(vec![Step::Stall], true).await;
    let (cost, estimated) = spent(&got.course);
    assert!(cost > 0 && estimated, "{cost} {estimated}");
}

#[tokio::test]
async fn a_stream_that_was_cut_costs_what_its_host_counted_up_to_then() {
    let first = vec![told(40, 0), Step::text("one "), told(40, 3), cut()];
    let got = check(first, false).await;
    assert_eq!(
        (got.text.as_str(), spent(&got.course)),
        ("one two", (3_040, false))
    );
}

#[tokio::test]
async fn a_stream_that_was_cut_before_its_host_counted_is_estimated() {
    for first in [
        vec![Step::text("one "), cut()],
        vec![told(40, 0), Step::text("one "), cut()],
    ] {
        let got = check(first, false).await;
        let (cost, estimated) = spent(&got.course);
        assert!(cost >= 1_001 && estimated, "{cost} {estimated}");
    }
}

#[tokio::test]
async fn what_was_read_for_an_answer_that_never_began_is_paid() {
    let got = check(vec![told(40, 0), cut()], false).await;
    assert_eq!((got.text.as_str(), spent(&got.course)), ("two", (40, false)));
    let got = check(vec![cut()], false).await;
    assert_eq!(spent(&got.course), (0, false));
}
