//! A conversation whose connection somebody else holds, and whose messages come to us one by one: each is
//! answered by itself, with the frames that a connection of our own would carry.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
};

use axum::{Error as SocketError, extract::ws::Message};
use busbar_core::{BoxFuture, Context, Error, ErrorKind, RequestId, Result};
use busbar_wire::ws::{ClientFrame, ServerFrame};
use bytes::Bytes;
use futures_util::sink;

use super::{connection::Connection, exchange::Wanted, frames};
use crate::{Server, caller::Caller};

/// Hands frames to whoever holds the connection.
pub trait Post: Send + Sync {
    /// Hands over one, after those before it.
    ///
    /// # Errors
    /// Nobody holds it any more, or it cannot be reached: what was being done for it stops.
    fn post(&self, frame: Bytes) -> BoxFuture<'_, Result<()>>;
}

impl Server {
    /// Answers one message of a conversation. Resolves once its last frame was handed over.
    ///
    /// # Errors
    /// What the connection's holder said when it did not take a frame.
    pub async fn converse(&self, request: &RequestId, message: &[u8], post: &dyn Post) -> Result<()> {
        let _running = self.drain().admit()?;
        let now = self.now();
        let context = Context::new(request.clone()).due(now + self.settings().request_timeout);
        let caller = Caller {
            context,
            arrived: now,
        };
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
        let working = async {
            connection.alone(message, now).await;
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
        written.map_err(|error| {
            self.metrics().client_disconnected();
            match error.into_inner().downcast::<Error>() {
                Ok(error) => *error,
                Err(other) => Error::internal(other.to_string()),
            }
        })
    }
}

impl Connection {
    /// Does what one message wants, to its end. What needs the messages before and after it is refused.
    async fn alone(&mut self, message: &[u8], now: std::time::Instant) {
        let refused = match ClientFrame::read(message) {
            Ok(ClientFrame::Chat {
                id,
                body,
                resume: None,
            }) => {
                // Fails only where the reader is slow, who is none here.
                let _begun = self.begin(&id, Wanted::Chat { body, resume: None }, now).await;
                self.ended().await;
                return;
            }
            Ok(ClientFrame::Ping { at }) => return self.outbox().push(ServerFrame::Pong { at }.encode()),
            Ok(ClientFrame::Chat { id, .. } | ClientFrame::Resume { id, .. }) => {
                let message = "streams are not kept here beyond their message: leave `resume` out";
                frames::failed(Some(&id), None, &apart("resume", message))
            }
            Ok(ClientFrame::Cancel { .. }) => {
                let message = "each message is answered by itself here, so that one cannot stop another: close the \
                    connection";
                frames::failed(None, None, &apart("type", message))
            }
            Err(error) => frames::failed(None, None, &error),
        };
        self.outbox().push(refused);
    }
}

fn apart(field: &str, message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message)
        .with_param(field)
        .with_code("messages_are_apart")
}
