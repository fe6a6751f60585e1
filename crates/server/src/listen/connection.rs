//! One connection: HTTP/1.1 or HTTP/2, in clear or in TLS, up to its own end or the server's.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, http::Request, response::Response};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
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

use super::{Tls, settled::Settled};
use crate::{Drain, operator::Peer};

/// Whoever has not said what he wants by then is in the way.
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(30);

/// How often an HTTP/2 peer is asked for a sign of life, and how long it may take to give one.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWER: Duration = Duration::from_secs(20);

/// What all connections share.
pub(super) struct Connections {
    app: Router,
    builder: Arc<Builder<TokioExecutor>>,
    tls: Option<TlsAcceptor>,
    drain: Drain,
    closing: watch::Sender<bool>,
}

impl Connections {
    pub(super) fn new(app: Router, tls: Option<Tls>, drain: Drain) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER);
        Self {
            app,
            builder: Arc::new(builder),
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
            builder: self.builder.clone(),
            // One that comes while we drain is told so, then it closes by itself.
            leaves_with: (!self.drain.is_draining()).then(|| self.drain.clone()),
            closing: self.closing.subscribe(),
        };
        async move {
            // A token is a few bytes; waiting for more of them to fill a packet is what streaming is not.
            let _kept = stream.set_nodelay(true);
            let Some(tls) = tls else {
                return connection.run(stream).await;
            };
            match timeout(HANDSHAKE, tls.accept(stream)).await {
                Ok(Ok(stream)) => connection.run(stream).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
                Err(_) => tracing::debug!(%peer, "no TLS in time"),
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
    builder: Arc<Builder<TokioExecutor>>,
    leaves_with: Option<Drain>,
    closing: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let service = TowerToHyperService::new(self.service);
        let connection = self
            .builder
            .serve_connection_with_upgrades(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let mut settled = Settled::new(connection.as_mut());
        let told = async {
            let closing = self.closing.wait_for(|closing| *closing);
            match self.leaves_with {
                Some(drain) => tokio::select! { () = drain.started() => {}, _ = closing => {} },
                None => _ = closing.await,
            }
        };
        tokio::select! {
            // What clients do wrong on a connection is theirs; they get a status or a reset for it.
            _ended = &mut settled => return,
            () = told => {},
        }
        connection.as_mut().graceful_shutdown();
        let _ended = Settled::new(connection).await;
    }
}
