//! How a connection comes about: the host's addresses are looked up once, the rules look at all of them,
//! and one of just these is connected to.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use rustls::{ClientConfig, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{Failure, Rules, Target, resolve::Resolve};

/// Of a host's addresses, no more are tried.
const TRIES: usize = 4;
/// One that is silent for so long is left for the next.
const TRY_FOR: Duration = Duration::from_secs(3);

/// Makes connections to addresses that the rules allow.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    pub(crate) rules: Rules,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) trust: Arc<Trust>,
}

/// A connection.
pub(crate) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Whom to trust. The platform's certificates are read when the first host is spoken to by TLS: a machine
/// that has none can do without until then. No certificate of ours is shown.
#[derive(Debug, Default)]
pub(crate) struct Trust(OnceLock<Option<Arc<ClientConfig>>>);

impl Trust {
    /// These, and not the platform's.
    #[cfg(test)]
    pub(crate) fn these(config: Arc<ClientConfig>) -> Self {
        Self(OnceLock::from(Some(config)))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Failure> {
        let read = || {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let versions =
                ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            let config = versions.and_then(|versions| versions.with_platform_verifier());
            let config = config.inspect_err(|error| {
                tracing::warn!(%error, "nothing can be fetched by HTTPS: the platform's certificates cannot be used");
            });
            Some(Arc::new(config.ok()?.with_no_client_auth()))
        };
        self.0.get_or_init(read).clone().ok_or(Failure::Unreachable)
    }
}

impl Connector {
    /// A connection to a target's host.
    pub(crate) async fn connect(&self, target: &Target) -> Result<Connection, Failure> {
        let addresses = match target.address() {
            Some(address) => vec![address],
            // Who is not known is refused in the same words as who is known only here.
            None => self.resolver.resolve(target.host()).await.unwrap_or_default(),
        };
        self.rules.check(target, &addresses)?;
        let tcp = first(&addresses, target.port())
            .await
            .ok_or(Failure::Unreachable)?;
        // A request is written whole.
        let _ = tcp.set_nodelay(true);
        if !target.is_https() {
            return Ok(Connection::Plain(tcp));
        }
        let name = ServerName::try_from(target.host().to_owned()).map_err(|_| Failure::Unreachable)?;
        let tls = TlsConnector::from(self.trust.config()?).connect(name, tcp).await;
        let tls = tls.inspect_err(|error| tracing::debug!(%error, "a host's TLS was refused"));
        Ok(Connection::Tls(Box::new(tls.map_err(|_| Failure::Unreachable)?)))
    }
}

async fn first(addresses: &[IpAddr], port: u16) -> Option<TcpStream> {
    for address in addresses.iter().take(TRIES) {
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        if let Ok(Ok(tcp)) = timeout(TRY_FOR, connecting).await {
            return Some(tcp);
        }
    }
    None
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(tls) => Pin::new(&mut **tls).poll_shutdown(context),
        }
    }
}
