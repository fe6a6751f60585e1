//! The certificate that the server shows.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

/// A certificate with its key, ready to be shown. TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

/// Why a certificate cannot be used.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read, or is not what it should be.
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: pem::Error,
    },
    /// The chain's file has no certificate in it.
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// The key is not that of the certificate, or of a kind that is not supported.
    Unusable(rustls::Error),
}

impl Tls {
    /// Reads a chain (own certificate first) and its key, both PEM.
    ///
    /// # Errors
    /// Where a file cannot be read or the two do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let in_file = |path: &Path| {
            let path = path.to_owned();
            move |reason| TlsError::File { path, reason }
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(in_file(certificate))?;
        if chain.is_empty() {
            return Err(TlsError::Empty {
                path: certificate.to_owned(),
            });
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(in_file(key))?;
        Self::new(chain, key).map_err(TlsError::Unusable)
    }

    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn acceptor(self) -> TlsAcceptor {
        TlsAcceptor::from(self.0)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Empty { path } => write!(f, "{}: there is no certificate in it", path.display()),
            Self::Unusable(error) => write!(f, "the certificate and its key cannot be used: {error}"),
        }
    }
}

impl std::error::Error for TlsError {}
