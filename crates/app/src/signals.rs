//! The signals that a server heeds: those that ask it to stop, the first one kindly, the second at once;
//! and the one that asks it to read its configuration again.

use tokio::sync::watch;

use crate::{Error, Result};

/// How many signals have come.
#[derive(Clone, Debug)]
pub(crate) struct Signals(watch::Receiver<Heard>);

/// How many of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    stop: u32,
    hangup: u32,
}

/// What a signal means.
#[derive(Clone, Copy, Debug)]
enum Signal {
    Stop,
    #[cfg_attr(windows, expect(dead_code, reason = "there is no such signal there"))]
    Hangup,
}

impl Signals {
    /// Listens from now on; the signals do not end the process by themselves any more.
    pub(crate) fn listen() -> Result<Self> {
        let (count, counted) = watch::channel(Heard::default());
        let mut source = Source::new().map_err(|source| Error::Io {
            doing: "listening for signals".to_owned(),
            source,
        })?;
        tokio::spawn(async move {
            while let Some(signal) = source.next().await {
                count.send_modify(|heard| match signal {
                    Signal::Stop => heard.stop += 1,
                    Signal::Hangup => heard.hangup += 1,
                });
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

    /// Waits until the configuration is to be read again, more often than this; gives how often by now.
    pub(crate) async fn hangup_after(&self, known: u32) -> u32 {
        self.until(|heard| heard.hangup > known).await.hangup
    }

    async fn at_least(&self, wanted: u32) {
        self.until(|heard| heard.stop >= wanted).await;
    }

    async fn until(&self, enough: impl Fn(&Heard) -> bool) -> Heard {
        let mut counted = self.0.clone();
        match counted.wait_for(|heard| enough(heard)).await.map(|heard| *heard) {
            Ok(heard) => heard,
            // Nobody counts any more, so no signal will come.
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Option<Signal> {
        tokio::select! {
            came = self.interrupt.recv() => came.map(|()| Signal::Stop),
            came = self.terminate.recv() => came.map(|()| Signal::Stop),
            came = self.hangup.recv() => came.map(|()| Signal::Hangup),
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

    async fn next(&mut self) -> Option<Signal> {
        self.0.recv().await.map(|()| Signal::Stop)
    }
}
