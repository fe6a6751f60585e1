//! Streams of a server: read on a thread, handed on event by event.

use std::{io::Read, sync::Arc};

use busbar_core::{Error, ErrorKind, Event, EventStream, Progress, Result};
use busbar_tasks::{SummaryDone, SummaryEvent, SummaryStream};
use busbar_wire::{
    client::{AnswerReader, Call, EVENT_LIMIT, SummaryItem, SummaryReader},
    sse::{Parser, SseEvent},
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;

use super::connection::Connection;

/// Events that may wait for whoever prints them.
const WAITING: usize = 64;

/// A streamed answer; resolves with its first event.
pub(super) async fn answer(connection: Arc<Connection>, call: Call) -> Result<EventStream> {
    let mut reader = AnswerReader::default();
    let read = move |event: &SseEvent| reader.read(event);
    let is_last = |event: &Event| matches!(event, Event::Done(_));
    Ok(Box::pin(open(connection, call, read, is_last).await?))
}

/// A streamed summary; resolves with its first event.
pub(super) async fn summary(connection: Arc<Connection>, call: Call) -> Result<SummaryStream> {
    let read = |event: &SseEvent| {
        SummaryReader
            .read(event)
            .map(|item| item.map(summary_event).into_iter().collect())
    };
    let is_last = |event: &SummaryEvent| matches!(event, SummaryEvent::Done(_));
    Ok(Box::pin(open(connection, call, read, is_last).await?))
}

fn summary_event(item: SummaryItem) -> SummaryEvent {
    match item {
        SummaryItem::Progress { mapping, done, total } => SummaryEvent::Progress(Progress {
            stage: if mapping { "map" } else { "reduce" },
            done,
            total,
        }),
        SummaryItem::Delta(text) => SummaryEvent::Delta(busbar_core::Delta {
            text,
            logprobs: Vec::new(),
        }),
        SummaryItem::Done {
            finish,
            usage,
            parts,
            rounds,
        } => SummaryEvent::Done(SummaryDone {
            finish,
            usage,
            parts,
            rounds,
        }),
    }
}

/// Sends the request and reads its stream up to the last item or the first error.
///
/// When the stream is dropped, the thread finds nobody to hand the next event to and closes the
/// connection, by which the server knows to stop.
async fn open<T: Send + 'static>(
    connection: Arc<Connection>,
    call: Call,
    mut read: impl FnMut(&SseEvent) -> Result<Vec<T>> + Send + 'static,
    is_last: fn(&T) -> bool,
) -> Result<impl Stream<Item = Result<T>> + Send> {
    let (hand_on, mut events) = mpsc::channel(WAITING);
    std::thread::spawn(move || {
        let ended = pump(&connection, &call, &hand_on, &mut read, is_last);
        if let Err(error) = ended {
            // Nobody may be listening any more.
            let _unheard = hand_on.blocking_send(Err(error));
        }
    });
    let first = events.recv().await.unwrap_or_else(|| Err(broken_off()))?;
    let rest = stream::unfold(events, |mut events| async {
        Some((events.recv().await?, events))
    });
    Ok(stream::iter([Ok(first)]).chain(rest))
}

fn pump<T>(
    connection: &Connection,
    call: &Call,
    hand_on: &mpsc::Sender<Result<T>>,
    read: &mut impl FnMut(&SseEvent) -> Result<Vec<T>>,
    is_last: fn(&T) -> bool,
) -> Result<()> {
    let mut body = connection.post(call)?;
    let mut parser = Parser::new(EVENT_LIMIT);
    let mut piece = vec![0; 16 * 1024];
    loop {
        let length = body
            .read(&mut piece)
            .map_err(|error| broken_off().with_source(error))?;
        if length == 0 {
            return Err(broken_off());
        }
        let events = parser
            .push(&piece[..length])
            .map_err(|error| Error::internal("the server's stream cannot be read").with_source(error))?;
        for event in events {
            for item in read(&event)? {
                let last = is_last(&item);
                // A closed channel means that nobody wants the rest.
                if hand_on.blocking_send(Ok(item)).is_err() || last {
                    return Ok(());
                }
            }
        }
    }
}

fn broken_off() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the server's answer broke off before its end",
    )
}
