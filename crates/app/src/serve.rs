//! The server behind a listener of its own, from the first signal handler to the last answer.

use busbar_config::Config;
use busbar_server::{Listen, Stopped, Tls};
use tokio::net::TcpListener;

use crate::{
    Configured, Error, Result,
    assembled::{Assembled, Front},
    signals::Signals,
};

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything that ran was finished.
    Finished,
    /// So many answers were cut off, because their time was up.
    CutOff(usize),
    /// At once, on a second signal.
    AtOnce,
}

/// Serves until a signal comes and what runs then is finished.
///
/// # Errors
/// What makes serving impossible: a certificate of no use, a port that is taken; or, later, that no model
/// could be loaded.
pub async fn serve(configured: Configured) -> Result<Ended> {
    // Before anything that takes time: a signal that comes meanwhile is not lost.
    let signals = Signals::listen()?;
    let config = configured.loaded.config.clone();
    let tls = config
        .tls
        .as_ref()
        .map(|tls| Tls::read(&tls.certificate, &tls.key))
        .transpose();
    let tls = tls.map_err(Error::Tls)?;
    let listener = bind(&config).await?;
    let Assembled {
        router,
        drain,
        studio,
        failed,
        reloader: _reloader,
        ..
    } = Assembled::of(configured, &signals, Front::Listener).await?;
    let listen = Listen {
        tls,
        drain_timeout: config.server.drain_timeout,
    };
    let mut failure = None;
    let stop = async {
        tokio::select! {
            () = signals.first() => {}
            // A server without a model is of no use to anybody: end, and say why.
            Ok(error) = failed => failure = Some(error),
        }
        // Beside the answers that are still under way, not after them.
        if let Some(studio) = &studio {
            studio.stop();
        }
    };
    let stopped = tokio::select! {
        stopped = busbar_server::serve(listener, router, drain, listen, stop) => stopped,
        // Whoever sends a second signal has no patience left.
        () = signals.second() => return Ok(Ended::AtOnce),
    };
    if let Some(studio) = studio {
        // What is not done by then is given back, for the next process to go on with.
        tokio::select! {
            () = studio.ended() => {}
            () = signals.second() => return Ok(Ended::AtOnce),
        }
    }
    let stopped = stopped.map_err(|source| Error::Io {
        doing: "serving".to_owned(),
        source,
    })?;
    match (failure, stopped) {
        (Some(error), _) => Err(error),
        (None, Stopped::Finished) => Ok(Ended::Finished),
        (None, Stopped::CutOff(running)) => Ok(Ended::CutOff(running)),
    }
}

async fn bind(config: &Config) -> Result<TcpListener> {
    let address = config.server.listen;
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}
