//! Models whose weather changes.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use busbar_core::{
    BoxFuture, ChatModel, ChatRequest, Clock as _, Done, Error, ErrorKind, Event, EventStream, FinishReason,
    Result, Timer, Tokens, Usage,
};
use busbar_routing::{Dice, Seeded};
use busbar_testkit::{TestClock, said_before};
use futures_util::{StreamExt as _, stream};

/// What every model says.
pub(crate) const ANSWER: &str =
    "The harbour master counts the ships that come and the ships that go, and at night he sleeps.";
/// In so many pieces.
pub(crate) const PIECES: usize = 12;

/// How a target is at present.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Weather {
    Fine,
    /// So many of a hundred calls go wrong in one way or another.
    Rough(u64),
    Down,
}

/// A model whose weather changes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) clock: TestClock,
    pub(crate) dice: Arc<Seeded>,
    pub(crate) weather: Mutex<Weather>,
    pub(crate) live: Arc<AtomicU64>,
    pub(crate) most_live: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) steps: Arc<AtomicU64>,
}

pub(crate) struct Live(Arc<AtomicU64>);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// What one call does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Answers,
    Refuses(ErrorKind),
    Hangs,
    CutAfter(usize),
    StallsAfter(usize),
}

impl Target {
    pub(crate) fn fate(&self) -> Fate {
        let bad = match *self.weather.lock().unwrap() {
            Weather::Fine => 1,
            Weather::Rough(percent) => percent,
            Weather::Down => 100,
        };
        if self.dice.throw() % 100 >= bad {
            return Fate::Answers;
        }
        let retry_after = Duration::from_millis(self.dice.throw() % 3_000);
        let pieces = (self.dice.throw() % PIECES as u64) as usize;
        match self.dice.throw() % 10 {
            0 => Fate::Refuses(ErrorKind::RateLimited { retry_after }),
            1 => Fate::Refuses(ErrorKind::Overloaded { retry_after }),
            2 | 3 => Fate::Refuses(ErrorKind::Unavailable),
            4 => Fate::Refuses(ErrorKind::BadUpstream),
            5 => Fate::Refuses(ErrorKind::Internal),
            6 => Fate::Hangs,
            7 | 8 => Fate::CutAfter(pieces),
            _ => Fate::StallsAfter(pieces),
        }
    }

    pub(crate) async fn pause(clock: &TestClock, ms: u64) {
        clock.sleep_until(clock.now() + Duration::from_millis(ms)).await;
    }
}

impl ChatModel for Target {
    fn chat(&self, request: ChatRequest) -> BoxFuture<'_, Result<EventStream>> {
        self.calls.fetch_add(1, SeqCst);
        let live = self.live.fetch_add(1, SeqCst) + 1;
        self.most_live.fetch_max(live, SeqCst);
        let held = Live(Arc::clone(&self.live));
        let fate = self.fate();
        let (clock, dice, steps) = (
            self.clock.clone(),
            Arc::clone(&self.dice),
            Arc::clone(&self.steps),
        );
        Box::pin(async move {
            Self::pause(&clock, 1 + dice.throw() % 200).await;
            match fate {
                Fate::Refuses(kind) => return Err(Error::new(kind, "no")),
                Fate::Hangs => std::future::pending().await,
                Fate::CutAfter(0) => return Err(Error::new(ErrorKind::BadUpstream, "cut")),
                Fate::StallsAfter(0) => std::future::pending().await,
                _ => {}
            }
            let rest = ANSWER
                .strip_prefix(said_before(&request).as_str())
                .unwrap()
                .to_owned();
            let size = ANSWER.len().div_ceil(PIECES);
            let pieces: Vec<String> = rest
                .as_bytes()
                .chunks(size)
                .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
                .collect();
            let usage = Usage {
                input: Tokens(9),
                output: Tokens(pieces.len() as u32),
                ..Usage::default()
            };
            let first = pieces.first().cloned().unwrap_or_default();
            let later = stream::unfold((1, held), move |(next, held)| {
                let (clock, dice, pieces, steps) = (
                    clock.clone(),
                    Arc::clone(&dice),
                    pieces.clone(),
                    Arc::clone(&steps),
                );
                async move {
                    steps.fetch_add(1, SeqCst);
                    if next > pieces.len() {
                        return None;
                    }
                    match fate {
                        Fate::CutAfter(at) if at == next => {
                            return Some((
                                Err(Error::new(ErrorKind::BadUpstream, "cut")),
                                (usize::MAX, held),
                            ));
                        }
                        Fate::StallsAfter(at) if at == next => std::future::pending().await,
                        _ => {}
                    }
                    if dice.throw() % 4 == 0 {
                        Self::pause(&clock, dice.throw() % 100).await;
                    }
                    let event = match pieces.get(next) {
                        Some(piece) => Event::text(piece.as_str()),
                        None => Event::Done(Done::new(FinishReason::Stop, usage)),
                    };
                    Some((Ok(event), (next + 1, held)))
                }
            });
            let events: EventStream = Box::pin(stream::iter([Ok(Event::text(first))]).chain(later));
            Ok(events)
        })
    }
}
