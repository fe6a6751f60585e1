//! A conversation whose connection somebody else holds, and whose messages come to us one by one: each is
//! answered by itself, with the frames that a connection of our own would carry.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{Error as SocketError, extract::ws::Message};
use busbar_core::{BoxFuture, Context, Error, ErrorKind, RequestId, Result};
use busbar_wire::ws::{ClientFrame, ServerFrame};
use bytes::Bytes;
use futures_util::sink;
use serde_json::value::RawValue;

use super::{
    connection::Connection,
    exchange::Wanted,
    frames, in_flight,
    presence::{Presence, Run},
    present::Beginning,
};
use crate::{Server, caller::Caller, ids};

/// What a request takes beside the time that its answer may take: some, since clocks differ.
const BESIDE: Duration = Duration::from_secs(60);

/// Hands frames to whoever holds the connection.
pub trait Post: Send + Sync {
    /// Hands over one, after those before it.
    ///
    /// # Errors
    /// Nobody holds it any more, or it cannot be reached: what was being done for it stops.
    fn post(&self, frame: Bytes) -> BoxFuture<'_, Result<()>>;
}

/// A message, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Utterance<'a> {
    /// Ties what is logged to the gateway's own log.
    pub request: &'a RequestId,
    /// What the gateway calls the connection.
    pub connection: &'a str,
    /// When the gateway took it, milliseconds since 1970.
    pub at: u64,
    /// What was said.
    pub message: &'a [u8],
}

/// What a message comes to.
enum Todo {
    /// An answer; others know of it where they can.
    Answer {
        id: String,
        body: Box<RawValue>,
        run: Option<Run>,
    },
    /// One frame.
    Say(Bytes),
    /// What it wanted is done.
    Nothing,
}

impl Server {
    /// Answers one message of a conversation. Resolves once its last frame was handed over. Without a
    /// presence, no message can stop what another one asked for.
    ///
    /// # Errors
    /// What the connection's holder said when it did not take a frame.
    pub async fn converse(
        &self,
        said: Utterance<'_>,
        post: &dyn Post,
        presence: Option<&Presence>,
    ) -> Result<()> {
        let _running = self.drain().admit()?;
        let now = self.now();
        let context = Context::new(said.request.clone()).due(now + self.settings().request_timeout);
        let caller = Caller {
            context,
            arrived: now,
        };
        let todo = self.understood(said, presence).await;
        let mut connection = Connection::new(self.clone(), caller);
        let outbox = connection.outbox();
        let answered = AtomicBool::new(false);
        let writing = async {
            let mut sink = pin!(sink::unfold(post, |post, message| async move {
                if let Message::Text(text) = message {
                    let posted = post.post(Bytes::from(text)).await;
                    posted.map_err(SocketError::new)?;
                }
                Ok::<_, SocketError>(post)
            }));
            loop {
                let last = answered.load(Ordering::Acquire);
                outbox.write_waiting(&mut sink).await?;
                if last {
                    return Ok::<_, SocketError>(());
                }
                outbox.filled().await;
            }
        };
        let (run, wanted) = match todo {
            Todo::Answer { id, body, run } => (run, Some((id, body))),
            Todo::Say(frame) => {
                outbox.push(frame);
                (None, None)
            }
            Todo::Nothing => (None, None),
        };
        let working = async {
            if let Some((id, body)) = wanted {
                connection.alone(&id, body, run.as_ref(), now).await;
            }
            answered.store(true, Ordering::Release);
            outbox.nudge();
            // Whoever writes says when it is over.
            std::future::pending::<()>().await;
        };
        let written = tokio::select! {
            written = writing => written,
            () = working => Ok(()),
        };
        // Nothing goes on once this is over: whoever called may stand still from then on.
        connection.stopped().await;
        if let Some(run) = run {
            run.end().await;
        }
        written.map_err(|error| {
            self.metrics().client_disconnected();
            match error.into_inner().downcast::<Error>() {
                Ok(error) => *error,
                Err(other) => Error::internal(other.to_string()),
            }
        })
    }

    /// What a message wants. What needs the messages before and after it is refused, unless all know of them.
    async fn understood(&self, said: Utterance<'_>, presence: Option<&Presence>) -> Todo {
        let refused = |id: Option<&str>, error: &Error| Todo::Say(frames::failed(id, None, error));
        match (ClientFrame::read(said.message), presence) {
            (
                Ok(ClientFrame::Chat {
                    id,
                    body,
                    resume: None,
                }),
                _,
            ) => match self.begun(said, &id, presence).await {
                Ok(run) => Todo::Answer { id, body, run },
                // An error under a name that is taken would end the one that has it.
                Err(error) => refused((error.param() != Some("id")).then_some(&id), &error),
            },
            (Ok(ClientFrame::Ping { at }), _) => Todo::Say(ServerFrame::Pong { at }.encode()),
            (Ok(ClientFrame::Chat { id, .. } | ClientFrame::Resume { id, .. }), _) => {
                let message = "streams are not kept here beyond their message: leave `resume` out";
                refused(Some(&id), &apart("resume", message))
            }
            (Ok(ClientFrame::Cancel { id }), Some(presence)) => {
                match presence.cancel(said.connection, &id, said.at).await {
                    Ok(()) => Todo::Nothing,
                    Err(error) => refused(None, &error),
                }
            }
            (Ok(ClientFrame::Cancel { .. }), None) => {
                let message = "each message is answered by itself here, so that one cannot stop another: close the \
                    connection";
                refused(None, &apart("type", message))
            }
            (Err(error), _) => refused(None, &error),
        }
    }

    async fn begun(&self, said: Utterance<'_>, id: &str, presence: Option<&Presence>) -> Result<Option<Run>> {
        in_flight::check(id)?;
        let Some(presence) = presence else {
            return Ok(None);
        };
        let settings = self.settings();
        let beginning = Beginning {
            id: id.to_owned(),
            at: said.at,
            // A gateway's names for messages are its own affair.
            run: ids::request(),
            lasts: settings.request_timeout + BESIDE,
        };
        let run = presence.begin(said.connection, beginning, settings.ws.max_in_flight);
        run.await.map(Some)
    }
}

impl Connection {
    /// Answers one request to its end.
    async fn alone(&mut self, id: &str, body: Box<RawValue>, run: Option<&Run>, now: std::time::Instant) {
        // Fails only where the reader is slow, who is none here.
        let _begun = self.begin(id, Wanted::Chat { body, resume: None }, now).await;
        if let Some(run) = run {
            tokio::select! {
                biased;
                () = run.stopped() => self.stop(id),
                () = self.ended() => return,
            }
        }
        self.ended().await;
    }
}

fn apart(field: &str, message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_param(field)
        .with_code("messages_are_apart")
}
