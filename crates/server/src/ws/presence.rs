//! Who is connected through a gateway, and what runs for whom, as all processes know that answer its
//! messages: so that one can stop what another does.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use busbar_core::{Clock, Error, ErrorKind, Note, Notes, Result, Writing};

use super::{
    in_flight::RETRY_AFTER,
    present::{Beginning, Present},
};

/// A gateway holds a connection for two hours at most; some more, since clocks differ.
const LONGEST: Duration = Duration::from_secs(2 * 3600 + 600);
/// How often whoever works looks whether it is still wanted.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Others may write at the same moment, a client's worth of them.
const TRIES: usize = 16;

/// Who is connected, and what runs for whom. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Presence {
    notes: Arc<dyn Notes>,
    clock: Arc<dyn Clock>,
}

/// A request that all know of.
#[derive(Debug)]
pub(super) struct Run {
    presence: Presence,
    connection: String,
    beginning: Beginning,
    /// Its client had stopped it before it began.
    stopped: bool,
}

/// Whether what was read is to be written.
enum Then<T> {
    Write(T),
    Leave(T),
}

impl Presence {
    /// What is noted there.
    pub fn new(notes: Arc<dyn Notes>, clock: Arc<dyn Clock>) -> Self {
        Self { notes, clock }
    }

    /// A connection was made.
    ///
    /// # Errors
    /// It cannot be noted: what is asked on it could not be stopped.
    pub async fn connected(&self, connection: &str) -> Result<()> {
        let present = Present::until(self.now().saturating_add(millis(LONGEST)));
        // Where there is one it was noted by an earlier try.
        self.write(connection, &present, None).await.map(drop)
    }

    /// A connection is gone, and all that runs for it stops.
    ///
    /// # Errors
    /// That cannot be noted.
    pub async fn left(&self, connection: &str) -> Result<()> {
        self.notes.remove(&name(connection)).await
    }

    /// Notes that a request begins.
    ///
    /// # Errors
    /// `NotFound` where nobody noted the connection; what [`Present::begin`] refuses; it cannot be noted.
    pub(super) async fn begin(&self, connection: &str, new: Beginning, most: usize) -> Result<Run> {
        let begun = self.change(connection, |present, now| {
            let begun = present.begin(&new, most, now)?;
            Ok(Then::Write(begun))
        });
        let Some(begun) = begun.await? else {
            let message = "nothing is known of this connection: connect again";
            return Err(Error::new(ErrorKind::NotFound, message).with_code("connection_unknown"));
        };
        Ok(Run {
            presence: self.clone(),
            connection: connection.to_owned(),
            beginning: new,
            stopped: !begun,
        })
    }

    /// Stops what has this name on a connection and was asked for by then.
    ///
    /// # Errors
    /// It cannot be noted.
    pub(super) async fn cancel(&self, connection: &str, id: &str, at: u64) -> Result<()> {
        let stopped = self.change(connection, |present, now| {
            Ok(match present.cancel(id, at, now) {
                true => Then::Write(()),
                false => Then::Leave(()),
            })
        });
        stopped.await.map(drop)
    }

    /// Changes what is noted of a connection; `None` where nothing is.
    async fn change<T>(
        &self,
        connection: &str,
        rule: impl Fn(&mut Present, u64) -> Result<Then<T>>,
    ) -> Result<Option<T>> {
        for _ in 0..TRIES {
            let Some(note) = self.notes.read(&name(connection)).await? else {
                return Ok(None);
            };
            let mut present = read(&note)?;
            let result = match rule(&mut present, self.now())? {
                Then::Leave(result) => return Ok(Some(result)),
                Then::Write(result) => result,
            };
            if self.write(connection, &present, Some(&note.mark)).await? {
                return Ok(Some(result));
            }
        }
        let kind = ErrorKind::Overloaded {
            retry_after: RETRY_AFTER,
        };
        let message = "too many messages of this connection came at once";
        Err(Error::new(kind, message).with_code("too_many_in_flight"))
    }

    async fn write(&self, connection: &str, present: &Present, over: Option<&str>) -> Result<bool> {
        let text = serde_json::to_string(present)
            .map_err(|source| Error::internal("a connection cannot be written down").with_source(source))?;
        let writing = Writing {
            name: &name(connection),
            text: &text,
            over,
            until: Some(UNIX_EPOCH + Duration::from_millis(present.until)),
        };
        Ok(self.notes.write(writing).await?.is_some())
    }

    fn now(&self) -> u64 {
        millis(self.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl Run {
    /// Resolves once nobody wants it any more. Where that cannot be found out, it goes on.
    pub(super) async fn stopped(&self) {
        if self.stopped {
            return;
        }
        let mut out_of_reach = false;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let connection = &self.connection;
            match self.presence.notes.read(&name(connection)).await {
                Ok(note) => {
                    let present = note.as_ref().and_then(|note| read(note).ok());
                    if !present.is_some_and(|present| present.wants(&self.beginning)) {
                        return;
                    }
                }
                Err(error) if !std::mem::replace(&mut out_of_reach, true) => {
                    tracing::warn!(%error, "it cannot be seen whether a client still waits");
                }
                Err(_) => {}
            }
        }
    }

    /// It is over. Where that cannot be noted, it is forgotten in time.
    pub(super) async fn end(self) {
        let ended = self.presence.change(&self.connection, |present, _| {
            Ok(match present.end(&self.beginning) {
                true => Then::Write(()),
                false => Then::Leave(()),
            })
        });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "the end of a request cannot be noted");
        }
    }
}

fn read(note: &Note) -> Result<Present> {
    serde_json::from_str(&note.text)
        .map_err(|source| Error::internal("what is noted of a connection is nonsense").with_source(source))
}

fn name(connection: &str) -> String {
    format!("connection#{connection}")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
