//! What holds for every request: its id, headers about safety, who may speak to us, disconnects,
//! figures, the list of routes.

use std::{pin::pin, time::Duration};

use crate::support::{Answer, Rig, bare, hello, hello_streamed, post, post_with, saying, serving, with};
use axum::{
    body::Body,
    http::{Method, Request},
};
use busbar_core::{Event, Tokens, Usage};
use busbar_server::{Hosts, Origins, Settings, openapi};
use busbar_testkit::{Gate, Scripted, Step};
use futures_util::{FutureExt as _, StreamExt as _};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_request_id_is_echoed_or_made() {
    let rig = saying(&["x"]);
    let long = "x".repeat(128);
    for id in ["abc-123", long.as_str()] {
        let answer = rig.send(post_with(CHAT, &hello(), "x-request-id", id)).await;
        assert_eq!(answer.header("x-request-id"), Some(id));
    }
    let longer = "x".repeat(129);
    for id in ["", "a b", longer.as_str()] {
        let answer = rig.send(post_with(CHAT, &hello(), "x-request-id", id)).await;
        assert!(
            answer.header("x-request-id").unwrap().starts_with("req-"),
            "{id:?}"
        );
    }
    for path in [
        "/healthz",
        "/nothing",
        "/v1/chat/completions",
        "/v1/models/none",
        "/",
    ] {
        assert!(rig.get(path).await.header("x-request-id").is_some(), "{path}");
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_about_safety() {
    let rig = saying(&["x"]);
    for answer in [
        rig.get("/").await,
        rig.get("/nothing").await,
        rig.post(CHAT, &hello()).await,
    ] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("strict-transport-security"), None);
    }
    let https = with(
        Scripted::saying(&["x"]),
        Settings {
            https: true,
            ..Settings::default()
        },
    );
    let answer = https.get("/healthz").await;
    assert!(
        answer
            .header("strict-transport-security")
            .unwrap()
            .starts_with("max-age=31536000")
    );
}

#[tokio::test]
async fn the_console_or_a_word_about_it_is_at_the_root() {
    let rig = saying(&[]);
    let answer = rig.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let again = Request::get("/").header("if-none-match", answer.header("etag").unwrap());
    let again = rig.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    for outside in [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/assets/%2e%2e%2f%2e%2e%2fCargo.toml",
    ] {
        assert_eq!(rig.get(outside).await.status, 404, "{outside}");
    }
}

/// Sends a question of a browser: a method, a `Host`, an `Origin`.
async fn browse(rig: &Rig, method: Method, host: &str, origin: Option<&str>) -> Answer {
    let mut request = bare(method, "/v1/models");
    request
        .headers_mut()
        .insert("host", host.parse().unwrap_or_else(|_| unreachable!()));
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap_or_else(|_| unreachable!()));
    }
    rig.send(request).await
}

#[tokio::test]
async fn a_server_on_loopback_answers_to_its_own_names_and_pages_only() {
    let rig = with(
        Scripted::saying(&[]),
        Settings {
            hosts: Hosts::Loopback,
            ..Settings::default()
        },
    );
    for host in [
        "localhost:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "busbar.localhost",
    ] {
        assert_eq!(browse(&rig, Method::GET, host, None).await.status, 200, "{host}");
    }
    let rebound = browse(&rig, Method::GET, "evil.example:8080", None).await;
    assert_eq!(
        (rebound.status, &rebound.json()["error"]["code"]),
        (403, &"host_not_allowed".into())
    );
    let foreign = browse(&rig, Method::GET, "localhost:8080", Some("https://evil.example")).await;
    assert_eq!(
        (foreign.status, &foreign.json()["error"]["code"]),
        (403, &"origin_not_allowed".into())
    );
    let null = browse(&rig, Method::GET, "localhost:8080", Some("null")).await;
    assert_eq!(null.status, 403);
    let own = browse(&rig, Method::GET, "localhost:8080", Some("http://localhost:8080")).await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn pages_of_elsewhere_are_let_in_by_configuration_only() {
    let closed = saying(&[]);
    let answer = browse(&closed, Method::GET, "a.example", Some("https://app.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);

    let origins = Origins::These(vec!["https://app.example".into()]);
    for hosts in [Hosts::Any, Hosts::Loopback] {
        let rig = with(
            Scripted::saying(&[]),
            Settings {
                origins: origins.clone(),
                hosts,
                ..Settings::default()
            },
        );
        let answer = browse(&rig, Method::GET, "localhost", Some("https://app.example")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some("https://app.example")
        );
        assert_eq!(answer.header("vary"), Some("origin"));
        assert!(
            answer
                .header("access-control-expose-headers")
                .unwrap()
                .contains("x-request-id")
        );
        let other = browse(&rig, Method::GET, "localhost", Some("https://other.example")).await;
        assert_eq!(other.header("access-control-allow-origin"), None);
    }
    let any = with(
        Scripted::saying(&[]),
        Settings {
            origins: Origins::Any,
            ..Settings::default()
        },
    );
    let answer = browse(&any, Method::GET, "a.example", Some("https://x.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn a_preflight_is_answered_for_allowed_pages() {
    let origins = Origins::These(vec!["https://app.example".into()]);
    let rig = with(
        Scripted::saying(&[]),
        Settings {
            origins,
            ..Settings::default()
        },
    );
    let ask = |origin: &str| {
        Request::options(CHAT)
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .body(Body::empty())
    };
    let answer = rig.send(ask("https://app.example").unwrap()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert!(
        answer
            .header("access-control-allow-methods")
            .unwrap()
            .contains("POST")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("content-type")
    );
    assert_eq!(answer.header("access-control-max-age"), Some("3600"));
    let answer = rig.send(ask("https://other.example").unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_client_that_goes_away_stops_its_generation() {
    let told = Event::Usage(Usage {
        input: Tokens(4321),
        ..Usage::default()
    });
    let rig = serving(Scripted::new(vec![
        Step::Send(told),
        Step::text("Hel"),
        Step::Stall,
    ]));
    let response = rig.open(post(CHAT, &hello_streamed())).await;
    let mut body = response.into_body().into_data_stream();
    // What opens the stream, and the first piece.
    body.next().await.unwrap().unwrap();
    body.next().await.unwrap().unwrap();
    assert_eq!((rig.model.live(), rig.drain.running()), (1, 1));
    drop(body);
    assert_eq!((rig.model.live(), rig.drain.running()), (0, 0));
    assert_eq!(rig.model.finished(), 0);
    let figures = rig.get("/metrics").await;
    assert!(
        figures.text().contains("error_type=\"cancelled\""),
        "{}",
        figures.text()
    );
    // What it had read by then is counted.
    let mut sums = figures
        .text()
        .lines()
        .filter(|line| line.starts_with("gen_ai_client_token_usage_sum{") && line.contains("\"input\""));
    assert!(sums.next().unwrap().ends_with(" 4321"), "{}", figures.text());
}

#[tokio::test]
async fn a_client_that_goes_away_before_a_whole_answer_stops_it_too() {
    let rig = serving(Scripted::new(vec![Step::text("Hel"), Step::Stall]));
    {
        let mut waiting = pin!(rig.open(post(CHAT, &hello())));
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!(rig.model.live(), 1);
    }
    assert_eq!((rig.model.live(), rig.drain.running()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_kept_alive_by_comments() {
    let gate = Gate::closed();
    let model = Scripted::new(vec![
        Step::text("Hel"),
        Step::Wait(gate.clone()),
        Step::text("lo"),
    ]);
    let rig = with(
        model,
        Settings {
            keep_alive: Duration::from_secs(15),
            ..Settings::default()
        },
    );
    let response = rig.open(post(CHAT, &hello_streamed())).await;
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("\n\n: ") {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    gate.open(1);
    while let Some(piece) = body.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
}

#[tokio::test]
async fn what_runs_when_draining_starts_is_finished() {
    let gate = Gate::closed();
    let rig = serving(Scripted::new(vec![
        Step::text("Hel"),
        Step::Wait(gate.clone()),
        Step::text("lo"),
    ]));
    let response = rig.open(post(CHAT, &hello_streamed())).await;
    rig.drain.start();
    assert_eq!(rig.post(CHAT, &hello()).await.status, 503);
    gate.open(1);
    let answer = Answer::of(response).await;
    assert_eq!(answer.chunks().len(), 4);
    tokio::time::timeout(crate::support::AT_MOST, rig.drain.idle())
        .await
        .unwrap();
}

#[tokio::test]
async fn requests_are_counted_by_their_routes_pattern() {
    let rig = saying(&["x"]);
    rig.post(CHAT, &hello()).await;
    rig.post(CHAT, &serde_json::json!({})).await;
    rig.get("/some/odd/path").await;
    rig.get("/v1/models/scripted").await;
    let figures = rig.get("/metrics").await;
    assert!(figures.header("content-type").unwrap().starts_with("text/plain"));
    let text = figures.text();
    let counted = |labels: &[&str]| {
        text.lines()
            .any(|line| labels.iter().all(|label| line.contains(label)))
    };
    assert!(
        counted(&["\"/v1/chat/completions\"", "\"POST\"", "\"200\""]),
        "{text}"
    );
    assert!(
        counted(&["\"/v1/chat/completions\"", "\"POST\"", "\"400\""]),
        "{text}"
    );
    assert!(
        counted(&["\"unmatched\"", "\"404\""]) && !text.contains("odd"),
        "{text}"
    );
    assert!(!text.contains("models/scripted"), "{text}");
    assert!(text.contains("gen_ai"), "{text}");
}

#[tokio::test]
async fn the_openapi_document_lists_every_route() {
    let routes = include_str!("../../src/routes.rs");
    let document = openapi();
    let mut routed = 0;
    for path in routes
        .split(".route(")
        .skip(1)
        .filter_map(|route| route.split('"').nth(1))
    {
        let path = path.replace("{*", "{");
        // A WebSocket and the document itself have no place in it.
        if path == "/v1/ws" || path == "/openapi.json" {
            continue;
        }
        routed += 1;
        assert!(
            document.paths.paths.contains_key(&path),
            "{path} is not documented"
        );
    }
    assert_eq!(
        routed,
        document.paths.paths.len(),
        "something documented is not routed"
    );
    let served = saying(&[]).get("/openapi.json").await;
    assert_eq!(served.json(), serde_json::to_value(&document).unwrap());
}

#[test]
fn every_reference_of_the_openapi_document_leads_somewhere() {
    let text = openapi().to_json().unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let references: Vec<_> = text
        .split("#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(references.len() > 20);
    for name in references {
        assert!(schemas.contains_key(name), "{name} is not defined");
    }
}
