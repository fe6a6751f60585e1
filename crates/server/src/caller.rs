//! Who calls, since when, and until when.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, request::Parts},
};
use busbar_core::{Context, Error, Labels, Priority, RequestId, Trace};

use crate::{Server, error::Failure, ids};

/// A client's wish for a shorter deadline.
const TIMEOUT: HeaderName = HeaderName::from_static("x-busbar-timeout-ms");

/// A client's word that its work may wait.
const PRIORITY: HeaderName = HeaderName::from_static("x-busbar-priority");

/// When a request came, and its id. The outermost layer puts it into the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) request: RequestId,
    pub(crate) trace: Option<Arc<Trace>>,
    pub(crate) at: Instant,
}

/// Who calls: what every handler that does something for somebody begins with.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Goes with every call that is made for this request.
    pub(crate) context: Context,
    /// When the request came.
    pub(crate) arrived: Instant,
}

impl FromRequestParts<Server> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Failure> {
        // Without the outermost layer (a handler called by itself) the request has just come.
        let arrival = parts
            .extensions
            .get::<Arrival>()
            .cloned()
            .unwrap_or_else(|| Arrival {
                request: RequestId::new(&ids::request()),
                trace: None,
                at: server.now(),
            });
        let timeout = timeout(parts)?.map_or(server.settings().request_timeout, |wish| {
            wish.min(server.settings().request_timeout)
        });
        let mut context = Context::new(arrival.request).due(arrival.at + timeout);
        context.trace = arrival.trace;
        context.priority = priority(parts)?;
        context.labels = labels(parts, server);
        Ok(Self {
            context,
            arrived: arrival.at,
        })
    }
}

fn priority(parts: &Parts) -> Result<Priority, Failure> {
    match parts.headers.get(PRIORITY).map(|value| value.as_bytes()) {
        None | Some(b"interactive") => Ok(Priority::Interactive),
        Some(b"background") => Ok(Priority::Background),
        Some(_) => {
            let message = format!("the header `{PRIORITY}` must be `interactive` or `background`");
            Err(Error::invalid(PRIORITY.as_str(), message).into())
        }
    }
}

/// The headers that routes look at; without routes none.
fn labels(parts: &Parts, server: &Server) -> Labels {
    let models = server.models().models();
    let said = |name: &String| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.clone(), value.to_owned()))
    };
    models.headers().iter().filter_map(said).collect()
}

fn timeout(parts: &Parts) -> Result<Option<Duration>, Failure> {
    let Some(value) = parts.headers.get(TIMEOUT) else {
        return Ok(None);
    };
    let wish = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|&wish| wish > 0);
    match wish {
        Some(wish) => Ok(Some(Duration::from_millis(wish))),
        None => {
            let message = format!("the header `{TIMEOUT}` must be a whole number of milliseconds above 0");
            Err(Error::invalid(TIMEOUT.as_str(), message).into())
        }
    }
}
