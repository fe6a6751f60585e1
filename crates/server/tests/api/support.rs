//! A server with a scripted model, called without a socket.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, Response},
};
use busbar_core::{Fetcher, Guests, Models, Roster, StageKeeper};
use busbar_server::{Drain, Operators, Parts, Pictures, Server, Settings, router};
use busbar_telemetry::{BuildInfo, Metrics};
use busbar_testkit::{Scripted, TestClock};
use busbar_wire::sse::{Parser, SseEvent};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A server, and what it is made of.
pub(crate) struct Rig {
    pub(crate) server: Server,
    pub(crate) app: Router,
    pub(crate) model: Scripted,
    pub(crate) drain: Drain,
}

/// A server whose model says these pieces.
pub(crate) fn saying(pieces: &[&str]) -> Rig {
    serving(Scripted::saying(pieces))
}

/// A server with this model, called `scripted`.
pub(crate) fn serving(model: Scripted) -> Rig {
    with(model, Settings::default())
}

/// The same with these settings.
pub(crate) fn with(model: Scripted, settings: Settings) -> Rig {
    let models = Models::default().with(model.model("scripted"));
    of(models, model, settings)
}

/// A server with these models.
pub(crate) fn of(models: Models, model: Scripted, settings: Settings) -> Rig {
    build(models, model, settings, None)
}

/// The same, which fetches what clients point to.
pub(crate) fn fetching(models: Models, model: Scripted, fetcher: Arc<dyn Fetcher>) -> Rig {
    build(models, model, Settings::default(), Some(fetcher))
}

/// A server to which models are brought.
pub(crate) fn receiving(models: Models, guests: Arc<dyn Guests>) -> Rig {
    let parts = Parts {
        guests: Some(guests),
        ..parts(models, Arc::new(TestClock::new()))
    };
    rig(parts, Scripted::saying(&[]))
}

/// A server that makes pictures as jobs, at this clock.
pub(crate) fn painting(models: Models, pictures: Pictures, clock: Arc<TestClock>) -> Rig {
    let parts = Parts {
        pictures: Some(pictures),
        ..parts(models, clock)
    };
    rig(parts, Scripted::saying(&[]))
}

/// A server whose models are at stages, and who may move them.
pub(crate) fn staged(roster: Roster, keeper: Arc<dyn StageKeeper>, operators: Operators) -> Rig {
    let parts = Parts {
        settings: Settings {
            operators,
            ..Settings::default()
        },
        models: roster,
        stages: Some(keeper),
        ..parts(Models::default(), Arc::new(TestClock::new()))
    };
    rig(parts, Scripted::saying(&[]))
}

fn build(models: Models, model: Scripted, settings: Settings, fetcher: Option<Arc<dyn Fetcher>>) -> Rig {
    let parts = Parts {
        settings,
        fetcher,
        ..parts(models, Arc::new(TestClock::new()))
    };
    rig(parts, model)
}

fn parts(models: Models, clock: Arc<TestClock>) -> Parts {
    Parts {
        models: models.into(),
        fetcher: None,
        stages: None,
        guests: None,
        pictures: None,
        steering: None,
        settings: Settings::default(),
        metrics: Metrics::new(BuildInfo::default(), clock.clone()),
        clock,
        drain: Drain::default(),
    }
}

fn rig(parts: Parts, model: Scripted) -> Rig {
    let drain = parts.drain.clone();
    let server = Server::new(parts);
    Rig {
        app: router(server.clone()),
        server,
        model,
        drain,
    }
}

impl Rig {
    /// What comes back, its body still to be read.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.open(request).await).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(post(path, body)).await
    }
}

/// A request with a JSON body.
pub(crate) fn post(path: &str, body: &Value) -> Request<Body> {
    let body = Body::from(body.to_string());
    Request::post(path)
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

/// The same with a header more.
pub(crate) fn post_with(path: &str, body: &Value, name: &'static str, value: &str) -> Request<Body> {
    let mut request = post(path, body);
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// A request without a body.
pub(crate) fn bare(method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

/// A conversation of one turn.
pub(crate) fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": "hello there"}]})
}

/// The same, streamed.
pub(crate) fn hello_streamed() -> Value {
    json!({"messages": [{"role": "user", "content": "hello there"}], "stream": true})
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The events of a stream.
    pub(crate) fn events(&self) -> Vec<SseEvent> {
        Parser::new(1 << 20).push(&self.body).unwrap()
    }

    /// The chunks of a stream that ends as it should.
    #[track_caller]
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        assert_eq!(events.pop().unwrap().data, "[DONE]", "{}", self.text());
        events
            .iter()
            .map(|event| serde_json::from_str(&event.data).unwrap())
            .collect()
    }
}

/// Long enough for anything that is not stuck.
pub(crate) const AT_MOST: Duration = Duration::from_secs(30);
