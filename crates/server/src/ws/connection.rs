//! One connection, from its upgrade to its close.

use std::time::{Duration, Instant};

use axum::{
    Error as SocketError,
    extract::ws::{CloseFrame, Message, WebSocket, close_code},
};
use busbar_core::{Context, Error, ErrorKind, RequestId, Trail};
use busbar_telemetry::request_span;
use busbar_wire::ws::{ClientFrame, ServerFrame};
use bytes::Bytes;
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::task::JoinSet;
use tracing::Instrument as _;
use tungstenite::error::{CapacityError, Error as ProtocolError};

use super::{
    PATH,
    exchange::{Exchange, Wanted},
    frames,
    in_flight::InFlight,
    outbox::{Outbox, TooSlow},
    pulse::{Beat, Pulse},
};
use crate::{Drain, Running, Server, caller::Caller};

/// How long a peer may take to read the last frames.
const GOODBYE: Duration = Duration::from_secs(2);

/// One connection.
pub(super) struct Connection {
    server: Server,
    caller: Caller,
    outbox: Outbox,
    in_flight: InFlight,
    pulse: Pulse,
    /// What runs; dropped with the connection.
    exchanges: JoinSet<Result<(), TooSlow>>,
    /// Numbers the requests, for their ids.
    requests: u64,
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer closed it, or nobody is there.
    Left,
    /// Nothing happened for too long.
    Idle,
    /// The server shuts down, and everything is answered.
    Draining,
    /// The peer reads too slowly.
    Slow,
    /// A message is larger than any may be.
    TooLarge,
    /// The peer does not speak the protocol.
    Garbled,
}

impl Connection {
    pub(super) fn new(server: Server, caller: Caller) -> Self {
        let limits = server.settings().ws;
        let clock = server.clock();
        Self {
            outbox: Outbox::new(limits, clock.clone()),
            in_flight: InFlight::new(limits.max_in_flight, clock),
            pulse: Pulse::new(limits, server.now()),
            exchanges: JoinSet::new(),
            requests: 0,
            server,
            caller,
        }
    }

    /// Serves it to its end. It counts as running, so that a server that drains waits for the goodbye.
    pub(super) async fn serve(mut self, socket: WebSocket, _running: Running) {
        let _open = self.server.metrics().websocket();
        let (mut sink, mut messages) = socket.split();
        let outbox = self.outbox.clone();
        outbox.push(frames::ready(&self.server.settings().ws));
        let end = tokio::select! {
            end = self.talk(&mut messages) => end,
            _broken = outbox.write(&mut sink) => End::Left,
        };
        for _ in 0..self.in_flight.len() {
            self.server.metrics().client_disconnected();
        }
        // What runs stops now, not after the goodbye.
        drop(self);
        let goodbye = goodbye(end, &outbox, &mut sink, &mut messages);
        let _late = tokio::time::timeout(GOODBYE, goodbye).await;
    }

    async fn talk(&mut self, messages: &mut SplitStream<WebSocket>) -> End {
        let drained = drained(self.server.drain().clone(), self.in_flight.clone());
        let outbox = self.outbox.clone();
        let slow = outbox.slow();
        tokio::pin!(drained, slow);
        loop {
            let now = self.server.now();
            let until = match self.pulse.beat(now, self.in_flight.quiet_since()) {
                Beat::Until(until) => until,
                Beat::Ping => {
                    self.outbox.ping();
                    continue;
                }
                Beat::Gone => return End::Left,
                Beat::Idle => return End::Idle,
            };
            let heard = tokio::select! {
                message = messages.next() => self.hear(message).await,
                () = tokio::time::sleep(until.saturating_duration_since(now)) => Ok(()),
                // Those that have ended are let go of.
                Some(_ended) = self.exchanges.join_next() => Ok(()),
                () = &mut slow => Err(End::Slow),
                () = &mut drained => Err(End::Draining),
            };
            if let Err(end) = heard {
                return end;
            }
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, SocketError>>) -> Result<(), End> {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(fault(error)),
            None => return Err(End::Left),
        };
        let now = self.server.now();
        self.pulse.heard(now);
        match message {
            Message::Text(text) => {
                self.pulse.asked(now);
                self.obey(text.as_bytes(), now).await
            }
            Message::Binary(_) => {
                let error = Error::new(
                    ErrorKind::Invalid,
                    "frames are text: binary ones mean nothing here",
                );
                self.say(frames::failed(None, None, &error)).await
            }
            // The library answers pings by itself.
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => Err(End::Left),
        }
    }

    async fn obey(&mut self, frame: &[u8], now: Instant) -> Result<(), End> {
        match ClientFrame::read(frame) {
            Ok(ClientFrame::Chat { id, body, resume }) => {
                self.begin(&id, Wanted::Chat { body, resume }, now).await
            }
            Ok(ClientFrame::Resume { id, stream, after }) => {
                self.begin(&id, Wanted::Resume { stream, after }, now).await
            }
            Ok(ClientFrame::Cancel { id }) => {
                self.in_flight.stop(&id);
                Ok(())
            }
            Ok(ClientFrame::Ping { at }) => self.say(ServerFrame::Pong { at }.encode()).await,
            Err(error) => self.say(frames::failed(None, None, &error)).await,
        }
    }

    /// What is to be said to the peer.
    pub(super) fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// Asks what has that name to stop.
    pub(super) fn stop(&self, id: &str) {
        self.in_flight.stop(id);
    }

    /// Stops everything that runs, and waits until it has.
    pub(super) async fn stopped(&mut self) {
        self.exchanges.shutdown().await;
    }

    /// Waits until everything that runs has ended.
    pub(super) async fn ended(&mut self) {
        while self.exchanges.join_next().await.is_some() {}
    }

    pub(super) async fn begin(&mut self, id: &str, wanted: Wanted, now: Instant) -> Result<(), End> {
        let place = match self.in_flight.take(id) {
            Ok(place) => place,
            Err(error) => {
                // An error under a name that is taken would end the one that has it.
                let id = (error.param() != Some("id")).then_some(id);
                return self.say(frames::failed(id, None, &error)).await;
            }
        };
        let context = self.context(now);
        let span = request_span(&context.request, context.trace.as_deref(), "WS", PATH);
        let exchange = Exchange {
            server: self.server.clone(),
            outbox: self.outbox.clone(),
            place,
            context,
            arrived: now,
        };
        self.exchanges.spawn(exchange.run(wanted).instrument(span));
        Ok(())
    }

    /// Each request has an id and a deadline of its own.
    fn context(&mut self, now: Instant) -> Context {
        self.requests += 1;
        let Caller { context, arrived } = &self.caller;
        let timeout = context
            .deadline
            .map(|deadline| deadline.saturating_duration_since(*arrived));
        Context {
            request: RequestId::new(&format!("{}-{}", context.request, self.requests)),
            deadline: timeout.map(|timeout| now + timeout),
            trail: Trail::default(),
            ..context.clone()
        }
    }

    async fn say(&self, frame: Bytes) -> Result<(), End> {
        self.outbox.send(frame).await.map_err(|TooSlow| End::Slow)
    }
}

/// Waits until the server shuts down and everything is answered.
async fn drained(drain: Drain, in_flight: InFlight) {
    drain.started().await;
    in_flight.empty().await;
}

fn fault(error: SocketError) -> End {
    match error.into_inner().downcast_ref() {
        Some(ProtocolError::Capacity(CapacityError::MessageTooLong { .. })) => End::TooLarge,
        Some(ProtocolError::Protocol(_) | ProtocolError::Utf8(_)) => End::Garbled,
        _ => End::Left,
    }
}

/// Says why, and gives the peer time to read it.
async fn goodbye(
    end: End,
    outbox: &Outbox,
    sink: &mut SplitSink<WebSocket, Message>,
    messages: &mut SplitStream<WebSocket>,
) -> Result<(), SocketError> {
    let (code, reason) = match end {
        End::Left => return sink.close().await,
        End::Idle => (close_code::AWAY, "idle"),
        End::Draining => (close_code::AWAY, "shutting down"),
        End::Slow => (close_code::POLICY, "slow reader"),
        End::TooLarge => (close_code::SIZE, "too large"),
        End::Garbled => (close_code::PROTOCOL, "not understood"),
    };
    if matches!(end, End::Idle | End::Draining) {
        outbox.write_waiting(sink).await?;
    }
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    sink.send(Message::Close(Some(frame))).await?;
    // A socket closed while there is something unread would be reset, and the reason lost.
    while let Some(Ok(_)) = messages.next().await {}
    Ok(())
}
