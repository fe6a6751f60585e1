//! One connection: HTTP/1.1 or HTTP/2, in clear or in TLS, up to its own end or the server's.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, http::Request, response::Response};
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use super::{Tls, alarm::Alarms, settled::Settled};
use crate::{Drain, operator::Peer};

/// Whoever has not said what he wants by then is in the way.
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(30);

/// How often an HTTP/2 peer is asked for a sign of life, and how long it may take to give one.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(20);

/// What connections of HTTP/2 begin with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What all connections share.
pub(super) struct Connections {
    app: Router,
    speech: Arc<Speech>,
    tls: Option<TlsAcceptor>,
    drain: Drain,
    closing: watch::Sender<bool>,
}

/// How it is spoken on connections.
struct Speech {
    http1: http1::Builder,
    either: auto::Builder<TokioExecutor>,
}

impl Connections {
    pub(super) fn new(app: Router, tls: Option<Tls>, drain: Drain) -> Self {
        let alarms = Alarms::default();
        let mut http1 = http1::Builder::new();
        http1.timer(alarms.clone()).header_read_timeout(HEADERS);
        let mut either = auto::Builder::new(TokioExecutor::new());
        either.http1().timer(alarms).header_read_timeout(HEADERS);
        either
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER);
        Self {
            app,
            speech: Arc::new(Speech { http1, either }),
            tls: tls.map(Tls::acceptor),
            drain,
            closing: watch::Sender::new(false),
        }
    }

    /// Tells all connections to finish what they are at and close.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Serves a connection up to its end.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl Future<Output = ()> + Send + 'static {
        let tls = self.tls.clone();
        let connection = Connection {
            service: Peered {
                app: self.app.clone(),
                peer,
            },
            speech: self.speech.clone(),
            // One that comes while we drain is told so, then it closes by itself.
            leaves_with: (!self.drain.is_draining()).then(|| self.drain.clone()),
            closing: self.closing.subscribe(),
        };
        async move {
            // A token is a few bytes; waiting for more of them to fill a packet is what streaming is not.
            let _kept = stream.set_nodelay(true);
            // Most are spoken to in clear and in HTTP/1.1. The others lie apart, since each connection has
            // as much memory as the largest of them.
            match tls {
                Some(tls) => Box::pin(connection.over_tls(stream, tls)).await,
                None => connection.in_clear(stream).await,
            }
        }
    }
}

/// The router, told whose connection a request came by.
#[derive(Clone)]
struct Peered {
    app: Router,
    peer: SocketAddr,
}

impl<B> Service<Request<B>> for Peered
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        request.extensions_mut().insert(Peer(self.peer));
        self.app.call(request)
    }
}

struct Connection {
    service: Peered,
    speech: Arc<Speech>,
    leaves_with: Option<Drain>,
    closing: watch::Receiver<bool>,
}

impl Connection {
    async fn over_tls(self, stream: TcpStream, tls: TlsAcceptor) {
        let peer = self.service.peer;
        match timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.of_either(stream).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
            Err(_) => tracing::debug!(%peer, "no TLS in time"),
        }
    }

    async fn in_clear(self, stream: TcpStream) {
        let told = told(self.leaves_with.clone(), self.closing.clone());
        let begins = tokio::select! {
            begins = timeout(HEADERS, begins_like_http2(&stream)) => begins,
            // Nothing was asked yet.
            () = told => return,
        };
        // Whoever has said nothing by then, or has gone, is not answered.
        let Ok(Ok(is_http2)) = begins else { return };
        if is_http2 {
            return Box::pin(self.of_either(stream)).await;
        }
        let service = TowerToHyperService::new(self.service);
        let connection = self.speech.http1.serve_connection(TokioIo::new(stream), service);
        let close = |connection: Pin<&mut _>| UpgradeableConnection::graceful_shutdown(connection);
        up_to_its_end(connection.with_upgrades(), close, self.leaves_with, self.closing).await;
    }

    /// Of HTTP/1.1 or HTTP/2, as it turns out.
    async fn of_either(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = TowerToHyperService::new(self.service);
        let either = &self.speech.either;
        let connection = either.serve_connection_with_upgrades(TokioIo::new(stream), service);
        let close = |connection: Pin<&mut _>| auto::UpgradeableConnection::graceful_shutdown(connection);
        up_to_its_end(connection, close, self.leaves_with, self.closing).await;
    }
}

/// Looks at how a connection begins, without taking anything from it: a server that reads the beginning
/// by itself reads the rest into a buffer of twice the size. Gives up as soon as it is HTTP/2 so far.
async fn begins_like_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut begins = [0; PREFACE.len()];
    match stream.peek(&mut begins).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        come => Ok(PREFACE.starts_with(&begins[..come])),
    }
}

/// Resolves when connections are to close.
async fn told(leaves_with: Option<Drain>, mut closing: watch::Receiver<bool>) {
    let closing = closing.wait_for(|closing| *closing);
    match leaves_with {
        Some(drain) => tokio::select! { () = drain.started() => {}, _ = closing => {} },
        None => _ = closing.await,
    }
}

/// Serves a connection until it ends, or is told to: then `close` lets it finish what it is at.
async fn up_to_its_end<C: Future>(
    connection: C,
    close: impl FnOnce(Pin<&mut C>),
    leaves_with: Option<Drain>,
    closing: watch::Receiver<bool>,
) {
    let mut connection = pin!(connection);
    tokio::select! {
        // What clients do wrong on a connection is theirs; they get a status or a reset for it.
        _ended = Settled::new(connection.as_mut()) => return,
        () = told(leaves_with, closing) => {},
    }
    close(connection.as_mut());
    let _ended = Settled::new(connection).await;
}
