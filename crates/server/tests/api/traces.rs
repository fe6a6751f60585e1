//! A request that is a part of a trace: its log lines and its id say so, and the model's host is told.

use std::sync::{Arc, Mutex};

use crate::{
    logs::Lines,
    support::{hello, post, post_with, saying, serving},
};
use busbar_testkit::{Scripted, Step};

const CHAT: &str = "/v1/chat/completions";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn the_answers_id_and_the_log_lines_lead_to_the_trace() {
    let lines = Lines::default();
    let usual = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(lines.clone());
    let _logging = tracing::subscriber::set_default(usual.finish());
    let rig = saying(&["x"]);
    let first = rig.send(post_with(CHAT, &hello(), "traceparent", PARENT)).await;
    let second = rig.send(post_with(CHAT, &hello(), "traceparent", PARENT)).await;
    let ids = [&first, &second].map(|answer| answer.header("x-request-id").unwrap().to_owned());
    assert!(ids.iter().all(|id| id.starts_with(TRACE)), "{ids:?}");
    assert_ne!(ids[0], ids[1], "two requests of one trace are two");
    let logged = lines.text();
    assert_eq!(
        logged.matches(&format!("trace_id={TRACE}")).count(),
        2,
        "{logged}"
    );
}

#[tokio::test]
async fn the_model_is_asked_within_the_trace() {
    let asked = Arc::new(Mutex::new(None));
    let seen = asked.clone();
    let rig = serving(Scripted::answering(move |request| {
        let trace = request.context.trace.as_deref();
        *seen.lock().unwrap() = trace.map(ToString::to_string);
        vec![Step::text("x")]
    }));
    let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    for (name, value, told) in [
        ("traceparent", PARENT, Some(TRACE)),
        ("x-amzn-trace-id", xray, Some("5759e988bd862e3fe1be46a994272793")),
        ("traceparent", "00-nonsense", None),
        ("x-amzn-trace-id", "Root=1-5759e988", None),
    ] {
        let answer = rig.send(post_with(CHAT, &hello(), name, value)).await;
        assert_eq!(asked.lock().unwrap().as_deref(), told, "{name}: {value}");
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(id.starts_with(told.unwrap_or("req-")), "{id}");
    }
}

#[tokio::test]
async fn what_systems_noted_of_a_trace_goes_to_the_model_with_it_and_never_alone() {
    let asked = Arc::new(Mutex::new(None));
    let seen = asked.clone();
    let rig = serving(Scripted::answering(move |request| {
        let trace = request.context.trace.as_deref();
        *seen.lock().unwrap() = trace.and_then(|trace| trace.state.clone());
        vec![Step::text("x")]
    }));
    for (parent, told) in [(PARENT, Some("a=1,b=2")), ("00-nonsense", None)] {
        let mut request = post_with(CHAT, &hello(), "traceparent", parent);
        for noted in ["a=1", "b=2"] {
            request.headers_mut().append("tracestate", noted.parse().unwrap());
        }
        rig.send(request).await;
        assert_eq!(asked.lock().unwrap().as_deref(), told);
    }
}

#[tokio::test]
async fn of_two_traces_none_is_believed_and_an_id_of_ones_own_stays() {
    let rig = saying(&["x"]);
    let mut twice = post_with(CHAT, &hello(), "traceparent", PARENT);
    let other = PARENT.replace("4bf9", "5bf9").parse().unwrap();
    twice.headers_mut().append("traceparent", other);
    let answer = rig.send(twice).await;
    assert!(answer.header("x-request-id").unwrap().starts_with("req-"));
    let mut own = post(CHAT, &hello());
    own.headers_mut().insert("traceparent", PARENT.parse().unwrap());
    own.headers_mut().insert("x-request-id", "mine".parse().unwrap());
    assert_eq!(rig.send(own).await.header("x-request-id"), Some("mine"));
}
