//! The server on a socket: takes connections until told to stop, then finishes what runs.

mod alarm;
mod connection;
mod settled;
mod tls;

use std::{io, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

use crate::Drain;
use connection::Connections;
pub use tls::{Tls, TlsError};

/// What to do when no connection can be taken, mostly because the process has too many files open:
/// wait for some to close instead of asking again at once.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// How long connections may take to send their last bytes once no answer runs.
const LAST_BYTES: Duration = Duration::from_secs(2);

/// How to listen.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Shown to clients; without it they speak in clear.
    pub tls: Option<Tls>,
    /// How long running answers may go on after the signal to stop.
    pub drain_timeout: Duration,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Everything that ran was finished.
    Finished,
    /// So many answers were cut off because their time was up.
    CutOff(usize),
}

/// Serves until `stop` is there and what runs then is finished, or its time is up.
///
/// While it drains it still listens, so that whoever asks is told to go elsewhere rather than finding
/// nobody.
///
/// # Errors
/// Where the listener is of no use.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    drain: Drain,
    how: Listen,
    stop: impl Future<Output = ()>,
) -> io::Result<Stopped> {
    tracing::info!(address = %listener.local_addr()?, tls = how.tls.is_some(), "listening");
    let connections = Connections::new(app, how.tls, drain.clone());
    let mut running = JoinSet::new();
    tokio::select! {
        () = accept(&listener, &connections, &mut running) => {}
        () = stop => {}
    }
    drain.start();
    let deadline = Instant::now() + how.drain_timeout;
    tracing::info!(
        running = drain.running(),
        timeout_ms = how.drain_timeout.as_millis() as u64,
        "draining"
    );
    tokio::select! {
        () = accept(&listener, &connections, &mut running) => {}
        () = drain.idle() => {}
        () = tokio::time::sleep_until(deadline) => {}
    }
    let cut_off = drain.running();
    if cut_off == 0 {
        connections.close();
        let last_bytes = async { while running.join_next().await.is_some() {} };
        let _late = tokio::time::timeout(LAST_BYTES, last_bytes).await;
    }
    // Dropping what is left drops its streams, and with them the generations.
    running.shutdown().await;
    tracing::info!(cut_off, "stopped");
    Ok(if cut_off == 0 {
        Stopped::Finished
    } else {
        Stopped::CutOff(cut_off)
    })
}

/// Takes connections for ever.
async fn accept(listener: &TcpListener, connections: &Connections, running: &mut JoinSet<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Connections that have ended are let go of, or a long-lived server would collect them.
            Some(_) = running.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer)) => {
                running.spawn(connections.serve(stream, peer));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}
