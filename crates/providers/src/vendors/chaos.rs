//! A host that fails on purpose, for tests and game days: it is asked like any other, its answers are the
//! bytes of one that exists, and what is done to them on the way is what happens to bytes. It calls nobody,
//! and is there only where the configuration names it.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, Error, ErrorKind, Event, EventStream, Model, Result, Tokens,
};
use busbar_wire::{
    openai::hosts::{COMPATIBLE, Rehearsal},
    upstream::{AnswerReader, ChatFormat as _},
};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::time::sleep;

use super::Shared;
use crate::{
    framing::{Frames, Framing},
    prices::Place,
    settings::{self, Nothing, Problem, Section, TaskName},
};

const SAYS: &str = "This answer comes from a host that fails on purpose, one word at a time, so that whoever \
    builds on it can see what becomes of a stream that is cut, of one that stalls, and of one that never begins.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What it says when it answers.
    says: Option<String>,
    /// How long it takes to its first word, milliseconds.
    #[serde(default)]
    first_ms: u64,
    /// How long to each one after, milliseconds.
    #[serde(default)]
    word_ms: u64,
    /// The same seed fails in the same order.
    #[serde(default)]
    seed: u64,
    /// What goes wrong, and how often; what is left of a hundred goes well.
    #[serde(default)]
    faults: Vec<Fault>,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    kind: Kind,
    /// In so many of a hundred answers.
    percent: u32,
    /// After so many bytes of the answer, where it is within one.
    #[serde(default)]
    after_bytes: usize,
    /// For `latency`: so long.
    #[serde(default)]
    ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Late.
    Latency,
    /// Refused as broken.
    Error,
    /// Refused as too much.
    Throttle,
    /// The connection ends.
    Cut,
    /// Nothing more comes.
    Stall,
    /// Bytes that are no event.
    Malformed,
    /// Begun as a success, and then a failure within.
    ErrorInside,
}

pub(super) fn build(section: &Section, shared: &Shared) -> Result<Vec<Model>, Vec<Problem>> {
    let settings = settings::read::<Settings, Nothing>(section)?;
    let vendor = settings.vendor;
    let sum: u32 = vendor.faults.iter().map(|fault| fault.percent).sum();
    if sum > 100 {
        let message = format!("come to {sum} of a hundred answers; make them 100 at most");
        return Err(vec![Problem::new("faults", message)]);
    }
    let host = Arc::new(Host {
        name: section.name.clone(),
        says: vendor.says.unwrap_or_else(|| SAYS.to_owned()),
        first: Duration::from_millis(vendor.first_ms),
        word: Duration::from_millis(vendor.word_ms),
        faults: vendor.faults,
        throws: AtomicU64::new(vendor.seed),
    });
    let place = Place {
        kind: &section.kind,
        region: "",
    };
    let mut models = Vec::new();
    for (number, model) in settings.models.iter().enumerate() {
        if model.common.task != TaskName::Chat {
            let message = "fails in text only; leave it out";
            return Err(vec![Problem::new(format!("models[{number}].task"), message)]);
        }
        let card = model.common.card(&section.name, place, &shared.prices);
        models.push(Model {
            chat: Some(Arc::clone(&host) as _),
            ..Model::new(card)
        });
    }
    Ok(models)
}

#[derive(Debug)]
struct Host {
    name: String,
    says: String,
    first: Duration,
    word: Duration,
    faults: Vec<Fault>,
    throws: AtomicU64,
}

impl ChatModel for Host {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        let most = request.max_tokens;
        let (fault, number) = self.throw();
        let words: Vec<String> = self.says.split_inclusive(' ').map(str::to_owned).collect();
        let words = words
            .into_iter()
            .take(most.map_or(usize::MAX, |most| most.0 as usize))
            .collect();
        Box::pin(self.answer(
            fault,
            Rehearsal {
                number,
                words,
                prompt: Tokens(1),
            },
        ))
    }
}

impl Host {
    /// What happens to the next answer.
    fn throw(&self) -> (Option<Fault>, u64) {
        let number = self.throws.fetch_add(1, Relaxed);
        let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut at = ((bits ^ (bits >> 27)) >> 16) as u32 % 100;
        let fault = self.faults.iter().find(|fault| {
            let hit = at < fault.percent;
            at = at.saturating_sub(fault.percent);
            hit
        });
        (fault.copied(), number)
    }

    async fn answer(&self, fault: Option<Fault>, rehearsal: Rehearsal) -> Result<EventStream> {
        let host = &self.name;
        sleep(self.first).await;
        let retry_after = Duration::from_secs(1);
        match fault.map(|fault| (fault.kind, fault.ms)) {
            Some((Kind::Latency, ms)) => sleep(Duration::from_millis(ms)).await,
            Some((Kind::Error, _)) => return Err(broken(format!("`{host}` failed, as it is configured to"))),
            Some((Kind::Throttle, _)) => {
                let message = format!("`{host}` takes no more requests now, as it is configured to");
                return Err(Error::new(ErrorKind::RateLimited { retry_after }, message));
            }
            _ => {}
        }
        let pieces = pieces(rehearsal.chunks(), fault);
        let playing = Playing {
            host: host.clone(),
            pieces: pieces.into_iter(),
            frames: Frames::new(Framing::Sse),
            reader: COMPATIBLE.reader(),
            word: self.word,
            over: false,
        };
        let mut events: EventStream = Box::pin(stream::unfold(playing, Playing::next).flat_map(stream::iter));
        let first = events.next().await.unwrap_or_else(|| Err(cut(host)))?;
        Ok(Box::pin(stream::iter([Ok(first)]).chain(events)))
    }
}

/// What comes over the wire.
enum Piece {
    Bytes(Vec<u8>),
    Stall,
    Cut,
}

/// The bytes of an answer, and what becomes of them.
fn pieces(chunks: Vec<Vec<u8>>, fault: Option<Fault>) -> Vec<Piece> {
    let within = |kind| {
        matches!(
            kind,
            Kind::Cut | Kind::Stall | Kind::Malformed | Kind::ErrorInside
        )
    };
    let Some(fault) = fault.filter(|fault| within(fault.kind)) else {
        return chunks.into_iter().map(Piece::Bytes).collect();
    };
    let mut left = fault.after_bytes;
    let mut pieces = Vec::new();
    for mut chunk in chunks {
        // A connection breaks anywhere; what a host writes wrong, it writes between events.
        let here = chunk.len() > left;
        if here && fault.kind == Kind::Cut {
            chunk.truncate(left);
            pieces.push(Piece::Bytes(chunk));
        } else if !here {
            left -= chunk.len();
            pieces.push(Piece::Bytes(chunk));
            continue;
        }
        pieces.push(match fault.kind {
            Kind::Stall => Piece::Stall,
            Kind::Malformed => Piece::Bytes(Rehearsal::nonsense()),
            Kind::ErrorInside => Piece::Bytes(Rehearsal::failure()),
            _ => Piece::Cut,
        });
        break;
    }
    pieces
}

struct Playing {
    host: String,
    pieces: std::vec::IntoIter<Piece>,
    frames: Frames,
    reader: Box<dyn AnswerReader>,
    word: Duration,
    over: bool,
}

impl Playing {
    /// The events of the next bytes.
    async fn next(mut self) -> Option<(Vec<Result<Event>>, Self)> {
        if self.over {
            return None;
        }
        sleep(self.word).await;
        let bytes = match self.pieces.next() {
            Some(Piece::Bytes(bytes)) => bytes,
            Some(Piece::Stall) => std::future::pending().await,
            Some(Piece::Cut) | None => {
                self.over = true;
                return Some((vec![Err(cut(&self.host))], self));
            }
        };
        let Self { frames, reader, .. } = &mut self;
        let mut events = Vec::new();
        let read = frames.read(&bytes, &mut |frame| {
            reader.read(frame, &mut events)?;
            Ok(ControlFlow::Continue(()))
        });
        let done = events.iter().any(|event| matches!(event, Event::Done(_)));
        let mut items: Vec<Result<Event>> = events.into_iter().map(Ok).collect();
        items.extend(read.err().map(Err));
        self.over = done || items.last().is_some_and(Result::is_err);
        Some((items, self))
    }
}

fn cut(host: &str) -> Error {
    broken(format!(
        "the answer of `{host}` was cut off, as it is configured to be"
    ))
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::BadUpstream, message)
}
