//! Asks over so many connections at once, each its next question when it has the last answer.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, Uri,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::{Result, figures::Figures};

/// Longer than anybody should take for one answer.
const AT_MOST: Duration = Duration::from_secs(60);

/// What to ask.
#[derive(Args, Clone)]
pub(crate) struct Plan {
    /// Where.
    uri: Uri,
    /// Over how many connections at once.
    #[arg(long, default_value_t = 1)]
    connections: usize,
    /// For how long.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// For streams of so many words; else for whole answers.
    #[arg(long)]
    words: Option<u64>,
    /// How many microseconds the host waits between two words.
    #[arg(long, default_value_t = 0)]
    gap: u64,
    /// A header more, `name: value`.
    #[arg(long = "header")]
    headers: Vec<String>,
}

/// Asks as planned, and tells what was seen.
pub(crate) async fn run(plan: Plan) -> Result<()> {
    let host = plan.uri.host().ok_or("the address needs a host")?;
    let address = format!("{host}:{}", plan.uri.port_u16().unwrap_or(80));
    let body = Bytes::from(body(&plan));
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(plan.seconds);
    let mut asking = JoinSet::new();
    for _ in 0..plan.connections {
        let (plan, body, address) = (plan.clone(), body.clone(), address.clone());
        asking.spawn(async move {
            let mut seen = Figures::default();
            while Instant::now() < until {
                if let Err(error) = over_one_connection(&plan, &address, &body, until, &mut seen).await {
                    seen.fail(&error.to_string());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            seen
        });
    }
    let mut all = Figures::default();
    while let Some(seen) = asking.join_next().await {
        all.add(seen?);
    }
    all.tell(began.elapsed().as_secs_f64());
    Ok(())
}

fn body(plan: &Plan) -> String {
    let mut body = json!({
        "model": "bench",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hello, how are you?"},
        ],
    });
    if let Some(words) = plan.words {
        body["stream"] = true.into();
        body["max_tokens"] = words.into();
        body["user"] = plan.gap.to_string().into();
    }
    body.to_string()
}

async fn over_one_connection(
    plan: &Plan,
    address: &str,
    body: &Bytes,
    until: Instant,
    seen: &mut Figures,
) -> Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    while Instant::now() < until {
        sender.ready().await?;
        timeout(AT_MOST, once(plan, &mut sender, body, seen)).await??;
    }
    driving.abort();
    Ok(())
}

async fn once(
    plan: &Plan,
    sender: &mut SendRequest<Full<Bytes>>,
    body: &Bytes,
    seen: &mut Figures,
) -> Result<()> {
    let path = plan.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = plan.uri.authority().map_or("", |authority| authority.as_str());
    let mut request = Request::post(path)
        .header(HOST, authority)
        .header(CONTENT_TYPE, "application/json");
    for header in &plan.headers {
        let (name, value) = header.split_once(':').ok_or("a header is `name: value`")?;
        request = request.header(name.trim(), value.trim());
    }
    let began = Instant::now();
    let answer = sender
        .send_request(request.body(Full::new(body.clone()))?)
        .await?;
    let status = answer.status();
    if !status.is_success() {
        let said = answer.into_body().collect().await?.to_bytes();
        return Err(format!("{status}: {}", String::from_utf8_lossy(&said)).into());
    }
    match plan.words {
        Some(words) => streamed(answer, began, words, seen).await,
        None => {
            let said = answer.into_body().collect().await?.to_bytes();
            if memchr::memmem::find(&said, b"\"chat.completion\"").is_none() {
                return Err(format!("no answer: {}", String::from_utf8_lossy(&said)).into());
            }
            seen.whole.push(began.elapsed());
            seen.answers += 1;
            Ok(())
        }
    }
}

/// Reads a stream to its end, which every whole one says.
async fn streamed(answer: Response<Incoming>, began: Instant, words: u64, seen: &mut Figures) -> Result<()> {
    let mut body = answer.into_body();
    let (mut said, mut tail, mut is_whole) = (0, Vec::new(), false);
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if said == 0 {
            seen.first.push(began.elapsed());
        }
        // An event may be cut anywhere: what was not whole is looked at again with what follows.
        tail.extend_from_slice(&piece);
        let whole = memchr::memmem::rfind(&tail, b"\n\n").map_or(0, |at| at + 2);
        said += memchr::memmem::find_iter(&tail[..whole], b"\"content\":\" word\"").count() as u64;
        is_whole |= memchr::memmem::find(&tail[..whole], b"[DONE]").is_some();
        tail.drain(..whole);
    }
    if !is_whole || said < words {
        return Err(format!("a stream of {said} of {words} words, {}", end(is_whole)).into());
    }
    seen.tokens += said;
    seen.answers += 1;
    seen.whole.push(began.elapsed());
    Ok(())
}

fn end(is_whole: bool) -> &'static str {
    if is_whole {
        "with its end"
    } else {
        "without its end"
    }
}
