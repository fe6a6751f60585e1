//! A server on a socket, with a scripted model.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use busbar_core::{ChatRequest, Clock, Models, Prompt};
use busbar_server::{Drain, Listen, Parts, Server, Settings, WsLimits, router, serve};
use busbar_telemetry::{BuildInfo, Metrics};
use busbar_testkit::{Gate, Scripted, Step};
use busbar_wire::sse::{Parser, SseEvent};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::ServiceExt as _;

use crate::client::Client;

/// Far longer than anything here takes; a test that waits so long hangs.
pub(crate) const AT_MOST: Duration = Duration::from_secs(30);

/// The real time: what is waited for here is waited for.
#[derive(Debug)]
struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A server on a socket.
pub(crate) struct Scene {
    pub(crate) model: Scripted,
    pub(crate) drain: Drain,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) address: SocketAddr,
    app: Router,
    serving: JoinHandle<()>,
}

impl Scene {
    pub(crate) async fn new(model: Scripted) -> Self {
        Self::with(model, Settings::default()).await
    }

    /// With these limits of WebSocket connections.
    pub(crate) async fn limited(model: Scripted, ws: WsLimits) -> Self {
        let settings = Settings {
            ws,
            ..Settings::default()
        };
        Self::with(model, settings).await
    }

    pub(crate) async fn with(model: Scripted, settings: Settings) -> Self {
        let clock = Arc::new(RealClock);
        let metrics = Metrics::new(BuildInfo::default(), clock.clone());
        let drain = Drain::default();
        let app = router(Server::new(Parts {
            models: Models::default().with(model.model("scripted")).into(),
            fetcher: None,
            stages: None,
            guests: None,
            pictures: None,
            steering: None,
            settings,
            clock,
            metrics: metrics.clone(),
            drain: drain.clone(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let how = Listen {
            tls: None,
            drain_timeout: AT_MOST,
        };
        let served = serve(listener, app.clone(), drain.clone(), how, {
            let drain = drain.clone();
            async move { drain.started().await }
        });
        let serving = tokio::spawn(async { drop(served.await) });
        Self {
            model,
            drain,
            metrics,
            address,
            app,
            serving,
        }
    }

    /// A new connection, its `ready` already read.
    pub(crate) async fn connect(&self) -> Client {
        let mut client = Client::connect(self.address).await;
        assert_eq!(client.next().await["type"], "ready");
        client
    }

    /// A plain request to the same server; the answer's body still to be read.
    pub(crate) async fn http(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap()
    }

    /// The status and the JSON body of a plain request's answer.
    pub(crate) async fn json(&self, request: Request<Body>) -> (u16, Value) {
        let response = self.http(request).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Waits until the model has nothing under way.
    pub(crate) async fn freed(&self) {
        self.until(|scene| scene.model.live() == 0).await;
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, mut is: impl FnMut(&Self) -> bool) {
        let waiting = async {
            while !is(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(AT_MOST, waiting).await.unwrap();
    }

    /// Waits until the server has stopped.
    pub(crate) async fn stopped(&mut self) {
        tokio::time::timeout(AT_MOST, &mut self.serving)
            .await
            .unwrap()
            .unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The body of a chat request that says this.
pub(crate) fn saying(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

/// What a request says.
pub(crate) fn said(request: &ChatRequest) -> String {
    match &request.prompt {
        Prompt::Messages(messages) => messages[0].content.text().into_owned(),
        Prompt::Text(text) => text.clone(),
    }
}

/// A model that says a piece, waits at the gate, and says so many more.
pub(crate) fn gated(gate: &Gate, more: usize) -> Scripted {
    let mut steps = vec![Step::text("0"), Step::Wait(gate.clone())];
    steps.extend((1..=more).map(|number| Step::text(&format!(" {number}"))));
    Scripted::new(steps)
}

/// A streamed request with a header.
pub(crate) fn streamed(header: (&'static str, &str)) -> Request<Body> {
    let mut body = saying("hello");
    body["stream"] = true.into();
    Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .header(header.0, header.1)
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A request that comes back to a stream.
pub(crate) fn back_to(stream: &str, seq: u64) -> Request<Body> {
    Request::get(format!("/v1/streams/{stream}"))
        .header("last-event-id", format!("{stream}:{seq}"))
        .body(Body::empty())
        .unwrap()
}

/// A request that stops a stream.
pub(crate) fn stopping(stream: &str) -> Request<Body> {
    Request::delete(format!("/v1/streams/{stream}"))
        .body(Body::empty())
        .unwrap()
}

/// Server-sent events as they come. Dropping it is going away.
pub(crate) struct Events {
    body: Body,
    parser: Parser,
    read: std::collections::VecDeque<SseEvent>,
}

impl Events {
    pub(crate) fn of(response: Response<Body>) -> Self {
        assert_eq!(response.status().as_u16(), 200);
        Self {
            body: response.into_body(),
            parser: Parser::new(1 << 20),
            read: std::collections::VecDeque::new(),
        }
    }

    pub(crate) async fn next(&mut self) -> Option<SseEvent> {
        let reading = async {
            loop {
                if let Some(event) = self.read.pop_front() {
                    return Some(event);
                }
                let frame = self.body.frame().await?.unwrap();
                let bytes = frame.into_data().unwrap();
                self.read.extend(self.parser.push(&bytes).unwrap());
            }
        };
        tokio::time::timeout(AT_MOST, reading).await.unwrap()
    }

    /// Everything up to the end: the numbers, the text, and the last event's content.
    pub(crate) async fn rest(mut self) -> (Vec<u64>, String, String) {
        let (mut seqs, mut text, mut last) = (Vec::new(), String::new(), String::new());
        while let Some(event) = self.next().await {
            last = event.data;
            let Ok(chunk) = serde_json::from_str::<Value>(&last) else {
                continue;
            };
            seqs.push(event.id.unwrap().rsplit_once(':').unwrap().1.parse().unwrap());
            text.push_str(
                chunk["choices"][0]["delta"]["content"]
                    .as_str()
                    .unwrap_or_default(),
            );
        }
        (seqs, text, last)
    }
}
