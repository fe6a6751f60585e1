//! Streams that lose their model: another one goes on from the text that was sent. Whatever the cut,
//! nothing is said twice and nothing is missing.

use std::sync::Arc;

use busbar_core::{ChatRequest, ErrorKind, Event, OutputFormat, Prompt, Resumed, ThoughtDelta, ToolCallId};
use busbar_routing::OnCut;
use busbar_testkit::{Scripted, Step, said_before};
use proptest::prelude::*;

use crate::support::{Got, Rig, ask, error, get, labelled, spec};

fn cut() -> Step {
    Step::Fail(error(ErrorKind::BadUpstream))
}

/// What was said of the answer before this request was made; a text that is to be continued begins with it.
fn begun(request: &ChatRequest) -> String {
    match &request.prompt {
        Prompt::Text(text) => text.strip_prefix("start:").unwrap_or_default().to_owned(),
        Prompt::Messages(_) => said_before(request),
    }
}

/// A model that says the whole text, from where it was left, in pieces of so many characters, and is cut
/// after so many pieces.
fn teller(text: &str, size: usize, cut_after: Option<usize>) -> Scripted {
    let text: Arc<str> = text.into();
    Scripted::answering(move |request| {
        let before = begun(request);
        // Hosts give a beginning back without the space at its end.
        let rest = text.strip_prefix(before.as_str()).unwrap();
        let chars: Vec<char> = rest.chars().collect();
        let pieces = chars
            .chunks(size)
            .map(|piece| Step::text(&piece.iter().collect::<String>()));
        match cut_after {
            Some(count) => pieces.take(count).chain([cut()]).collect(),
            None => pieces.collect(),
        }
    })
}

fn resumes(got: &Got) -> Vec<(&str, &str)> {
    let resumed = got.events.iter().filter_map(|event| match event {
        Event::Resumed(Resumed { from, to }) => Some((from.as_str(), to.as_str())),
        _ => None,
    });
    resumed.collect()
}

fn rig(models: [&Scripted; 3], prefill: bool) -> Rig {
    let names = ["a", "b", "c"];
    names.iter().zip(models).fold(Rig::new(), |rig, (name, model)| {
        rig.put_with("p", name, model, |model| {
            model.card.capabilities.prefill = prefill;
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn wherever_it_is_cut_nothing_is_said_twice_and_nothing_is_missing(
        text in "[a-z]{1,6}( [a-zé]{1,6}){0,12}\\.?",
        size in 1_usize..8,
        first in 0_usize..20,
        second in 0_usize..20,
        prefill: bool,
        plain: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (a, b, c) = (teller(&text, size, Some(first)), teller(&text, size, Some(second)), teller(&text, size, None));
            let rig = rig([&a, &b, &c], prefill);
            let mut request = ask("tell");
            if plain {
                request.prompt = Prompt::Text("start:".into());
            }
            let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"], &["c"]])), request).await;
            prop_assert_eq!(&got.text, &text);
            prop_assert!(got.end.is_ok());
            // A cut before the first word is another try; after it, it is told.
            let told = resumes(&got).len();
            prop_assert!(told <= 2 && u32::try_from(told).unwrap() == got.course.resumed);
            prop_assert!(first == 0 || told >= 1);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn every_cut_point_of_one_answer() {
    let text = "The harbour master counts the ships that come and go, each of them twice.";
    for at in 1..text.chars().count() {
        for prefill in [false, true] {
            let (a, b) = (teller(text, 1, Some(at)), teller(text, 1, None));
            let rig = rig([&a, &b, &b], prefill);
            let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
            assert_eq!(got.text, text, "cut at {at}");
            assert_eq!(resumes(&got), [("a", "b")]);
        }
    }
}

#[tokio::test]
async fn a_model_that_says_the_last_words_again_is_joined_where_they_end() {
    let text = "The harbour master counts the ships that come and go, each of them twice.";
    for at in 20..60 {
        let first = Scripted::new(vec![Step::text(&text[..at]), cut()]);
        let again = Scripted::saying(&[&text[at - 18..at + 4], &text[at + 4..]]);
        let rig = rig([&first, &again, &again], false);
        let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
        assert_eq!(got.text, text, "cut at {at}");
    }
}

#[tokio::test]
async fn an_answer_in_other_words_is_not_mixed_in() {
    let first = Scripted::new(vec![
        Step::text("The harbour master counts the ships that come and go, "),
        cut(),
    ]);
    let other = Scripted::saying(&["The harbour master counts the ships every night."]);
    let rig = rig([&first, &other, &other], false);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
    assert_eq!(got.error().code(), Some("stream_interrupted"));
    assert_eq!(got.text, "The harbour master counts the ships that come and go, ");
}

#[tokio::test]
async fn a_client_may_rather_have_an_error() {
    let (a, b) = (teller("one two", 1, Some(3)), teller("one two", 1, None));
    let rig = rig([&a, &b, &b], false);
    let route = rig.route(&spec(&[&["a"], &["b"]]));
    let got = get(&rig, &route, labelled("tell", &[("x-busbar-on-cut", "fail")])).await;
    assert_eq!((got.text.as_str(), b.started()), ("one", 0));
    assert_eq!(got.error().kind(), ErrorKind::BadUpstream);
    let mut strict = spec(&[&["a"], &["b"]]);
    strict.on_cut = OnCut::Fail;
    let got = get(
        &rig,
        &rig.route(&strict),
        labelled("tell", &[("x-busbar-on-cut", "go-on")]),
    )
    .await;
    assert_eq!(got.text, "one two");
}

#[tokio::test]
async fn a_call_under_way_and_an_answer_of_a_given_form_are_not_spliced() {
    let call = Event::ToolCallStart {
        index: 0,
        id: ToolCallId::new("1"),
        name: "t".into(),
    };
    let a = Scripted::new(vec![Step::text("x"), Step::Send(call), cut()]);
    let b = Scripted::saying(&["y"]);
    let rig = rig([&a, &b, &b], true);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
    assert!(got.end.is_err() && b.started() == 0);
    let json = Scripted::new(vec![Step::text("{"), cut()]);
    let rig = Rig::new().put("p", "a", &json).put("p", "b", &b);
    let mut request = ask("tell");
    request.output = OutputFormat::Json;
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), request).await;
    assert!(got.end.is_err() && b.started() == 0);
}

#[tokio::test]
async fn thoughts_of_the_second_model_are_its_own() {
    let thought = |text: &str| Step::Send(Event::Thought(ThoughtDelta::Text(text.into())));
    let a = Scripted::new(vec![thought("hm"), Step::text("one"), cut()]);
    let b = Scripted::new(vec![thought("ah"), Step::text(" two")]);
    let rig = rig([&a, &b, &b], true);
    let got = get(&rig, &rig.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
    let thoughts = got
        .events
        .iter()
        .filter(|event| matches!(event, Event::Thought(_)))
        .count();
    assert_eq!((got.text.as_str(), thoughts), ("one two", 1));
}

#[tokio::test]
async fn the_only_target_is_asked_for_the_rest_too() {
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let model = Scripted::answering(
        move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => vec![Step::text("one"), cut()],
            _ => vec![Step::text(" two")],
        },
    );
    let rig = Rig::new().put("p", "a", &model);
    let got = get(&rig, &rig.route(&spec(&[&["a"]])), ask("tell")).await;
    assert_eq!(
        (got.text.as_str(), got.outcomes()),
        ("one two", vec![("a", "cut"), ("a", "served")])
    );
}

#[tokio::test]
async fn what_nobody_goes_on_with_ends_with_a_typed_error_and_keeps_what_was_said() {
    let wrong = Scripted::failing(busbar_core::Error::invalid("x", "no"));
    let a = Scripted::new(vec![Step::text("one"), cut()]);
    let rig = rig([&a, &wrong, &wrong], false);
    let mut spec = spec(&[&["a"], &["b"]]);
    spec.instead = Some("Back soon.".into());
    let got = get(&rig, &rig.route(&spec), ask("tell")).await;
    assert_eq!(
        (got.text.as_str(), got.error().code()),
        ("one", Some("stream_interrupted"))
    );
}

fn says(kind: ErrorKind, message: &str) -> busbar_core::Error {
    busbar_core::Error::new(kind, message)
}

/// A model that says a piece and is cut, and whom nobody hears of again.
fn lost_for_good() -> Scripted {
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let broken = || Step::Fail(says(ErrorKind::BadUpstream, "the line broke"));
    Scripted::answering(
        move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => vec![Step::text("one"), broken()],
            _ => vec![broken()],
        },
    )
}

#[tokio::test]
async fn a_stream_that_nobody_can_go_on_with_tells_each_reason_once() {
    let alone = Rig::new().put("p", "a", &lost_for_good());
    let got = get(&alone, &alone.route(&spec(&[&["a"]])), ask("tell")).await;
    let told = got.error().message();
    assert_eq!(told.matches("the line broke").count(), 1, "{told}");

    let away = Scripted::failing(says(ErrorKind::Unavailable, "nobody is at home"));
    let both = rig([&lost_for_good(), &away, &away], false);
    let got = get(&both, &both.route(&spec(&[&["a"], &["b"]])), ask("tell")).await;
    assert_eq!(got.error().code(), Some("stream_interrupted"));
    let told = got.error().message();
    for reason in ["the line broke", "nobody is at home"] {
        assert_eq!(told.matches(reason).count(), 1, "{told}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_again_and_again_ends_with_a_typed_error() {
    let again = Scripted::answering(|request| {
        let before = begun(request);
        vec![Step::text(&format!("{before} more")), cut()]
    });
    let rig = Rig::new().put("p", "a", &again);
    let got = get(&rig, &rig.route(&spec(&[&["a"]])), ask("tell")).await;
    assert_eq!(got.error().code(), Some("stream_interrupted"), "{got:?}");
}
