//! One exchange with an address that a client named: a connection of its own, a request, an answer.
//! It follows nothing and tries nothing twice.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, USER_AGENT},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    Answer, Failure, Outcome, Rules, Target,
    connect::{Connection, Connector, Trust},
    resolve::{Resolve, System},
};

/// Exchanges at the same time; more wait, within their own time.
const AT_ONCE: usize = 16;
/// The longest head of an answer.
const LONGEST_HEAD: usize = 64 << 10;
const AGENT: &str = concat!("busbar/", env!("CARGO_PKG_VERSION"));

/// Calls addresses that clients name, within rules.
#[derive(Clone, Debug)]
pub struct Client {
    connector: Connector,
    room: Arc<Semaphore>,
}

/// What to ask.
#[derive(Clone, Debug)]
pub struct Ask {
    /// How.
    pub method: Method,
    /// Headers beside those that every request has.
    pub headers: HeaderMap,
    /// What is sent.
    pub body: Bytes,
    /// The longest answer that is read.
    pub most: usize,
    /// How long all of it may take.
    pub patience: Duration,
}

/// The task that moves a connection's bytes; it ends with whoever wanted them.
struct Moving(JoinHandle<()>);

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Client {
    /// A client that keeps to these rules and trusts whom the platform trusts.
    pub fn new(rules: Rules) -> Self {
        Self::over(rules, Arc::new(System), Trust::default())
    }

    /// The same with its own resolver, and trusting others.
    pub(crate) fn over(rules: Rules, resolver: Arc<dyn Resolve>, trust: Trust) -> Self {
        Self {
            connector: Connector {
                rules,
                resolver,
                trust: Arc::new(trust),
            },
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Asks once. The body of an answer is read if `wanted` says so of its head. Dropping the future
    /// closes the connection.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn ask(
        &self,
        target: &Target,
        ask: Ask,
        wanted: impl FnOnce(&Answer) -> Result<bool, Failure> + Send,
    ) -> Result<Answer, Failure> {
        let patience = ask.patience;
        let exchange = async {
            // It is never closed.
            let _room = self.room.acquire().await;
            let connection = self.connector.connect(target).await?;
            exchange(connection, target, ask, wanted).await
        };
        let done = tokio::time::timeout(patience, exchange).await;
        done.unwrap_or(Err(Failure::Late(patience)))
    }
}

async fn exchange(
    connection: Connection,
    target: &Target,
    ask: Ask,
    wanted: impl FnOnce(&Answer) -> Result<bool, Failure>,
) -> Result<Answer, Failure> {
    let most = ask.most;
    let request = request(target, ask)?;
    let mut settings = http1::Builder::new();
    settings.max_buf_size(LONGEST_HEAD);
    let shaken = settings.handshake(TokioIo::new(connection)).await;
    let (mut sender, moved) = shaken.map_err(|_| Failure::Unreachable)?;
    let _moving = Moving(tokio::spawn(async move {
        // What fails there fails here too.
        let _ = moved.await;
    }));
    let answer = sender
        .send_request(request)
        .await
        .map_err(|_| Failure::Unreachable)?;
    let (head, body) = answer.into_parts();
    let mut answer = Answer {
        outcome: Outcome::of(head.status, &head.headers),
        headers: head.headers,
        body: Bytes::new(),
    };
    if wanted(&answer)? {
        answer.body = whole(body, &answer.headers, most).await?;
    }
    Ok(answer)
}

fn request(target: &Target, ask: Ask) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::new(Full::new(ask.body));
    *request.method_mut() = ask.method;
    *request.uri_mut() = target.path_and_query()?;
    let headers = request.headers_mut();
    *headers = ask.headers;
    let host = HeaderValue::from_str(target.authority());
    headers.insert(HOST, host.map_err(|_| Failure::Invalid("names no host"))?);
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    // What is packed could be anything once it is unpacked.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(request)
}

async fn whole(mut body: Incoming, headers: &HeaderMap, most: usize) -> Result<Bytes, Failure> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Failure::TooLarge(most));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.map_err(|_| Failure::Unreachable)?.into_data() else {
            continue;
        };
        if whole.len() + piece.len() > most {
            return Err(Failure::TooLarge(most));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
