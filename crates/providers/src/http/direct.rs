//! Hosts that are spoken to in clear, over HTTP/1.1: models of one's own network and machine. Whoever
//! waits for an answer drives its connection himself, so that no other task has to be woken for each
//! piece of it; between answers connections are kept.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, Uri,
    header::HOST,
    uri::{Authority, PathAndQuery},
};
use http_body_util::Full;
use hyper::{
    body::{Body as _, Frame, Incoming},
    client::conn::{TrySendError, http1},
};
use tokio::{task::unconstrained, time::Instant};
use tower_service::Service as _;

use super::{
    IDLE, MOST_IDLE, Unanswered,
    connect::{Connected, Connector},
};

type Sent = Request<Full<Bytes>>;

/// Connections to such hosts. Clones share them.
#[derive(Clone)]
pub(super) struct Direct {
    connector: Connector,
    idle: Arc<Idle>,
}

/// A connection, and the way to send requests by it; large, so it is boxed to be handed about.
struct Line {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended: what it still owed is told when it is dropped.
    connection: Option<http1::Connection<Connected, Full<Bytes>>>,
}

/// Connections that wait for a request.
#[derive(Default)]
struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// The one that waits for the shortest time is the last.
    lines: HashMap<Authority, Vec<(Instant, Box<Line>)>>,
    /// Whether somebody closes those that wait too long.
    swept: bool,
}

/// The body of an answer, and the connection that it comes by.
pub(super) struct DirectBody {
    incoming: Incoming,
    line: Option<Box<Line>>,
    host: Authority,
    idle: Arc<Idle>,
}

impl Direct {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            idle: Arc::default(),
        }
    }

    /// The host, where it is one of these.
    pub(super) fn host(uri: &Uri) -> Option<Authority> {
        let in_clear = uri.scheme() == Some(&http::uri::Scheme::HTTP);
        uri.authority().filter(|_| in_clear).cloned()
    }

    /// Sends a request once and waits for the head of its answer. A connection that was closed while
    /// nobody needed it has sent nothing, and is replaced.
    pub(super) async fn request(
        &self,
        host: Authority,
        request: Sent,
        connect: Option<Duration>,
    ) -> Result<Response<DirectBody>, Unanswered> {
        let uri = request.uri().clone();
        let mut request = addressed(request, &host);
        while let Some(line) = self.idle.take(&host) {
            match line.send(request).await {
                Ok((answer, line)) => return Ok(self.answer(answer, line, host)),
                Err(refused) => request = refused.unsent()?,
            }
        }
        // Apart, since it is large and most requests find a connection that is there.
        let line = Box::pin(self.connect(uri, connect)).await?;
        match line.send(request).await {
            Ok((answer, line)) => Ok(self.answer(answer, line, host)),
            Err(refused) => Err(Unanswered::Broken(refused.error.into())),
        }
    }

    async fn connect(&self, uri: Uri, most: Option<Duration>) -> Result<Box<Line>, Unanswered> {
        let connecting = self.connector.clone().call(uri);
        let io = match most {
            Some(most) => tokio::time::timeout(most, connecting)
                .await
                .map_err(|_| Unanswered::Unconnected(most))?,
            None => connecting.await,
        };
        let io = io.map_err(Unanswered::NoConnection)?;
        let (sender, connection) = http1::handshake(io)
            .await
            .map_err(|error| Unanswered::Broken(error.into()))?;
        Ok(Box::new(Line {
            sender,
            connection: Some(connection),
        }))
    }

    fn answer(&self, answer: Response<Incoming>, line: Box<Line>, host: Authority) -> Response<DirectBody> {
        let idle = self.idle.clone();
        answer.map(|incoming| DirectBody {
            incoming,
            line: Some(line),
            host,
            idle,
        })
    }
}

/// The request as it is written on a connection to its host.
fn addressed(mut request: Sent, host: &Authority) -> Sent {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.unwrap_or_else(|| PathAndQuery::from_static("/")).into();
    let name = host.as_str().rsplit('@').next().unwrap_or_default();
    if let Ok(name) = HeaderValue::from_str(name) {
        request.headers_mut().entry(HOST).or_insert(name);
    }
    request
}

/// A request that was not answered, and the request itself where nothing of it was sent.
struct Refused {
    error: hyper::Error,
    request: Option<Sent>,
}

impl Refused {
    fn unsent(self) -> Result<Sent, Unanswered> {
        self.request.ok_or_else(|| Unanswered::Broken(self.error.into()))
    }
}

impl From<TrySendError<Sent>> for Refused {
    fn from(mut error: TrySendError<Sent>) -> Self {
        Self {
            request: error.take_message(),
            error: error.into_error(),
        }
    }
}

impl Line {
    async fn send(mut self: Box<Self>, request: Sent) -> Result<(Response<Incoming>, Box<Self>), Refused> {
        // Only the connection can bring an answer, and it is driven before each look: nobody has to be woken
        // for one, unless the look itself were put off (hence without a budget).
        let mut answer = pin!(unconstrained(self.sender.try_send_request(request)));
        let connection = &mut self.connection;
        let answer = poll_fn(|context| {
            drive(connection, context);
            answer.as_mut().poll(&mut nobody())
        });
        let answer = answer.await?;
        Ok((answer, self))
    }

    /// Whether it can take a request. It may have ended since it was looked at last.
    fn is_ready(&mut self, context: &mut Context<'_>) -> bool {
        drive(&mut self.connection, context);
        self.connection.is_some() && self.sender.is_ready()
    }
}

/// Who is woken by nothing.
fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// Lets a connection read and write what it can.
fn drive(connection: &mut Option<http1::Connection<Connected, Full<Bytes>>>, context: &mut Context<'_>) {
    if let Some(running) = connection
        && Pin::new(running).poll(context).is_ready()
    {
        *connection = None;
    }
}

impl DirectBody {
    pub(super) fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        // Asking for a piece is what makes the connection read one. Pieces come by it alone, so that nobody
        // has to be woken for one.
        let mut frame = Pin::new(&mut self.incoming).poll_frame(&mut nobody());
        if frame.is_pending()
            && let Some(line) = &mut self.line
        {
            drive(&mut line.connection, context);
            frame = Pin::new(&mut self.incoming).poll_frame(&mut nobody());
        }
        if matches!(frame, Poll::Ready(None)) {
            self.keep();
        }
        frame
    }

    /// The answer is whole: its connection waits for the next request, and wakes nobody till then.
    fn keep(&mut self) {
        if let Some(mut line) = self.line.take()
            && line.is_ready(&mut nobody())
        {
            self.idle.put(&self.host, line);
        }
    }
}

impl Drop for DirectBody {
    /// Small answers are seldom asked for their end, since their length says it.
    fn drop(&mut self) {
        if self.incoming.is_end_stream() {
            self.keep();
        }
    }
}

impl Idle {
    fn take(&self, host: &Authority) -> Option<Box<Line>> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = waiting.lines.get_mut(host)?;
        let (since, line) = lines.pop()?;
        if since.elapsed() < IDLE {
            return Some(line);
        }
        // The others wait for even longer.
        lines.clear();
        None
    }

    fn put(self: &Arc<Self>, host: &Authority, line: Box<Line>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match waiting.lines.get_mut(host) {
            Some(lines) if lines.len() < MOST_IDLE => lines.push((now, line)),
            Some(_) => return,
            None => drop(waiting.lines.insert(host.clone(), vec![(now, line)])),
        }
        if !std::mem::replace(&mut waiting.swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }

    /// Closes those that wait too long; whether any is left.
    fn close_old(&self) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.lines.retain(|_, lines| {
            lines.retain(|(since, _)| since.elapsed() < IDLE);
            !lines.is_empty()
        });
        waiting.swept = !waiting.lines.is_empty();
        waiting.swept
    }
}

/// Hosts that nobody asks any more keep no connections.
async fn sweep(idle: Weak<Idle>) {
    loop {
        tokio::time::sleep(IDLE).await;
        if !idle.upgrade().is_some_and(|idle| idle.close_old()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
