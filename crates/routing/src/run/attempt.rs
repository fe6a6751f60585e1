//! One attempt at one target, up to the first piece of its answer: until then it can be taken back.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use busbar_core::{Error, ErrorKind, Result, Timer, Usage};
use futures_util::StreamExt as _;

use super::waits::{Elapsed, before};
use crate::{
    ask::{Ask, Items},
    health::{Permit, Verdict},
    plan::Choice,
    spec::{Floor, Timeouts},
    target::Target,
};

/// An answer that has begun.
pub(crate) struct Begun<T> {
    /// What was read of it.
    pub(crate) held: VecDeque<T>,
    /// The rest.
    pub(crate) items: Items<T>,
    pub(crate) place: Held,
    pub(crate) choice: Choice,
}

/// An attempt that came to nothing.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) error: Error,
    /// What came of it, in a word.
    pub(crate) outcome: &'static str,
}

/// What a host has told of an attempt's use so far: it is owed, whatever becomes of the attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Option<Usage>>>);

impl Told {
    pub(crate) fn get(&self) -> Option<Usage> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, usage: Usage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
    }
}

/// A place at a target that is given up when it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    permit: Option<Permit>,
    timer: Arc<dyn Timer>,
    told: Told,
}

impl Held {
    pub(crate) fn new(permit: Permit, timer: Arc<dyn Timer>) -> Self {
        Self {
            permit: Some(permit),
            timer,
            told: Told::default(),
        }
    }

    /// What the host tells of its use.
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn timer(&self) -> &Arc<dyn Timer> {
        &self.timer
    }

    fn first_event(&mut self) {
        let now = self.timer.now();
        if let Some(permit) = &mut self.permit {
            permit.first_event(now);
        }
    }

    /// The call has ended. What is said later counts no more.
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        if let Some(permit) = self.permit.take() {
            permit.settle(self.timer.now(), verdict);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.give_up(self.timer.now());
        }
    }
}

/// What an attempt keeps to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) timeouts: Timeouts,
    pub(crate) floor: Option<Floor>,
}

/// Asks a target, and waits for the first piece of its answer.
pub(crate) async fn attempt<A: Ask>(
    ask: A,
    choice: Choice,
    place: Held,
    terms: Terms,
) -> Result<Begun<A::Item>, Lost> {
    let mut place = place;
    match begin(ask, &choice.target, &mut place, terms).await {
        Ok((held, items)) => Ok(Begun {
            held,
            items,
            place,
            choice,
        }),
        Err(lost) => {
            place.settle(Verdict::of(lost.error.kind()));
            Err(lost)
        }
    }
}

type Beginning<T> = (VecDeque<T>, Items<T>);

async fn begin<A: Ask>(
    ask: A,
    target: &Target,
    place: &mut Held,
    terms: Terms,
) -> Result<Beginning<A::Item>, Lost> {
    let Some(model) = &target.model else {
        let error = Error::new(ErrorKind::Unavailable, format!("`{target}` is not here"));
        return Err(error.into());
    };
    let (timer, told) = (Arc::clone(place.timer()), place.told().clone());
    let patience = match ask.is_whole() {
        true => terms.timeouts.whole,
        false => terms.timeouts.first_event,
    };
    let until = patience.map(|patience| timer.now() + patience);
    let floor = terms.floor.filter(|_| !ask.is_whole());
    let reading = async {
        let mut items = ask.start(model).await?;
        let mut held = VecDeque::with_capacity(1);
        read::<A>(target, &mut items, &mut held, &told).await?;
        Ok::<Beginning<A::Item>, Error>((held, items))
    };
    let read_first = before(&*timer, until, reading).await;
    let (mut held, mut items) = match read_first {
        Ok(beginning) => beginning.map_err(Lost::from)?,
        Err(Elapsed) => return Err(silent(target, patience)),
    };
    place.first_event();
    if let Some(floor) = floor {
        let until = timer.now() + floor.within;
        let keeping_up = keep_up::<A>(target, &mut items, &mut held, (floor.pieces, &told));
        match before(&*timer, Some(until), keeping_up).await {
            Ok(kept) => kept.map_err(Lost::from)?,
            Err(Elapsed) => return Err(too_slow(target)),
        }
    }
    Ok((held, items))
}

/// Reads up to the next item that says something.
async fn read<A: Ask>(
    target: &Target,
    items: &mut Items<A::Item>,
    held: &mut VecDeque<A::Item>,
    told: &Told,
) -> Result<()> {
    loop {
        let item = items.next().await.unwrap_or_else(|| Err(cut(target)))?;
        if let Some(usage) = A::usage(&item) {
            told.note(usage);
        }
        let says_something = A::says_something(&item);
        held.push_back(item);
        if says_something {
            return Ok(());
        }
        // Signs of life before an answer are many where a prompt is long; the last one tells it all.
        if held.len() > MOST_SIGNS && held.front().is_some_and(|first| !A::says_something(first)) {
            held.pop_front();
        }
    }
}

const MOST_SIGNS: usize = 8;

/// Reads until so many pieces are there, or the end.
async fn keep_up<A: Ask>(
    target: &Target,
    items: &mut Items<A::Item>,
    held: &mut VecDeque<A::Item>,
    (pieces, told): (u32, &Told),
) -> Result<()> {
    for _ in 1..pieces {
        if held.back().is_some_and(|item| A::done(item).is_some()) {
            return Ok(());
        }
        read::<A>(target, items, held, told).await?;
    }
    Ok(())
}

/// A stream that ended without its end.
pub(crate) fn cut(target: &Target) -> Error {
    let message = format!("the answer of `{target}` ended without saying that it was whole");
    Error::new(ErrorKind::BadUpstream, message).with_code("cut_off")
}

/// A stream in which nothing came for too long.
pub(crate) fn stalled(target: &Target, most: Duration) -> Error {
    let message = format!(
        "the answer of `{target}` did not go on for {} s",
        most.as_secs_f32()
    );
    Error::new(ErrorKind::BadUpstream, message).with_code("stalled")
}

fn silent(target: &Target, patience: Option<Duration>) -> Lost {
    let seconds = patience.unwrap_or_default().as_secs_f32();
    let message = format!("`{target}` said nothing for {seconds} s");
    Lost {
        error: Error::new(ErrorKind::BadUpstream, message).with_code("first_event_timeout"),
        outcome: "timeout",
    }
}

fn too_slow(target: &Target) -> Lost {
    let message = format!("`{target}` began its answer more slowly than it may");
    Lost {
        error: Error::new(ErrorKind::BadUpstream, message).with_code("too_slow"),
        outcome: "too_slow",
    }
}

impl From<Error> for Lost {
    fn from(error: Error) -> Self {
        Self {
            outcome: word(&error),
            error,
        }
    }
}

/// What became of an attempt that failed.
pub(crate) fn word(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Invalid => "invalid",
        ErrorKind::NotFound => "not_found",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Denied => "denied",
        ErrorKind::RateLimited { .. } => "rate_limited",
        ErrorKind::Overloaded { .. } => "overloaded",
        ErrorKind::DeadlineExceeded => "timeout",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::BadUpstream => "bad_upstream",
        ErrorKind::Internal => "internal",
    }
}

/// How long since then.
pub(crate) fn since(timer: &dyn Timer, then: Instant) -> Duration {
    timer.now().saturating_duration_since(then)
}
