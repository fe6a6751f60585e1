//! A model that costs nothing: its answers are ready before they are asked for.
//!
//! `max_tokens` says how many words a stream has, and `user` how many microseconds lie between two.

use std::{convert::Infallible, net::Ipv4Addr, time::Duration};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    time::{Instant, Interval, interval_at},
};

use crate::Result;

const WHOLE: &str = concat!(
    r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","#,
    r#""choices":[{"index":0,"message":{"role":"assistant","content":"Hello! How may I help you today?"},"#,
    r#""logprobs":null,"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30}}"#
);
const WORD: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","#,
    r#""choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}"#,
    "\n\n"
);
const LAST: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","#,
    r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":21,"completion_tokens":9,"total_tokens":30}}"#,
    "\n\ndata: [DONE]\n\n"
);

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until the process is ended.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            // A client that leaves is the client's affair.
            let _left = connection.await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> std::result::Result<Answer, hyper::Error> {
    let asked = request.into_body().collect().await?.to_bytes();
    let asked: Value = serde_json::from_slice(&asked).unwrap_or_default();
    if asked["stream"] != true {
        let body = Full::new(Bytes::from_static(WHOLE.as_bytes()));
        return Ok(typed("application/json", body.boxed()));
    }
    let words = asked["max_tokens"].as_u64().unwrap_or(20);
    let gap = asked["user"].as_str().and_then(|gap| gap.parse().ok());
    let gap = gap.filter(|gap| *gap > 0).map(Duration::from_micros);
    let gap = gap.map(|gap| interval_at(Instant::now() + gap, gap));
    Ok(typed("text/event-stream", stream_of(words, gap)))
}

fn typed(kind: &'static str, body: BoxBody<Bytes, Infallible>) -> Answer {
    let mut answer = Response::new(body);
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    answer
}

/// So many words, each sent by itself, and the end.
fn stream_of(words: u64, gap: Option<Interval>) -> BoxBody<Bytes, Infallible> {
    let pieces = stream::unfold((0, gap), move |(at, mut gap)| async move {
        if at > words {
            return None;
        }
        match &mut gap {
            Some(_) if at == 0 => {}
            Some(gap) => drop(gap.tick().await),
            // What is ready at once would be written in one piece.
            None => tokio::task::yield_now().await,
        }
        let piece = if at == words { LAST } else { WORD };
        Some((
            Ok(Frame::data(Bytes::from_static(piece.as_bytes()))),
            (at + 1, gap),
        ))
    });
    BodyExt::boxed(StreamBody::new(Box::pin(pieces)))
}
