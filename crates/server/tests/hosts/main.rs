//! Any dialect in, any format out: what clients ask reaches every host in the host's own words, and its
//! answer comes back in the client's, whole and in pieces. What cannot be said there is refused.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod asked;
mod heard;
mod played;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    http::Request,
};
use busbar_core::Models;
use busbar_providers::{Shared, build, http::Client, settings::Section};
use busbar_server::{Drain, Parts, Server, Settings, router};
use busbar_telemetry::{BuildInfo, Metrics};
use busbar_testkit::{FakeUpstream, TestClock};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use asked::Dialect;
use heard::Heard;
use played::Host;

/// What is asked and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// A system prompt, a picture, a tool that was called and failed to help, and must be called again.
    Tools,
    /// An answer that is held to a schema, and cut by its limit.
    Schema,
    /// An answer that is thought about first.
    Thought,
}

/// A server in front of a host.
async fn server(host: Host, scene: Scene) -> (Router, FakeUpstream) {
    let upstream = FakeUpstream::start(move |request| host.answer(scene, request))
        .await
        .unwrap();
    let (kind, text) = host.section(&upstream.url());
    let section = Section {
        name: "far".into(),
        kind: kind.into(),
        key: Some(busbar_core::Secret::new("key".to_owned()).into()),
        fields: text.parse().unwrap(),
    };
    let shared = Shared {
        fetcher: None,
        client: Client::new().unwrap(),
        prices: Arc::default(),
        decode: Arc::new(|_| Box::pin(async { Err(busbar_core::Error::internal("no picture comes")) })),
    };
    let model = build(&section, &shared).unwrap().remove(0);
    let clock = Arc::new(TestClock::new());
    let parts = Parts {
        stages: None,
        guests: None,
        models: Models::default().with(model).into(),
        fetcher: None,
        pictures: None,
        steering: None,
        settings: Settings::default(),
        metrics: Metrics::new(BuildInfo::default(), clock.clone()),
        clock,
        drain: Drain::default(),
    };
    (router(Server::new(parts)), upstream)
}

async fn ask(app: &Router, dialect: Dialect, scene: Scene, streamed: bool) -> (u16, Bytes) {
    let mut body = dialect.ask(scene, streamed);
    if dialect == Dialect::Chat && streamed {
        body["stream_options"] = serde_json::json!({"include_usage": true});
    }
    let request = Request::post(dialect.path(streamed))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    (parts.status.as_u16(), body.collect().await.unwrap().to_bytes())
}

/// What a refusal says where a host has no word for what a client asks.
fn refused(dialect: Dialect, host: Host, scene: Scene) -> Option<&'static str> {
    let by_effort = matches!(host, Host::OpenAi | Host::Container);
    let by_budget = matches!(dialect, Dialect::Messages | Dialect::Converse | Dialect::Invoke);
    (scene == Scene::Thought && by_effort && by_budget).then_some("a number of tokens, for thinking")
}

async fn every_pair(scene: Scene) {
    for host in Host::ALL {
        let (app, upstream) = server(host, scene).await;
        let mut asked = 0;
        for dialect in Dialect::ALL {
            for streamed in [false, true] {
                let (status, body) = ask(&app, dialect, scene, streamed).await;
                let seen = format!(
                    "{dialect:?} to {host:?}, streamed {streamed}: {status} {}",
                    String::from_utf8_lossy(&body)
                );
                if let Some(why) = refused(dialect, host, scene) {
                    assert_eq!(status, 400, "{seen}");
                    assert!(seen.contains(why), "{seen}");
                    assert_eq!(upstream.received().len(), asked, "{seen}");
                    continue;
                }
                asked += 1;
                assert_eq!(status, 200, "{seen}");
                host.check(scene, &upstream.received()[asked - 1]);
                let heard = match streamed {
                    true => Heard::streamed(dialect, &body),
                    false => Heard::whole(dialect, &body),
                };
                assert_eq!(heard, Heard::expected(scene, dialect), "{seen}");
            }
        }
    }
}

#[tokio::test]
async fn tools_their_results_and_pictures_go_there_and_calls_come_back() {
    every_pair(Scene::Tools).await;
}

#[tokio::test]
async fn an_answer_is_held_to_a_schema_and_says_that_it_was_cut() {
    every_pair(Scene::Schema).await;
}

#[tokio::test]
async fn thinking_is_asked_for_and_thoughts_come_back_where_the_host_can() {
    every_pair(Scene::Thought).await;
}
