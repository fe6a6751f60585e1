//! Hosts that are spoken to in clear, over HTTP/1.1: models of one's own network and machine. Whoever
//! waits for an answer drives its connection himself, so that no other task has to be woken for each
//! piece of it; between answers connections are kept.

mod extent;
mod head;
mod line;

use std::{
    collections::HashMap,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{
    Request, Response, Uri,
    uri::{Authority, Scheme},
};
use http_body_util::Full;
use hyper::body::Body as _;
use hyper_rustls::MaybeHttpsStream;
use tokio::time::Instant;
use tower_service::Service as _;

use super::{IDLE, MOST_IDLE, Unanswered, connect::Connector};
use extent::Extent;
pub(super) use line::Why;
use line::{Begun, Line, Sending, closed};

type Sent = Request<Full<Bytes>>;

/// Connections to such hosts. Clones share them.
#[derive(Clone)]
pub(super) struct Direct {
    connector: Connector,
    idle: Arc<Idle>,
}

/// Connections that wait for a request.
#[derive(Default)]
struct Idle(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// The one that waits for the shortest time is the last.
    lines: HashMap<Authority, Vec<(Instant, Line)>>,
    /// Whether somebody closes those that wait too long.
    swept: bool,
}

/// The body of an answer, and the connection that it comes by.
pub(super) struct DirectBody {
    extent: Extent,
    /// What has come and was not given yet.
    ready: Vec<u8>,
    /// `None` once the connection was given back or has failed.
    line: Option<Line>,
    /// What is left of the request, where the answer began before all of it was sent.
    sending: Option<Sending>,
    /// Whether the connection may carry another request.
    keeps: bool,
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
        let in_clear = uri.scheme() == Some(&Scheme::HTTP);
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
        let (parts, body) = request.into_parts();
        let body = bytes(body);
        let mut sending = Sending::new(head::write(&parts, body.len()), body);
        while let Some(mut line) = self.idle.take(&host) {
            match line.ask(&mut sending, &parts.method).await {
                Ok(begun) => return Ok(self.answer(begun, line, sending, host)),
                Err(refused) if refused.is_unsent => {}
                Err(refused) => return Err(Unanswered::Broken(refused.why)),
            }
        }
        // Apart, since it is large and most requests find a connection that is there.
        let mut line = Box::pin(self.connect(parts.uri, connect)).await?;
        match line.ask(&mut sending, &parts.method).await {
            Ok(begun) => Ok(self.answer(begun, line, sending, host)),
            Err(refused) => Err(Unanswered::Broken(refused.why)),
        }
    }

    async fn connect(&self, uri: Uri, most: Option<Duration>) -> Result<Line, Unanswered> {
        let connecting = self.connector.clone().call(uri);
        let connected = match most {
            Some(most) => tokio::time::timeout(most, connecting)
                .await
                .map_err(|_| Unanswered::Unconnected(most))?,
            None => connecting.await,
        };
        match connected.map_err(Unanswered::NoConnection)? {
            MaybeHttpsStream::Http(stream) => Ok(Line::new(stream.into_inner())),
            MaybeHttpsStream::Https(_) => Err(Unanswered::NoConnection("it is not in clear".into())),
        }
    }

    fn answer(&self, begun: Begun, line: Line, sending: Sending, host: Authority) -> Response<DirectBody> {
        let mut answer = Response::new(DirectBody {
            extent: begun.head.extent,
            ready: begun.body,
            line: Some(line),
            sending: (!sending.is_over()).then_some(sending),
            keeps: begun.head.keeps && !begun.is_too_much,
            host,
            idle: self.idle.clone(),
        });
        *answer.status_mut() = begun.head.status;
        *answer.headers_mut() = begun.head.headers;
        answer
    }
}

/// The body of a request, which is there whole.
fn bytes(mut body: Full<Bytes>) -> Bytes {
    let mut nobody = Context::from_waker(Waker::noop());
    match Pin::new(&mut body).poll_frame(&mut nobody) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        _ => Bytes::new(),
    }
}

impl DirectBody {
    pub(super) fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.extent.is_over()
    }

    /// The next bytes, as many as have come.
    pub(super) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Why>>> {
        loop {
            if !self.ready.is_empty() {
                return Poll::Ready(Some(Ok(mem::take(&mut self.ready).into())));
            }
            if self.extent.is_over() {
                self.keep();
            }
            let Some(line) = &mut self.line else {
                return Poll::Ready(None);
            };
            if let Some(sending) = &mut self.sending
                && let Poll::Ready(sent) = line.poll_send(sending, context)
            {
                self.sending = None;
                // The answer may be whole all the same.
                self.keeps &= sent.is_ok();
            }
            let (extent, ready) = (&mut self.extent, &mut self.ready);
            let read = ready!(line.poll_read(context, |read| {
                let taken = extent.take(read, ready)?;
                Ok::<_, Why>((read.len(), taken))
            }));
            match read.map_err(Why::from).flatten() {
                Ok((0, _)) => {
                    self.line = None;
                    return Poll::Ready(match self.extent {
                        Extent::Connection => None,
                        _ => Some(Err(closed())),
                    });
                }
                Ok((came, taken)) => self.keeps &= came == taken,
                Err(why) => {
                    self.line = None;
                    return Poll::Ready(Some(Err(why)));
                }
            }
        }
    }

    /// The answer is whole: its connection waits for the next request.
    fn keep(&mut self) {
        if let Some(line) = self.line.take()
            && self.keeps
            && self.sending.is_none()
        {
            self.idle.put(&self.host, line);
        }
    }
}

impl Drop for DirectBody {
    /// Small answers are seldom asked for their end, since their length says it.
    fn drop(&mut self) {
        if self.extent.is_over() {
            self.keep();
        }
    }
}

impl Idle {
    /// One that is still there.
    fn take(&self, host: &Authority) -> Option<Line> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = waiting.lines.get_mut(host)?;
        while let Some((since, mut line)) = lines.pop() {
            if since.elapsed() >= IDLE {
                // The others wait for even longer.
                lines.clear();
            } else if line.is_quiet() {
                return Some(line);
            }
        }
        None
    }

    fn put(self: &Arc<Self>, host: &Authority, line: Line) {
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
