//! Why something could not be done, in words that say what to do.

use std::{io, net::SocketAddr};

use busbar_config::Problems;
use busbar_server::TlsError;
use busbar_telemetry::LogsError;

/// The result of anything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure. Each message reads alone.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] Problems),
    /// A model's file is not there, or of no use.
    #[error(transparent)]
    Catalog(#[from] busbar_catalog::Error),
    /// Several models are not there, or of no use.
    #[error("several models cannot be served:{}", .0.iter().map(|error| format!("\n  {error}")).collect::<String>())]
    Models(Vec<busbar_catalog::Error>),
    /// A model failed.
    #[error(transparent)]
    Model(#[from] busbar_core::Error),
    /// A model could not be loaded.
    #[error("the model '{name}' could not be loaded: {source}; {fix}")]
    Load {
        /// Which one.
        name: String,
        /// What happened.
        source: Box<busbar_core::Error>,
        /// What to do about it.
        fix: String,
    },
    /// Logging could not be set up.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// The certificate is of no use.
    #[error("HTTPS cannot be served: {0}")]
    Tls(TlsError),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; {}", listen_fix(.source, *.address))]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The machine failed.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// Sections about providers are wrong.
    #[error("the configuration's providers are wrong:{}", .0.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    Providers(Vec<String>),
    /// Who hands pictures out cannot do so.
    #[error("distribution.{field}: {why}")]
    Distribution {
        /// The setting.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// Routes name models that are not there.
    #[error("the configuration's routes are wrong:{}", .0.iter().map(|line| format!("\n  {line}")).collect::<String>())]
    Routes(Vec<String>),
    /// The model for requests that name none is not there.
    #[error("models.default: {0}")]
    Default(String),
    /// The program was built without a local engine.
    #[error(
        "this build has no text engine; talk to a server with --url, or build with the cargo feature `text`"
    )]
    NoEngine,
    /// The program was built without the engine that makes pictures.
    #[error(
        "this build makes no pictures; ask a server with --url, or build with the cargo features `image` and `emoji`"
    )]
    NoImageEngine,
}

fn listen_fix(error: &io::Error, address: SocketAddr) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program listens there; end it, or take another port: --listen {}",
            SocketAddr::new(address.ip(), address.port().wrapping_add(1).max(1024))
        ),
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need the system's permission; take a higher one".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; 127.0.0.1 is this machine only, 0.0.0.0 all its addresses"
                .to_owned()
        }
        _ => "take another address with --listen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_says_which_to_take_instead() {
        let error = Error::Listen {
            address: ([127, 0, 0, 1], 8080).into(),
            source: io::ErrorKind::AddrInUse.into(),
        };
        assert!(error.to_string().ends_with("--listen 127.0.0.1:8081"), "{error}");
    }
}
