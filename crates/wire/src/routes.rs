//! Routes as JSON: how their targets are, and where a request would go. Our own format.

use std::time::Duration;

use busbar_core::{
    ChatRequest, Context, Error, ErrorKind, Explanation, Result, RouteStatus, Step, TargetStatus, TierStatus,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{answer::json, body, openai::chat::ChatBody};

/// All routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteList {
    /// The routes, by name.
    pub routes: Vec<RouteObject>,
}

/// A route and how its targets are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Route)]
pub struct RouteObject {
    /// The name that clients ask for.
    pub name: String,
    /// Its tiers, the first choice first.
    pub tiers: Vec<RouteTier>,
    /// The regions that its data may go to; empty: any.
    pub residency: Vec<String>,
    /// Its flags.
    pub flags: Vec<RouteFlag>,
    /// What it does when no target answers, in order.
    pub last_resorts: Vec<String>,
    /// Whether another model goes on with a stream that was cut.
    pub resumes: bool,
    /// Milliseconds for which answers are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caches_for_ms: Option<u64>,
    /// Whether so much fails that nothing is tried twice.
    pub alarmed: bool,
}

/// A flag of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouteFlag {
    /// Its name.
    pub name: String,
    /// For how many of a hundred keys it is on.
    pub percent: u8,
}

/// Targets of the same rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteTier {
    /// How one of them is chosen: `listed`, `weights`, `fastest`, `cheapest`, `sticky`.
    pub choose: String,
    /// What an answer of theirs is labelled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The targets.
    pub targets: Vec<RouteTarget>,
}

/// A model at a place, and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RouteTarget {
    /// Its name: `provider/region/model`.
    pub name: String,
    /// The model.
    pub model: String,
    /// Who hosts it; `local`: this process.
    pub provider: String,
    /// Where, if its host has regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether it is here to be asked; a model may still be loading.
    pub present: bool,
    /// Its weight within the tier.
    pub weight: u32,
    /// The flag that must be on for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// Its breaker: `closed`, `half_open`, `open`.
    pub breaker: String,
    /// Milliseconds until an open breaker lets a request through again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opens_in_ms: Option<u64>,
    /// Milliseconds for which it has asked to be left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rests_for_ms: Option<u64>,
    /// Calls within the breaker's window.
    pub calls: u32,
    /// Of these, the part that failed, 0 to 1.
    pub failed: f32,
    /// Of these, the part that was slow, 0 to 1.
    pub slow: f32,
    /// Milliseconds to a first event, as of late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event_ms: Option<f64>,
    /// Requests under way.
    pub in_flight: u32,
    /// As many as it may have at present; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Where a request would go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationObject {
    /// The route.
    pub route: String,
    /// The prompt's tokens as they were estimated.
    pub prompt_tokens: u32,
    /// What sticky choices and roll-outs go by, where the request has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The targets in the order in which they would be asked.
    pub order: Vec<ExplainedTarget>,
    /// The others.
    pub excluded: Vec<ExcludedTarget>,
    /// What would be done if none of them answered.
    pub last_resorts: Vec<String>,
}

/// A target that would be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedTarget {
    /// Its name.
    pub target: String,
    /// Its tier, from 1.
    pub tier: usize,
    /// What its answer would be labelled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Why it comes at this place.
    pub because: String,
}

/// A target that would not be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExcludedTarget {
    /// Its name.
    pub target: String,
    /// Its tier, from 1.
    pub tier: usize,
    /// Why, in a word: `residency`, `context_window`, `breaker_open`, …
    pub reason: String,
    /// Why, in a sentence.
    pub because: String,
}

/// A question where a request would go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// The route.
    pub route: String,
    /// The request: a chat-completions body. Without one, a short question.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub request: Option<Box<RawValue>>,
    /// Targets to be taken for broken: a provider, a provider and region (`bedrock/us-east-1`), or a model.
    #[serde(default)]
    pub fail: Vec<String>,
}

/// What is explained where nobody says for which request.
const A_SHORT_QUESTION: &[u8] = br#"{"messages": [{"role": "user", "content": "Hello."}]}"#;

/// The request to be explained: a chat-completions body, or a short question.
///
/// # Errors
/// `Invalid` and others, as where it is asked.
pub fn request_of(body: Option<&[u8]>, context: Context) -> Result<ChatRequest> {
    ChatBody::read(body.unwrap_or(A_SHORT_QUESTION))?.into_request(context)
}

impl ExplainBody {
    /// Reads it.
    ///
    /// # Errors
    /// `Invalid`, naming the field.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        body::read(bytes)
    }

    /// The request's body.
    pub fn request(&self) -> &[u8] {
        self.request
            .as_ref()
            .map_or(A_SHORT_QUESTION, |request| request.get().as_bytes())
    }
}

impl RouteList {
    /// Where servers have it.
    pub const PATH: &str = "/v1/routes";

    /// Reads what a server says.
    ///
    /// # Errors
    /// `BadUpstream` where it is something else.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = "the server's list of routes cannot be read";
            Error::new(ErrorKind::BadUpstream, message).with_source(error)
        })
    }

    /// As JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl RouteObject {
    /// As JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl ExplanationObject {
    /// As JSON.
    pub fn encode(&self) -> Bytes {
        json(self)
    }
}

impl From<&RouteStatus> for RouteObject {
    fn from(route: &RouteStatus) -> Self {
        Self {
            name: route.name.as_str().to_owned(),
            tiers: route.tiers.iter().map(RouteTier::from).collect(),
            residency: route.residency.clone(),
            flags: route
                .flags
                .iter()
                .map(|(name, percent)| RouteFlag {
                    name: name.clone(),
                    percent: *percent,
                })
                .collect(),
            last_resorts: words(&route.last_resorts),
            resumes: route.resumes,
            caches_for_ms: route.caches_for.map(millis),
            alarmed: route.alarmed,
        }
    }
}

impl From<&TierStatus> for RouteTier {
    fn from(tier: &TierStatus) -> Self {
        Self {
            choose: tier.choose.to_owned(),
            step: tier.step.map(|step| step.as_str().to_owned()),
            targets: tier.targets.iter().map(RouteTarget::from).collect(),
        }
    }
}

impl From<&TargetStatus> for RouteTarget {
    fn from(target: &TargetStatus) -> Self {
        Self {
            name: target.name.to_string(),
            model: target.model.as_str().to_owned(),
            provider: target.provider.clone(),
            region: target.region.clone(),
            present: target.present,
            weight: target.weight,
            flag: target.flag.clone(),
            breaker: target.breaker.as_str().to_owned(),
            opens_in_ms: target.opens_in.map(millis),
            rests_for_ms: target.rests_for.map(millis),
            calls: target.calls,
            failed: target.failed,
            slow: target.slow,
            first_event_ms: target
                .first_event
                .map(|time| (time.as_secs_f64() * 1e6).round() / 1e3),
            in_flight: target.in_flight,
            limit: target.limit,
        }
    }
}

impl From<&Explanation> for ExplanationObject {
    fn from(explained: &Explanation) -> Self {
        let tried = explained.order.iter().map(|tried| ExplainedTarget {
            target: tried.target.to_string(),
            tier: tried.tier + 1,
            step: tried.step.map(|step| step.as_str().to_owned()),
            because: tried.because.clone(),
        });
        let excluded = explained.excluded.iter().map(|without| ExcludedTarget {
            target: without.target.to_string(),
            tier: without.tier + 1,
            reason: without.reason.to_owned(),
            because: without.because.clone(),
        });
        Self {
            route: explained.route.as_str().to_owned(),
            prompt_tokens: explained.prompt.0,
            key: explained.key.clone(),
            order: tried.collect(),
            excluded: excluded.collect(),
            last_resorts: words(&explained.last_resorts),
        }
    }
}

fn words(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| step.as_str().to_owned()).collect()
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}
