//! Targets that are late: silent before the first event, silent within, too slow, hedged.

use std::time::Duration;

use busbar_core::{ErrorKind, Event, Progress};
use busbar_routing::{Floor, OnCut};
use busbar_testkit::{Gate, Scripted, Step};

use crate::support::{Rig, ask, error, get, spec, target};

const SECOND: Duration = Duration::from_secs(1);

fn silent() -> Scripted {
    Scripted::new(vec![Step::Stall])
}

#[tokio::test]
async fn one_that_says_nothing_is_given_up_and_freed() {
    let hangs = silent();
    let rig = Rig::new()
        .put("p", "a", &hangs)
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.timeouts.first_event = Some(SECOND);
    let route = rig.route(&spec);
    let got = get(&rig, &route, ask("x")).await;
    assert_eq!(got.outcomes(), [("a", "timeout"), ("b", "served")]);
    assert_eq!(hangs.live(), 0);
    assert_eq!(target(&route, "/a").failed, 1.0);
}

#[tokio::test]
async fn a_sign_of_life_is_no_answer() {
    let progress = Event::Progress(Progress {
        stage: "prompt",
        done: 1,
        total: 2,
    });
    let hangs = Scripted::new(vec![Step::Send(progress), Step::Stall]);
    let rig = Rig::new()
        .put("p", "a", &hangs)
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.timeouts.first_event = Some(SECOND);
    assert_eq!(get(&rig, &rig.route(&spec), ask("x")).await.served(), "p/b");
}

#[tokio::test]
async fn a_models_own_time_is_kept_to() {
    let rig = Rig::new()
        .put("p", "a", &silent())
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.timeouts.first_event = Some(60 * SECOND);
    spec.tiers[0].targets[0].timeouts.first_event = Some(SECOND);
    let began = busbar_core::Clock::now(&rig.clock);
    get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(busbar_core::Clock::now(&rig.clock) - began, SECOND);
}

#[tokio::test]
async fn how_long_a_connection_may_take_is_said_to_each_target() {
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = |steps: Vec<Step>| {
        let heard = std::sync::Arc::clone(&heard);
        Scripted::answering(move |request| {
            heard.lock().unwrap().push(request.context.connect());
            steps.clone()
        })
    };
    let lost = Step::Fail(error(ErrorKind::Unavailable));
    let rig = Rig::new()
        .put("p", "a", &hears(vec![lost.clone()]))
        .put("p", "b", &hears(vec![lost]))
        .put("p", "c", &hears(vec![Step::text("hi")]));
    let mut spec = spec(&[&["a"], &["b"], &["c"]]);
    spec.timeouts.connect = Some(2 * SECOND);
    spec.tiers[0].targets[0].timeouts.connect = Some(SECOND);
    get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(
        *heard.lock().unwrap(),
        [Some(SECOND), Some(2 * SECOND), Some(2 * SECOND)]
    );
    spec.timeouts.connect = None;
    heard.lock().unwrap().clear();
    get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(*heard.lock().unwrap(), [Some(SECOND), None, None]);
}

#[tokio::test]
async fn a_stream_that_stalls_is_lost() {
    let stalls = Scripted::new(vec![Step::text("a"), Step::Stall]);
    let rig = Rig::new().put("p", "a", &stalls);
    let mut spec = spec(&[&["a"]]);
    spec.timeouts.between_events = Some(SECOND);
    spec.on_cut = OnCut::Fail;
    let got = get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!((got.text.as_str(), got.error().code()), ("a", Some("stalled")));
    assert_eq!((got.outcomes(), stalls.live()), (vec![("a", "stalled")], 0));
}

#[tokio::test]
async fn one_that_begins_too_slowly_is_not_taken() {
    let (gate, slow) = (Gate::closed(), |gate: &Gate| {
        vec![Step::text("s"), Step::Wait(gate.clone()), Step::text("low")]
    });
    let slow = Scripted::new(slow(&gate));
    let rig = Rig::new()
        .put("p", "a", &slow)
        .put("p", "b", &Scripted::saying(&["qu", "ick"]));
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.floor = Some(Floor {
        pieces: 2,
        within: SECOND,
    });
    let got = get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(
        (got.text.as_str(), got.outcomes()[0]),
        ("quick", ("a", "too_slow"))
    );
    assert_eq!(slow.live(), 0);
}

#[tokio::test]
async fn a_short_answer_is_quick_enough() {
    let rig = Rig::new().put("p", "a", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a"]]);
    spec.floor = Some(Floor {
        pieces: 5,
        within: SECOND,
    });
    assert_eq!(get(&rig, &rig.route(&spec), ask("x")).await.text, "hi");
}

#[tokio::test]
async fn a_second_one_is_asked_when_the_first_is_late_and_the_loser_goes() {
    let late = silent();
    let rig = Rig::new()
        .put("p", "a", &late)
        .put("p", "b", &Scripted::saying(&["hi"]));
    let mut spec = spec(&[&["a", "b"]]);
    spec.hedge_after = Some(SECOND);
    let got = get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(
        (got.text.as_str(), got.outcomes()),
        ("hi", vec![("b", "served"), ("a", "hedged")])
    );
    assert!(got.course.unpriced, "what the loser cost is not known");
    assert_eq!(late.live(), 0);
}

#[tokio::test]
async fn the_first_one_may_still_win() {
    let gate = Gate::closed();
    let first = Scripted::new(vec![Step::Wait(gate.clone()), Step::text("first")]);
    let opens = gate.clone();
    let second = Scripted::answering(move |_| {
        opens.open(1);
        vec![Step::Stall]
    });
    let rig = Rig::new().put("p", "a", &first).put("p", "b", &second);
    let mut spec = spec(&[&["a", "b"]]);
    spec.hedge_after = Some(SECOND);
    let got = get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!((got.text.as_str(), second.live()), ("first", 0));
}

#[tokio::test]
async fn the_time_for_everything_is_the_deadline_that_targets_see() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
    let sees = seen.clone();
    let model = Scripted::answering(move |request| {
        *sees.lock().unwrap() = request.context.deadline;
        vec![Step::text("hi")]
    });
    let rig = Rig::new().put("p", "a", &model);
    let mut spec = spec(&[&["a"]]);
    spec.timeouts.total = Some(SECOND);
    let due = busbar_core::Clock::now(&rig.clock) + SECOND;
    get(&rig, &rig.route(&spec), ask("x")).await;
    assert_eq!(*seen.lock().unwrap(), Some(due));
}

#[tokio::test]
async fn a_request_whose_time_is_up_is_not_tried_elsewhere() {
    let late = Scripted::failing(crate::support::error(ErrorKind::DeadlineExceeded));
    let other = Scripted::saying(&["hi"]);
    let rig = Rig::new().put("p", "a", &late).put("p", "b", &other);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("x")).await;
    assert_eq!(
        (got.error().kind(), other.started()),
        (ErrorKind::DeadlineExceeded, 0)
    );
}
