//! The signals that ask a server to stop: the first one kindly, the second at once.

use tokio::sync::watch;

use crate::{Error, Result};

/// How many signals have come.
#[derive(Clone, Debug)]
pub(crate) struct Signals(watch::Receiver<u32>);

impl Signals {
    /// Listens from now on; the signals do not end the process by themselves any more.
    pub(crate) fn listen() -> Result<Self> {
        let (count, counted) = watch::channel(0);
        let mut source = Source::new().map_err(|source| Error::Io {
            doing: "listening for signals".to_owned(),
            source,
        })?;
        tokio::spawn(async move {
            while source.next().await.is_some() {
                count.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(counted))
    }

    /// Waits for the first one.
    pub(crate) async fn first(&self) {
        self.at_least(1).await;
    }

    /// Waits for the second one.
    pub(crate) async fn second(&self) {
        self.at_least(2).await;
    }

    async fn at_least(&self, wanted: u32) {
        let mut counted = self.0.clone();
        if counted.wait_for(|count| *count >= wanted).await.is_err() {
            // Nobody counts any more, so no signal will come.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Option<()> {
        tokio::select! {
            came = self.interrupt.recv() => came,
            came = self.terminate.recv() => came,
        }
    }
}

#[cfg(windows)]
struct Source(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Source {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}
