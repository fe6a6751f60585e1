//! The one HTTP client: pooled connections, HTTP/2 where the host offers it, rustls, and time limits
//! on every wait. It sends a request once, follows no redirect and knows no vendor.

mod body;
mod connect;
mod direct;

use std::{fmt, pin::pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{
        Client as Pool,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::Instant;

pub use body::Body;
use body::Source;
use connect::Connector;
use direct::Direct;

/// An idle connection older than this is not used again: load balancers drop them after a minute.
const IDLE: Duration = Duration::from_secs(50);
/// Idle connections kept to one host.
const MOST_IDLE: usize = 64;
/// A host that is still there is asked so often whether it is: what lies between closes connections
/// that are silent for some minutes, also while a model thinks.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A host that does not answer such a question for so long is gone.
const PING_PATIENCE: Duration = Duration::from_secs(20);
/// What a host may send ahead on one stream, and on all of one connection: 64 KiB, the protocol's
/// own window, makes whole answers wait for acknowledgements.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    /// Hosts behind TLS, where both sides agree on the version.
    pool: Pool<Connector, Full<Bytes>>,
    direct: Option<Direct>,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the head of an answer. A host that does not stream writes its whole answer first.
    pub answer: Duration,
    /// For the next bytes of one that has begun.
    pub stall: Duration,
    /// For a connection, TLS included; `None`: as long as any may take.
    pub connect: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(300),
            stall: Duration::from_secs(120),
            connect: None,
        }
    }
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub struct Answer {
    /// Its status; only `status.rs` knows what that means.
    pub status: http::StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Body,
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// No connection.
    #[error("no connection could be made")]
    NoConnection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No connection came about in this time.
    #[error("no connection could be made within {} s", .0.as_secs_f32())]
    Unconnected(Duration),
    /// A connection that failed before the answer's head.
    #[error("the connection failed")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing for longer than the patience.
    #[error("nothing came for {} s", .0.as_secs_f32())]
    Silent(Duration),
    /// The request's own deadline.
    #[error("the deadline passed")]
    Late,
    /// More bytes than anyone should send.
    #[error("more than {0} bytes came")]
    TooLong(usize),
}

impl Client {
    /// A client that trusts whom the platform trusts.
    ///
    /// # Errors
    /// Where the platform's certificates cannot be used.
    pub fn new() -> Result<Self, rustls::Error> {
        Ok(Self::over(Connector::new()?, PING_EVERY, false))
    }

    /// The same with its own time between pings; `h2` speaks HTTP/2 where TLS has not agreed on it.
    fn over(connector: Connector, ping_every: Duration, h2: bool) -> Self {
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .http2_only(h2)
            .http2_keep_alive_interval(ping_every)
            .http2_keep_alive_timeout(PING_PATIENCE)
            .http2_keep_alive_while_idle(true)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .build(connector.clone());
        let direct = (!h2).then(|| Direct::new(connector));
        Self { pool, direct }
    }

    /// Sends a request once and waits for the head of its answer. Dropping this future, or the
    /// answer's body, ends the exchange.
    ///
    /// # Errors
    /// Why no answer came.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
        patience: Patience,
        deadline: Option<Instant>,
    ) -> Result<Answer, Unanswered> {
        let given_up = Instant::now() + patience.answer;
        let until = deadline.map_or(given_up, |deadline| deadline.min(given_up));
        // One for the head and the body: to begin to wait for a time costs more than to go on.
        let mut alarm = Box::pin(tokio::time::sleep_until(until));
        let answer = tokio::select! {
            biased;
            answered = self.exchange(request, patience.connect) => answered?,
            () = &mut alarm => {
                let is_late = deadline.is_some_and(|deadline| deadline <= given_up);
                return Err(if is_late { Unanswered::Late } else { Unanswered::Silent(patience.answer) });
            }
        };
        let (head, body) = answer.into_parts();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: Body::new(body, patience.stall, deadline, alarm),
        })
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        connect: Option<Duration>,
    ) -> Result<Response<Source>, Unanswered> {
        if let Some(direct) = &self.direct
            && let Some(host) = Direct::host(request.uri())
        {
            let answer = direct.request(host, request, connect).await?;
            return Ok(answer.map(Source::Direct));
        }
        // Apart, since it is large and those above have no need of it.
        Box::pin(self.pooled(request, connect)).await
    }

    async fn pooled(
        &self,
        mut request: Request<Full<Bytes>>,
        connect: Option<Duration>,
    ) -> Result<Response<Source>, Unanswered> {
        // Watched only where it is to be quicker than any: most requests find a connection that is there.
        let watched = connect.map(|most| (capture_connection(&mut request), most));
        let asking = self.pool.request(request);
        let answer = match watched {
            Some((connection, most)) => connected(asking, connection, most).await?,
            None => asking.await,
        };
        match answer {
            Ok(answer) => Ok(answer.map(Source::Pooled)),
            Err(error) if error.is_connect() => Err(Unanswered::NoConnection(error.into())),
            Err(error) => Err(Unanswered::Broken(error.into())),
        }
    }
}

/// Waits for an answer, as long as there is a connection in time.
async fn connected<T>(
    asking: impl Future<Output = T>,
    mut connection: CaptureConnection,
    most: Duration,
) -> Result<T, Unanswered> {
    let mut asking = pin!(asking);
    let there = async { drop(connection.wait_for_connection_metadata().await) };
    tokio::select! {
        biased;
        answer = &mut asking => return Ok(answer),
        in_time = tokio::time::timeout(most, there) => {
            in_time.map_err(|_| Unanswered::Unconnected(most))?;
        }
    }
    Ok(asking.await)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn a_connection_that_does_not_come_about_is_given_up_in_its_own_time() {
        // The system takes the connection, and nobody speaks TLS on it.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("https://{}/", listener.local_addr().unwrap());
        let request = Request::post(uri).body(Full::new(Bytes::new())).unwrap();
        let patience = Patience {
            connect: Some(Duration::from_millis(30)),
            ..Patience::default()
        };
        let client = Client::new().unwrap();
        let answer = client.send(request, patience, None).await;
        assert!(
            matches!(answer, Err(Unanswered::Unconnected(time)) if time == Duration::from_millis(30)),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn an_answer_may_take_longer_than_its_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let request = Request::post(uri).body(Full::new(Bytes::new())).unwrap();
        let patience = Patience {
            connect: Some(Duration::from_secs(30)),
            ..Patience::default()
        };
        let client = Client::new().unwrap();
        let call = tokio::spawn(async move { client.send(request, patience, None).await });
        let (mut socket, _) = listener.accept().await.unwrap();
        // It is connected once it asks; from here on the time is ours.
        let mut asked = [0; 4];
        socket.read_exact(&mut asked).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!call.is_finished());
        tokio::time::resume();
        socket
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        assert!(call.await.unwrap().unwrap().status.is_success());
    }

    /// The head of an HTTP/2 frame is nine bytes: length, type, flags, stream.
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;

    #[tokio::test]
    async fn a_host_that_is_silent_is_pinged_so_that_nobody_cuts_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let client = Client::over(Connector::new().unwrap(), Duration::from_millis(20), true);
        let request = Request::post(uri).body(Full::new(Bytes::new())).unwrap();
        let call = tokio::spawn(async move { client.send(request, Patience::default(), None).await });
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut preface = [0; 24];
        socket.read_exact(&mut preface).await.unwrap();
        socket
            .write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        loop {
            let mut head = [0; 9];
            socket.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            socket.read_exact(&mut payload).await.unwrap();
            if head[3] == PING {
                break;
            }
        }
        assert!(!call.is_finished());
        call.abort();
    }
}
