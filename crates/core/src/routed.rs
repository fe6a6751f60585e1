//! What a model that chooses among others says about itself: how its targets are, and where a request
//! would go.

use std::{fmt::Debug, sync::Arc, time::Duration};

use crate::{ChatRequest, ModelId, Step, Tokens};

/// A model that chooses among others.
pub trait Routed: Debug + Send + Sync + 'static {
    /// Its targets, and how they are at this moment.
    fn status(&self) -> RouteStatus;

    /// Where a request would go at this moment, and why nowhere else. Calls no model. `failing` are
    /// targets to be taken for broken: a provider, a provider and region, or a model.
    fn explain(&self, request: &ChatRequest, failing: &[String]) -> Explanation;
}

/// A route and how its targets are.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteStatus {
    /// The name that clients ask for.
    pub name: ModelId,
    /// Its tiers, the first choice first.
    pub tiers: Vec<TierStatus>,
    /// The regions that its data may go to; empty: any.
    pub residency: Vec<String>,
    /// Its flags, and for how many of a hundred keys each is on.
    pub flags: Vec<(String, u8)>,
    /// What it does when no target answers, in order.
    pub last_resorts: Vec<Step>,
    /// Whether another model goes on with a stream that was cut.
    pub resumes: bool,
    /// How long answers are kept; `None`: they are not.
    pub caches_for: Option<Duration>,
    /// Whether so much fails that nothing is tried twice.
    pub alarmed: bool,
}

/// Targets of the same rank.
#[derive(Clone, Debug, PartialEq)]
pub struct TierStatus {
    /// How one of them is chosen.
    pub choose: &'static str,
    /// What an answer of theirs is labelled with.
    pub step: Option<Step>,
    /// The targets.
    pub targets: Vec<TargetStatus>,
}

/// A model at a place, and how it is.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStatus {
    /// Its name: `provider/region/model`.
    pub name: Arc<str>,
    /// The model.
    pub model: ModelId,
    /// Who hosts it.
    pub provider: String,
    /// Where, if its host has regions.
    pub region: Option<String>,
    /// Whether it is here to be asked; a model may still be loading.
    pub present: bool,
    /// Its weight within the tier.
    pub weight: u32,
    /// The flag that must be on for it.
    pub flag: Option<String>,
    /// Its breaker.
    pub breaker: BreakerState,
    /// How long until the breaker lets a request through again.
    pub opens_in: Option<Duration>,
    /// How long it has asked to be left alone.
    pub rests_for: Option<Duration>,
    /// Calls within the breaker's window.
    pub calls: u32,
    /// Of these, the part that failed.
    pub failed: f32,
    /// Of these, the part that was slow.
    pub slow: f32,
    /// The time to a first event, as of late; `None`: it was not asked of late.
    pub first_event: Option<Duration>,
    /// Requests under way.
    pub in_flight: u32,
    /// As many as it may have at present; `None`: any.
    pub limit: Option<u32>,
}

/// What a breaker lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Everything.
    Closed,
    /// A few requests, to see.
    HalfOpen,
    /// Nothing.
    Open,
}

impl BreakerState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }
}

/// Where a request would go.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The route.
    pub route: ModelId,
    /// The prompt's length as it was estimated.
    pub prompt: Tokens,
    /// What sticky choices and roll-outs go by, where the request has it.
    pub key: Option<String>,
    /// The targets in the order in which they would be asked.
    pub order: Vec<Tried>,
    /// The others.
    pub excluded: Vec<Excluded>,
    /// What would be done if none of them answered.
    pub last_resorts: Vec<Step>,
}

/// A target that would be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried {
    /// Its name.
    pub target: Arc<str>,
    /// The tier it is in, from 0.
    pub tier: usize,
    /// What its answer would be labelled with.
    pub step: Option<Step>,
    /// Why it comes at this place.
    pub because: String,
}

/// A target that would not be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Excluded {
    /// Its name.
    pub target: Arc<str>,
    /// The tier it is in, from 0.
    pub tier: usize,
    /// Why, in a word of a bounded set.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub because: String,
}
